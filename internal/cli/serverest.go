package cli

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"time"

	"wattle"
	"wattle/internal/atomicfile"
	"wattle/internal/surface/rest"
	"wattle/recorder"
)

// makeREST serves the API: on the socket for the owner, and on the addresses of
// the settings for who has a token.
func (d *daemon) makeREST(ctx context.Context) (func(context.Context) error, error) {
	a := d.app()
	set := a.set
	o := &rest.Options{
		Version: buildVersion().Version, Keep: d.keep, FirstToken: d.firstToken, NoTokens: !set.bool("listen.tokens"),
		Hosts: set.list("listen.hosts"), Origins: set.list("listen.origins"), Logger: d.log,
		Automation: d.engine, Tariffs: func() []recorder.Tariff { return d.app().set.tariffs },
		Backup: d.backup, Reload: d.reload, Logs: d.lines.follow, Limits: set.limits(),
	}
	if h := d.archive.Load(); h != nil {
		o.Archive, o.Fillings = h.reader, h.recorder.Fillings
	}
	closeAll := func() {
		for _, l := range o.Listeners {
			_ = l.Close()
		}
	}
	if set.text("listen.socket") != "off" {
		ln, err := a.listenSocket(ctx)
		if err != nil {
			return nil, of("listen.socket", err)
		}
		o.Listeners = append(o.Listeners, rest.Listener{Listener: ln, Trusted: true})
	}
	if addresses := set.list("listen.http"); len(addresses) > 0 {
		listeners, err := listen(ctx, addresses)
		if err == nil {
			listeners, err = secured(listeners, set.text("listen.tls_cert"), set.text("listen.tls_key"))
		}
		if err != nil {
			closeAll()
			return nil, of("listen.http", err)
		}
		for _, ln := range listeners {
			o.Listeners = append(o.Listeners, rest.Listener{Listener: ln})
			d.log.Info("listening", "address", ln.Addr().String())
		}
	}
	if len(o.Listeners) == 0 {
		return nil, nil
	}
	server, err := rest.New(d.hub, o)
	if err != nil {
		closeAll()
		return nil, hubFault(err)
	}
	return server.Run, nil
}

// limits are what clients may use up.
func (s *settings) limits() rest.Limits {
	return rest.Limits{
		Rate: s.number("listen.limits.rate"), Burst: s.count("listen.limits.burst"),
		Connections: s.count("listen.limits.connections"), PerAddress: s.count("listen.limits.per_address"),
		Followers: s.count("listen.limits.followers"), Body: int64(s.count("listen.limits.body")),
	}
}

// socketMost is how long the path of a socket may be where that is shortest.
const socketMost = 103

// listenSocket opens the hub's socket, which its owner alone can use. Who holds
// the lock of the home may remove what an earlier hub has left.
func (a *app) listenSocket(ctx context.Context) (net.Listener, error) {
	path, err := a.hubSocket()
	if err != nil {
		return nil, err
	}
	if len(path) > socketMost {
		return nil, usagef("listen.socket says where else, such as /tmp/hub.sock", "%s: %d letters are too long for a socket: want at most %d", path, len(path), socketMost)
	}
	if err := ensureFolder(filepath.Dir(path)); err != nil {
		return nil, settledBy(err, movesSocket)
	}
	if info, err := os.Lstat(path); err == nil {
		if info.Mode().Type() != os.ModeSocket {
			return nil, fmt.Errorf("%s is there and no socket: remove it, or set listen.socket", path)
		}
		if err := os.Remove(path); err != nil {
			return nil, err
		}
	}
	var lc net.ListenConfig
	ln, err := lc.Listen(ctx, "unix", path)
	if err != nil {
		return nil, err
	}
	if err := os.Chmod(path, 0o600); err != nil {
		return nil, errors.Join(err, ln.Close())
	}
	return ln, nil
}

// secured speaks TLS on listeners where there is a certificate.
func secured(listeners []net.Listener, cert, key string) ([]net.Listener, error) {
	if cert == "" && key == "" {
		return listeners, nil
	}
	pair, err := tls.LoadX509KeyPair(cert, key)
	if err != nil {
		for _, ln := range listeners {
			_ = ln.Close()
		}
		return nil, usagef("listen.tls_cert and listen.tls_key go together", "%w", err)
	}
	for i, ln := range listeners {
		listeners[i] = tls.NewListener(ln, &tls.Config{Certificates: []tls.Certificate{pair}, MinVersion: tls.VersionTLS12, NextProtos: []string{"http/1.1"}})
	}
	return listeners, nil
}

// hubTokenFile is where the first token is found, in the state folder.
const hubTokenFile = "hub-token"

// firstToken leaves the first token where its owner finds it.
func (d *daemon) firstToken(token wattle.Secret) error {
	path := filepath.Join(d.home, hubTokenFile)
	if err := atomicfile.Write(path, []byte(token.Reveal()+"\n"), 0o600, true); err != nil {
		return err
	}
	d.log.Info("the first token, which may do everything, is in a file", "path", path)
	return nil
}

// follow gives the newest lines of the log, and further ones until ctx ends.
func (r *ring) follow(ctx context.Context, last int, follow bool, line func(string) error) error {
	var since uint64
	for {
		lines, next, more := r.Tail(since, last)
		for _, l := range lines {
			if err := line(string(l)); err != nil {
				return err
			}
		}
		if !follow {
			return nil
		}
		since, last = next, -1
		select {
		case <-more:
		case <-ctx.Done():
			return nil
		}
	}
}

// backup copies what the hub remembers into a new folder, while it runs.
func (d *daemon) backup(ctx context.Context) (string, error) {
	root, err := d.app().dataRoot()
	if err != nil {
		return "", err
	}
	if name := d.app().prof.name; name != "" {
		root = filepath.Join(root, "profiles", name)
	}
	dir, err := newBackupFolder(filepath.Join(root, "backups"), time.Now())
	if err != nil {
		return "", err
	}
	d.registry.flush()
	if err := d.copyBackup(ctx, dir); err != nil {
		return "", errors.Join(err, os.RemoveAll(dir))
	}
	d.log.Info("backup written", "path", dir)
	return dir, nil
}
