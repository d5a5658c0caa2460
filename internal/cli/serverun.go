package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"path/filepath"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"wattle/automation"
	"wattle/connect"
	"wattle/discover"
	"wattle/hub"
	"wattle/internal/surface/metrics"
	"wattle/rule"
	"wattle/session"
)

// daemon is a running hub with all that stands around it.
type daemon struct {
	current  atomic.Pointer[app] // with the newest settings
	log      *slog.Logger
	lines    *ring
	manager  manager
	registry *registry
	home     string // folder of its state
	keep     folderKeep
	archive  atomic.Pointer[archive] // nil: no history is kept
	hub      *hub.Hub
	engine   *automation.Engine
	started  func() // told when everything runs; nil: nobody
	attached bool   // to a terminal: it ends when that is closed, and does not read its settings again
	requests *metrics.Requests
	surface  sync.Mutex // guards shown and ending
	ending   bool
	shown    map[string]*runningSurface
	// reloading is held while the settings are read again.
	reloading sync.Mutex
	changing  sync.WaitGroup // what a reload has left to do
	begun     time.Time
}

// endings are how long the parts of a hub have to end, one after the other.
const endings = 3 * time.Second

// serveHub runs a hub until ctx ends.
func (a *app) serveHub(ctx context.Context, f *serveFlags) error {
	if f.logs != "text" && f.logs != formatJSON {
		return usagef("--log json", "--log %q: want text or json", f.logs)
	}
	unlock, err := a.lockHome()
	if err != nil {
		return err
	}
	defer unlock()
	return a.newDaemon(f.logs).run(ctx)
}

// newDaemon prepares a hub over the folder of the profile.
func (a *app) newDaemon(logs string) *daemon {
	d := &daemon{
		lines: newRing(), manager: a.manager(), begun: time.Now(),
		requests: metrics.NewRequests(), shown: map[string]*runningSurface{},
	}
	d.current.Store(a)
	d.log = a.hubLogger(logs, d.lines)
	d.home = a.prof.dir
	d.keep = folderKeep{filepath.Join(d.home, "hub")}
	d.registry = newRegistry(a, d.log)
	return d
}

// run makes the parts from the inside out, and ends them from the outside in:
// who asks and switches first, then the hub, then what remembers.
func (d *daemon) run(ctx context.Context) error {
	hangups := make(chan os.Signal, 1)
	if !d.attached {
		signal.Notify(hangups, syscall.SIGHUP)
		defer signal.Stop(hangups)
	}

	o, err := d.options(ctx)
	if err != nil {
		return err
	}
	past, err := d.openHistory(ctx, d.app())
	if err != nil {
		return err
	}
	d.archive.Store(past)
	defer func() { d.archive.Load().close(d) }()
	if d.hub, err = hub.New(o); err != nil {
		return err
	}
	d.registry.hub = d.hub

	memory := d.begin("registry", d.registry.run)
	defer memory.end()
	d.record(past)
	home := d.begin("hub", d.hub.Run)
	defer home.end()
	if d.engine, err = d.openAutomation(ctx); err != nil {
		return err
	}
	defer d.begin("automation", d.engine.Run).end()
	defer d.changing.Wait()
	defer d.endSurfaces()
	if err := d.openSurfaces(ctx); err != nil {
		return err
	}
	watchdog := d.begin("watchdog", func(ctx context.Context) error { return d.manager.watch(ctx, d.status) })
	defer watchdog.end()

	defer d.begin("memory", d.saveMemory).end()

	d.log.Info("hub started", "devices", len(o.Entries), "version", buildVersion().Version, "pid", os.Getpid())
	d.manager.tell(ctx, "READY=1", "STATUS="+d.status())
	if d.started != nil {
		d.started()
	}
	err = d.wait(ctx, hangups, home)
	d.manager.tell(ctx, "STOPPING=1")
	d.log.Info("hub ends", "ran", time.Since(d.begun).Round(time.Second))
	return err
}

// wait waits for the end, and reloads on SIGHUP.
func (d *daemon) wait(ctx context.Context, hangups <-chan os.Signal, fatal *part) error {
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-hangups:
			d.manager.tell(ctx, "RELOADING=1")
			_, _ = d.reload(ctx) // it has told
			d.manager.tell(ctx, "READY=1")
		case <-fatal.done:
			return cmp.Or(fatal.err, errors.New("the hub has ended"))
		}
	}
}

// app is the program with the newest settings.
func (d *daemon) app() *app { return d.current.Load() }

// options are those of the hub, by the settings.
func (d *daemon) options(ctx context.Context) (*hub.Options, error) {
	a := d.app()
	set, err := a.settings()
	if err != nil {
		return nil, err
	}
	o := &hub.Options{
		Learned: d.registry.learned, Removed: d.registry.removed, Settle: d.registry.settle, Observe: d.observe, Happened: d.happened, Keep: d.keep, Logger: d.log,
	}
	tuning := set.tuning()
	o.Interval, o.Sweep, o.Adopt = tuning.Interval, tuning.Sweep, tuning.Adopt
	if o.Entries, err = d.registry.entries(ctx); err != nil {
		return nil, err
	}
	if o.Rooms, err = d.registry.rooms(ctx); err != nil {
		return nil, err
	}
	policy := a.policy()
	// The keepers log each attempt for debugging; the hub tells what has changed.
	c := connect.Options{Logger: d.log, Session: &session.Options{Logger: d.log, Measure: d.measure}}
	if c.Account, err = a.account(ctx); err != nil {
		return nil, err
	}
	if c.TPAP, err = a.tpapOptions(); err != nil {
		return nil, err
	}
	if c.Discover, err = a.hubDiscovery(); err != nil {
		return nil, err
	}
	if c.Cloud, err = a.cloudFor(ctx, policy); err != nil {
		return nil, err
	}
	o.Connect = c
	return o, nil
}

// tuning is what may change while the hub runs.
func (s *settings) tuning() hub.Tuning {
	t := hub.Tuning{Interval: s.duration("hub.interval"), Sweep: s.duration("hub.sweep"), Adopt: s.bool("hub.adopt")}
	if t.Sweep == 0 {
		t.Sweep = -1
	}
	return t
}

// hubDiscovery is how the hub searches.
func (a *app) hubDiscovery() (*discover.Options, error) {
	o, err := a.sweepOptions(nil)
	if err == nil {
		o.Timeout = 0 // a probe of one host and a sweep have each their own
	}
	return o, err
}

// place is where the home is, the zero Place where the settings do not say.
func (s *settings) place() rule.Place {
	return rule.Place{Latitude: s.number("hub.latitude"), Longitude: s.number("hub.longitude")}
}

// openAutomation reads groups, scenes and rules.
func (d *daemon) openAutomation(ctx context.Context) (*automation.Engine, error) {
	zone, err := d.app().homeZone()
	if err != nil {
		return nil, err
	}
	e, err := automation.New(&automation.Options{Hub: d.hub, Keep: d.keep, Zone: zone, Place: d.app().set.place(), Logger: d.log})
	if err == nil {
		err = e.Load(ctx)
	}
	return e, of("automation", err)
}

// measure counts exchanges with devices.
func (d *daemon) measure(m session.Measurement) {
	if m.Reset {
		d.requests.Reset(m.Transport)
	} else {
		d.requests.Exchanged(m.Transport, m.Label, m.Took, m.Err)
	}
}

// status is one line about the home.
func (d *daemon) status() string {
	all, online := 0, 0
	for _, v := range d.hub.Views() {
		if !v.Root() {
			continue
		}
		all++
		if v.Online {
			online++
		}
	}
	return fmt.Sprintf("%d of %d devices online", online, all)
}

// part is something that runs.
type part struct {
	name string
	log  *slog.Logger
	stop context.CancelFunc
	done chan struct{}
	err  error // when done is closed
}

// begin runs a part until its end is asked for. It does not end with the
// command: the order of the end is ours.
func (d *daemon) begin(name string, run func(context.Context) error) *part {
	ctx, stop := context.WithCancel(context.Background())
	p := &part{name: name, log: d.log, stop: stop, done: make(chan struct{})}
	go func() {
		defer close(p.done)
		p.err = run(ctx)
	}()
	return p
}

// end asks the part to end, and waits for a while.
func (p *part) end() {
	p.stop()
	select {
	case <-p.done:
	case <-time.After(endings):
		p.log.Warn("does not end", "part", p.name)
	}
}
