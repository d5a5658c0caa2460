package cli

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"os/signal"
	"path/filepath"
	"sync"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"wattle"
	"wattle/capture"
	"wattle/discover"
	"wattle/internal/known"
	"wattle/simulator"
	"wattle/simulator/homes"
)

func newDemo(a *app) *cobra.Command {
	var once bool
	var addresses string
	cmd := &cobra.Command{
		Use:   "demo",
		Short: "Show a simulated home, live, without any hardware",
		Example: `wattle demo
wattle demo --once
WATTLE_PROFILE=demo wattle on "Desk lamp"   # in a second terminal`,
		Long: `Starts some twenty invented devices on loopback addresses, discovers and opens them
over the wire as real ones, runs a hub over them with a made-up history of 30 days, and
shows them until Ctrl-C. Other commands reach them with the profile "demo", which has its
own account and memory. --once shows the devices without a hub.`,
		GroupID: groupSim,
		Args:    exactly(0, ""),
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.demo(cmd.Context(), addresses, once)
		},
	}
	cmd.Flags().BoolVar(&once, "once", false, "print one table and end")
	cmd.Flags().StringVar(&addresses, "range", simulator.DefaultRange.String(), "`range` of loopback addresses for the devices")
	return cmd
}

func (a *app) demo(ctx context.Context, addresses string, once bool) error {
	ctx, stop := signal.NotifyContext(ctx, syscall.SIGHUP) // the window is closed
	defer stop()
	within, err := netip.ParsePrefix(addresses)
	if err != nil {
		return usagef("for example --range 127.0.64.0/20", "--range %q is not a range of addresses", addresses)
	}
	// The demo is its own profile, whatever the settings say.
	a.flags.profile, a.set, a.prof, a.memory = demoProfile, nil, nil, nil // nothing asked for the account yet
	p, err := a.profile()
	if err != nil {
		return err
	}
	files := homes.Demo()
	var ready sync.WaitGroup
	ready.Add(len(files))
	var mu sync.Mutex
	counted := map[wattle.MAC]bool{}
	home := simulator.NewHome(&simulator.HomeOptions{
		Range: within, Account: demoAccount(), Logger: a.log,
		Ready: func(r simulator.Ready) {
			mu.Lock()
			defer mu.Unlock()
			if !counted[r.MAC] {
				counted[r.MAC] = true
				ready.Done()
			}
		},
	})
	if err := furnish(home, files, homes.Library()); err != nil {
		return err
	}
	dir, err := a.runtimeFolder()
	if err != nil {
		return err
	}
	if err := ensureFolder(dir); err != nil {
		return err
	}
	err = a.serve(ctx, home, filepath.Join(dir, "sim-demo.sock"), home.Run, func(ctx context.Context) error {
		all := make(chan struct{})
		go func() { ready.Wait(); close(all) }()
		select {
		case <-all:
		case <-ctx.Done():
			ready.Add(-(len(files) - len(counted))) // lets the waiter go
			return nil
		}
		return a.showHome(ctx, p, home, once)
	})
	return err
}

// demoRipple is how much the power of the devices swings, so that people see it
// being measured.
const demoRipple = 0.02

// furnish puts invented devices into a home.
func furnish(home *simulator.Home, files []*capture.File, library *capture.Library) error {
	for i, file := range files {
		dev, err := simulator.New(file, &simulator.DeviceOptions{Library: library, KeepIDs: true, Index: i, Ripple: demoRipple})
		if err == nil {
			err = home.Add(dev, nil)
		}
		if err != nil {
			return of(file.Name, err)
		}
	}
	return nil
}

// showHome finds the devices of the home over the wire and shows them.
func (a *app) showHome(ctx context.Context, p *profile, home *simulator.Home, once bool) error {
	targets, err := a.findHome(ctx, home)
	if err != nil {
		return err
	}
	if !once {
		// A hub owns their sessions from here on, and this command goes through it.
		return a.showThroughHub(ctx, p, targets)
	}
	return a.showTargets(ctx, p, targets, once)
}

// showThroughHub shows the home as everybody else sees it, who goes through its hub.
func (a *app) showThroughHub(ctx context.Context, p *profile, targets []target) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	if a.errTTY {
		a.say("filling a history of %d days", demoDays)
	}
	started, ended := make(chan struct{}), make(chan error, 1)
	go func() { ended <- a.demoHub(ctx, targets, func() { close(started) }) }()
	select {
	case <-started:
	case err := <-ended:
		return err
	}
	a.hubOf, a.memory = hubs{}, nil // look again: there is a hub now
	book, err := a.book()
	if err == nil {
		err = book.load(ctx)
	}
	if err == nil {
		err = a.showTargets(ctx, p, targets, false)
	}
	cancel()
	return errors.Join(err, <-ended)
}

func (a *app) showTargets(ctx context.Context, p *profile, targets []target, once bool) error {
	intro := fmt.Sprintf("%d simulated devices, found over the network at 127.x addresses.", len(targets))
	if a.outTTY && !once && a.format() == formatTable {
		return a.watch(ctx, targets, time.Second, &tableWatcher{
			a: a, live: &live{w: a.out}, rows: map[string]*watched{}, targets: targets,
			above: []string{a.outStyle.bold(intro), ""}, below: a.demoHints(p),
		})
	}
	shapes, errs := visit(ctx, a, targets, func(ctx context.Context, d *opened) (shape, error) { return d.poll(ctx, false) })
	select {
	case <-ctx.Done():
		return nil // a signal is the normal end
	default:
	}
	t := &table{head: []string{"device", "model", "state", "readings", "address"}}
	for i := range shapes {
		if errs[i] == nil {
			addShape(t, &shapes[i], "")
		}
	}
	if err := a.print(shapes, t); err != nil {
		return err
	}
	if err := join(errs); err != nil || once {
		return err
	}
	for _, l := range a.demoHints(p) {
		a.say("%s", l)
	}
	<-ctx.Done()
	return nil
}

// addShape adds the row of a device and of its children.
func addShape(t *table, s *shape, indent string) {
	state := plain("")
	if r, ok := s.read("state"); ok {
		state = painted(r)
	}
	t.add(plain(indent+s.name()), plain(s.fullModel()), state, plain(s.primary()), plain(s.Address))
	for i := range s.Children {
		addShape(t, &s.Children[i], indent+"  ")
	}
}

// demoHints say what to type in a second terminal.
func (a *app) demoHints(*profile) []string {
	return []string{
		"",
		"In a second terminal:",
		"  export WATTLE_PROFILE=demo",
		`  wattle list; wattle off "Desk lamp"; wattle set "Study lamp" brightness=40`,
		`  wattle hub devices; wattle history energy Heater --since 30d`,
		`  wattle history "Study climate" temperature --since 7d`,
		`  wattle sim ctl "Desk lamp" fault slow=2s      # and: clear`,
		"Ctrl-C ends.",
	}
}

// findHome asks the addresses of the home until every device has been named.
func (a *app) findHome(ctx context.Context, home *simulator.Home) ([]target, error) {
	book, err := a.book()
	if err != nil {
		return nil, err
	}
	if err := book.load(ctx); err != nil {
		return nil, err
	}
	o, err := a.sweepOptions(nil)
	if err != nil {
		return nil, err
	}
	status := home.List()
	mine := map[wattle.MAC]bool{}
	o.Targets = nil
	for _, s := range status {
		mine[s.MAC] = false
		o.Targets = append(o.Targets, s.Address)
	}
	o.LoopbackOnly, o.OnlyTargets = true, true // other homes on this machine may have the same MACs
	sweepCtx, stop := context.WithCancel(ctx)
	defer stop()
	left := len(mine)
	learn := newLearner(a, func(*discover.Found, known.Device) {})
	problems := sweep(sweepCtx, o, func(f *discover.Found) {
		if seen, ok := mine[f.MAC]; !ok || seen {
			return
		}
		mine[f.MAC] = true
		learn.name(ctx, f, book.sighted(f))
		if left--; left == 0 {
			stop()
		}
	})
	_ = problems // loopback without broadcasts: the targets are asked one by one
	learn.wait()
	if err := book.save(ctx); err != nil {
		a.warn(err)
	}
	var out []target
	for _, s := range status {
		if t, err := book.find(s.MAC.String()); err == nil {
			out = append(out, t)
		}
	}
	if len(out) == 0 && ctx.Err() == nil {
		return nil, &fault{err: errors.Join(append(problems, wattle.ErrUnreachable)...), hint: "is UDP on loopback blocked by a firewall?"}
	}
	return out, nil
}
