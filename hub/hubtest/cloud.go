package hubtest

import (
	"context"
	"net"

	"wattle/cloud"
	"wattle/internal/memnet"
	"wattle/simulator/cloudsim"
)

// Cloud runs the TP-Link cloud over the devices of the home until the test ends, on
// a network of its own, so that a device can be away from home and not from it. The
// options are those of a client; give it to [hub.Options.Connect] after a login.
func (h *Home) Cloud(o *cloudsim.Options) (*cloudsim.Cloud, *cloud.Options) {
	h.tb.Helper()
	if o == nil {
		o = &cloudsim.Options{}
	}
	if o.Account.IsZero() {
		o.Account = Account()
	}
	sim, err := cloudsim.New(h.Sim, o)
	if err != nil {
		h.tb.Fatal(err)
	}
	authority, err := cloudsim.NewAuthority()
	if err != nil {
		h.tb.Fatal(err)
	}
	network := memnet.New()
	ctx, cancel := context.WithCancel(context.Background())
	ready, done := make(chan string, 1), make(chan error, 1)
	go func() {
		done <- sim.Run(ctx, &cloudsim.RunOptions{
			Listen: func(_ context.Context, name, address string) (net.Listener, error) {
				return network.Listen(name, address)
			},
			Authority: authority, Ready: func(url string) { ready <- url },
		})
	}()
	h.tb.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			h.tb.Error(err)
		}
	})
	var url string
	select {
	case url = <-ready:
	case err := <-done:
		done <- nil
		h.tb.Fatal("the cloud ended:", err)
	}
	return sim, &cloud.Options{
		Entries: cloud.Entries{V1: url, Kasa: url, Tapo: url, Things: url}, AllowHosts: []string{"127.0.0.1"},
		ExtraCA: authority.PEM(), DialContext: network.DialContext,
	}
}
