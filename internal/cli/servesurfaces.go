package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"
	"time"

	"wattle/history"
	"wattle/hub"
	"wattle/internal/surface/metrics"
)

// surface is one way to see the home from outside.
type surface struct {
	name string
	// uses are the beginnings of the settings that it is made from: it is made
	// anew when one of them has changed.
	uses []string
	// make gives what to run, nil where the settings do not want it. What it opens
	// belongs to run.
	make func(context.Context) (run func(context.Context) error, err error)
}

// running is a surface that was made.
type runningSurface struct {
	*part
	made string // the settings that it was made from
}

func (d *daemon) surfaces() []surface {
	return []surface{
		{"rest", []string{"listen.", "history.enabled", "history.address"}, d.makeREST},
		{"mqtt", []string{"mqtt.", "history.enabled"}, d.makeMQTT},
		{"metrics", []string{"metrics.", "history.enabled"}, d.makeMetrics},
	}
}

// signature is what the settings say that a surface uses.
func (s *surface) signature(set *settings) string {
	var b strings.Builder
	for _, row := range schema {
		for _, use := range s.uses {
			if strings.HasPrefix(row.key, use) {
				fmt.Fprintf(&b, "%s=%q\n", row.key, set.list(row.key))
			}
		}
	}
	return b.String()
}

// openSurfaces makes all surfaces. What cannot be made at the start is an error
// of who started it.
func (d *daemon) openSurfaces(ctx context.Context) error {
	d.surface.Lock()
	defer d.surface.Unlock()
	for _, s := range d.surfaces() {
		if err := d.openSurface(ctx, s); err != nil {
			return of(s.name, err)
		}
	}
	return nil
}

// openSurface is called with the lock held.
func (d *daemon) openSurface(ctx context.Context, s surface) error {
	run, err := s.make(ctx)
	if err != nil || run == nil {
		return err
	}
	d.shown[s.name] = &runningSurface{
		part: d.begin(s.name, func(ctx context.Context) error { return d.keepShown(ctx, s, run) }),
		made: s.signature(d.app().set),
	}
	return nil
}

// The pauses before a surface that has failed is tried again.
const (
	againFirst = time.Second
	againMost  = 5 * time.Minute
)

// keepShown runs a surface until ctx ends, again after each failure: what happens
// to one is no reason to give up the home.
func (d *daemon) keepShown(ctx context.Context, s surface, run func(context.Context) error) error {
	pause := againFirst
	for {
		begun := time.Now()
		err := run(ctx)
		if ctx.Err() != nil {
			return nil //nolint:nilerr // it was told to end
		}
		err = cmp.Or(err, errors.New("it has ended"))
		if time.Since(begun) > againMost {
			pause = againFirst
		}
		d.log.Error("surface failed", "surface", s.name, "err", err, "again_in", pause)
		timer := time.NewTimer(pause)
		select {
		case <-ctx.Done():
			timer.Stop()
			return nil
		case <-timer.C:
		}
		pause = min(2*pause, againMost)
		run, err = s.make(ctx)
		if failure := err; failure != nil {
			run = func(context.Context) error { return failure }
		}
		if run == nil {
			return nil
		}
	}
}

// changeSurfaces ends and makes anew what other settings than before concern.
func (d *daemon) changeSurfaces(ctx context.Context) {
	d.surface.Lock()
	defer d.surface.Unlock()
	if d.ending {
		return
	}
	for _, s := range d.surfaces() {
		old := d.shown[s.name]
		if old != nil && old.made == s.signature(d.app().set) {
			continue
		}
		if old != nil {
			old.end()
			delete(d.shown, s.name)
		}
		if err := d.openSurface(ctx, s); err != nil {
			d.log.Error("surface not shown", "surface", s.name, "err", err)
			continue
		}
		if now := d.shown[s.name]; now != nil || old != nil {
			d.log.Info("surface changed", "surface", s.name, "shown", now != nil)
		}
	}
}

// endSurfaces ends all at once.
func (d *daemon) endSurfaces() {
	d.surface.Lock()
	defer d.surface.Unlock()
	d.ending = true
	for _, s := range d.shown {
		s.stop()
	}
	for _, s := range d.shown {
		s.end()
	}
}

// makeMetrics serves Prometheus.
func (d *daemon) makeMetrics(ctx context.Context) (func(context.Context) error, error) {
	set := d.app().set
	addresses := set.list("metrics.listen")
	if len(addresses) == 0 {
		return nil, nil
	}
	o := &metrics.Options{
		Version: buildVersion().Version, Revision: buildVersion().Commit, Requests: d.requests, Process: true,
		Compat: set.list("metrics.compat"), KilowattHours: set.bool("metrics.kilowatt_hours"),
	}
	if d.archive.Load() != nil {
		o.Lifetimes = d.lifetimes
	}
	home, err := metrics.New(d.hub, o)
	if err != nil {
		return nil, of("metrics.compat", err)
	}
	mux := http.NewServeMux()
	mux.Handle("/metrics", home)
	mux.Handle("/probe", home.Probe())
	listeners, err := listen(ctx, addresses)
	if err != nil {
		return nil, of("metrics.listen", err)
	}
	server := &http.Server{Handler: mux, ReadHeaderTimeout: 10 * time.Second, ReadTimeout: 10 * time.Second, WriteTimeout: 30 * time.Second, MaxHeaderBytes: 32 << 10}
	return func(ctx context.Context) error { return serveHTTP(ctx, server, listeners) }, nil
}

// lifetimes are the counters of the history that never go down.
func (d *daemon) lifetimes(ctx context.Context) (map[hub.ID]history.Energy, error) {
	out := map[hub.ID]history.Energy{}
	h := d.archive.Load()
	if h == nil {
		return out, nil
	}
	devices, err := h.store.Meters(ctx)
	if err != nil {
		return nil, err
	}
	for _, id := range devices {
		m, err := h.store.Meter(ctx, id)
		if err != nil {
			return nil, err
		}
		out[id] = m.Life
	}
	return out, nil
}

// listen opens TCP addresses, all of them or none.
func listen(ctx context.Context, addresses []string) (out []net.Listener, err error) {
	var lc net.ListenConfig
	for _, address := range addresses {
		var ln net.Listener
		if ln, err = lc.Listen(ctx, "tcp", address); err != nil {
			for _, ln := range out {
				_ = ln.Close()
			}
			return nil, usagef("an address is HOST:PORT, such as 127.0.0.1:8420", "%w", err)
		}
		out = append(out, ln)
	}
	return out, nil
}

// serveHTTP serves until ctx ends.
func serveHTTP(ctx context.Context, server *http.Server, listeners []net.Listener) error {
	ended := make(chan error, len(listeners))
	for _, ln := range listeners {
		go func() { ended <- server.Serve(ln) }()
	}
	var err error
	left := len(listeners)
	select {
	case <-ctx.Done():
		grace, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
		defer cancel()
		if server.Shutdown(grace) != nil {
			_ = server.Close()
		}
	case err = <-ended:
		left--
		_ = server.Close()
	}
	for range left {
		if e := <-ended; err == nil && !errors.Is(e, http.ErrServerClosed) {
			err = e
		}
	}
	return err
}
