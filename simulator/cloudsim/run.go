package cloudsim

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"sync"
	"time"

	"wattle"
)

const idleTimeout = time.Minute

// RunOptions say where a cloud is served; nil and the zero value work.
type RunOptions struct {
	// Address is that of the global entry, on loopback; port 0 is any free one, the
	// zero value 127.0.0.1:0. Each region has its entry at the same address, on a
	// port of its own.
	Address netip.AddrPort
	// CAFile is where the certificate to trust is written, by [WriteCA]; Describe
	// names it.
	CAFile string
	// Listen opens sockets; nil means the real network.
	Listen func(ctx context.Context, network, address string) (net.Listener, error)
	// Authority signs the certificates; nil makes one.
	Authority *Authority
	// Ready is called with the URL of the global entry as soon as it answers.
	Ready func(url string)
}

// Run serves the cloud on TLS until ctx ends, and waits for everything that it
// started. Nothing listens beyond loopback. Errors wrap wattle.ErrParam.
func (c *Cloud) Run(ctx context.Context, o *RunOptions) error {
	var run RunOptions
	if o != nil {
		run = *o
	}
	if !run.Address.IsValid() {
		run.Address = netip.AddrPortFrom(netip.AddrFrom4([4]byte{127, 0, 0, 1}), 0)
	}
	if !run.Address.Addr().IsLoopback() {
		return fmt.Errorf("%s is beyond loopback; use an address of 127.0.0.0/8: %w", run.Address, wattle.ErrParam)
	}
	if run.Listen == nil {
		var config net.ListenConfig
		run.Listen = config.Listen
	}
	if run.Authority == nil {
		var err error
		if run.Authority, err = NewAuthority(); err != nil {
			return err
		}
	}
	config := &tls.Config{MinVersion: tls.VersionTLS12, GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) {
		return run.Authority.certificate(run.Address.Addr(), c.faults.Word(faultTLS))
	}}
	entries := map[string]net.Listener{}
	defer func() {
		for _, ln := range entries {
			_ = ln.Close()
		}
	}()
	address := run.Address
	for _, region := range append([]string{""}, regionLabels()...) {
		ln, err := run.Listen(ctx, "tcp4", address.String())
		if err != nil {
			return fmt.Errorf("listen for the cloud: %w", err)
		}
		entries[region] = ln
		address = netip.AddrPortFrom(address.Addr(), 0)
	}
	c.mu.Lock()
	for region, ln := range entries {
		c.bases[region] = "https://" + ln.Addr().String()
	}
	c.caFile = run.CAFile
	url := c.bases[""]
	c.mu.Unlock()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var all sync.WaitGroup
	failed := make(chan error, len(entries))
	for region, ln := range entries {
		all.Go(func() {
			defer cancel() // one entry alone is no cloud
			failed <- c.serveEntry(ctx, tls.NewListener(ln, config), region)
		})
	}
	if run.Ready != nil {
		run.Ready(url)
	}
	all.Wait()
	close(failed)
	for err := range failed {
		if err != nil {
			return err
		}
	}
	return nil
}

// serveEntry serves the entry of one region until ctx ends.
func (c *Cloud) serveEntry(ctx context.Context, ln net.Listener, region string) error {
	var conns sync.WaitGroup
	server := &http.Server{
		Handler:           http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { c.serve(w, r, region) }),
		BaseContext:       func(net.Listener) context.Context { return ctx },
		ReadHeaderTimeout: idleTimeout, IdleTimeout: idleTimeout, MaxHeaderBytes: 16 << 10,
		ErrorLog: slog.NewLogLogger(c.log.Handler(), slog.LevelDebug),
		ConnState: func(_ net.Conn, state http.ConnState) {
			switch state {
			case http.StateNew:
				conns.Add(1)
			case http.StateClosed, http.StateHijacked:
				conns.Done()
			default:
			}
		},
	}
	closed := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		defer close(closed)
		_ = server.Close()
	})
	err := server.Serve(ln)
	if !stop() {
		<-closed
	}
	_ = server.Close()
	conns.Wait()
	if err != nil && ctx.Err() == nil && !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("serve the cloud: %w", err)
	}
	return nil
}
