package cli

import (
	"context"
	"sync"
	"time"

	"github.com/spf13/cobra"

	"wattle/feature"
)

func newWatch(a *app) *cobra.Command {
	var interval time.Duration
	cmd := &cobra.Command{
		Use:   "watch [DEVICE...]",
		Short: "Show devices live until Ctrl-C",
		Example: `wattle watch
wattle watch heater "Desk lamp" --interval 5s
wattle watch heater --json | jq -c 'select(.feature == "current_consumption")'`,
		Long: `On a terminal a table that changes in place; elsewhere, and with --json, one JSON
object per line: first all features of each device, then every change:

  {"time":"...","device":"Desk lamp","event":"state","features":{...}}
  {"time":"...","device":"Desk lamp","event":"change","feature":"state","value":true,"previous":false}
  {"time":"...","device":"Desk lamp","event":"lost","error":"..."}
  {"time":"...","device":"Desk lamp","event":"back"}

Other commands may be given to the same devices meanwhile. --timeout ends it. With a
running hub nobody is asked: the hub tells what it sees, as soon as it sees it, also after a
restart of the hub; --interval is for devices without one.`,
		GroupID:           groupRead,
		ValidArgsFunction: a.completeDevices,
		RunE: func(cmd *cobra.Command, args []string) error {
			if interval < 200*time.Millisecond {
				return usagef("devices need time to answer", "--interval %s is too short: want at least 200ms", interval)
			}
			if len(args) == 0 {
				args = []string{everything}
			}
			ctx, cancel := a.limit(cmd.Context())
			defer cancel()
			targets, err := a.resolve(ctx, args)
			if err != nil {
				return err
			}
			var show watcher = &lineWatcher{a: a, before: map[string]map[string]feature.Reading{}, lost: map[string]bool{}}
			if a.outTTY && a.format() == formatTable {
				show = &tableWatcher{a: a, live: &live{w: a.out}, rows: map[string]*watched{}, targets: targets, below: []string{"Ctrl-C ends."}}
			}
			c, err := a.hubWith(ctx, targets)
			if err != nil {
				return err
			}
			if c != nil {
				return a.watchHub(ctx, c, targets, show)
			}
			return a.watch(ctx, targets, interval, show)
		},
	}
	cmd.Flags().DurationVarP(&interval, "interval", "i", 2*time.Second, "how often to ask each device")
	return cmd
}

// sample is one look at one target.
type sample struct {
	target target
	at     time.Time
	shape  shape
	err    error
}

// watcher shows samples; one goroutine calls it.
type watcher interface {
	show(s sample) error
	note(text string) // what happens beside the devices
	done()
}

// watch polls every device on its own and shows what comes, until ctx ends:
// that is the normal end.
func (a *app) watch(ctx context.Context, targets []target, interval time.Duration, w watcher) error {
	ctx, cancel := context.WithCancel(ctx)
	samples := make(chan sample)
	var polling sync.WaitGroup
	for _, group := range byConnection(a, targets) {
		polling.Go(func() { group.poll(ctx, interval, samples) })
	}
	polling.Go(func() { <-ctx.Done() })
	finished := make(chan struct{})
	go func() { polling.Wait(); close(finished) }()
	var failed error
	for {
		select {
		case s := <-samples:
			if failed == nil {
				if failed = w.show(s); failed != nil {
					cancel()
				}
			}
			continue
		case <-finished:
		}
		break
	}
	cancel()
	w.done()
	return failed
}

// watchGroup are the targets in one device.
type watchGroup struct {
	conn    *connection
	targets []target
}

func byConnection(a *app, targets []target) []*watchGroup {
	var groups []*watchGroup
	at := map[string]*watchGroup{}
	for _, t := range targets {
		g := at[t.key()]
		if g == nil {
			g = &watchGroup{conn: newConnection(a, t.known)}
			at[t.key()] = g
			groups = append(groups, g)
		}
		g.targets = append(g.targets, t)
	}
	return groups
}

// poll looks at the device again and again. Between two looks the session is
// free for other commands.
func (g *watchGroup) poll(ctx context.Context, interval time.Duration, out chan<- sample) {
	defer g.conn.close(ctx)
	for {
		shapes, err := g.look(ctx)
		if ctx.Err() != nil {
			return
		}
		for i, t := range g.targets {
			s := sample{target: t, at: time.Now(), err: err}
			if err == nil {
				s.shape = shapes[i]
			}
			select {
			case out <- s:
			case <-ctx.Done():
				return
			}
		}
		// A device that is gone is not asked faster and faster.
		pause := interval
		if err != nil {
			pause = max(interval, 5*time.Second)
			g.conn.close(ctx)
		}
		select {
		case <-time.After(pause):
		case <-ctx.Done():
			return
		}
	}
}

func (g *watchGroup) look(ctx context.Context) ([]shape, error) {
	root, err := g.conn.wake(ctx)
	if err != nil {
		return nil, err
	}
	defer g.conn.rest(ctx)
	out := make([]shape, len(g.targets))
	for i, t := range g.targets {
		d, err := pickChild(root, &t)
		if err != nil {
			return nil, err
		}
		if i == 0 {
			if _, err := d.Poll(ctx); err != nil {
				return nil, err
			}
		}
		out[i] = shapeOf(d.State(), false)
	}
	return out, nil
}

// lineWatcher writes NDJSON.
type lineWatcher struct {
	a      *app
	before map[string]map[string]feature.Reading
	lost   map[string]bool
}

type watchLine struct {
	Time     time.Time      `json:"time"`
	Device   string         `json:"device"`
	MAC      string         `json:"mac,omitempty"`
	Event    string         `json:"event"`
	Features map[string]any `json:"features,omitempty"`
	Feature  string         `json:"feature,omitempty"`
	Value    any            `json:"value,omitempty"`
	Previous any            `json:"previous,omitempty"`
	Error    string         `json:"error,omitempty"`
}

func (w *lineWatcher) show(s sample) error {
	name := s.target.name()
	line := watchLine{Time: s.at, Device: name, MAC: s.target.mac()}
	if s.err != nil {
		if w.lost[name] {
			return nil
		}
		w.lost[name] = true
		line.Event, line.Error = "lost", s.err.Error()
		return writeLine(w.a.out, line)
	}
	if w.lost[name] {
		w.lost[name] = false
		back := line
		back.Event = "back"
		if err := writeLine(w.a.out, back); err != nil {
			return err
		}
	}
	before := w.before[name]
	now := map[string]feature.Reading{}
	for _, r := range flatReadings(&s.shape, "") {
		now[r.ID] = r
		old, known := before[r.ID]
		if before == nil || known && !changed(old, r) {
			continue
		}
		change := line
		change.Event, change.Feature, change.Value, change.Previous = "change", r.ID, r.Value, old.Value
		if err := writeLine(w.a.out, change); err != nil {
			return err
		}
	}
	w.before[name] = now
	if before == nil {
		line.Event, line.Features = "state", map[string]any{}
		for id, r := range now {
			line.Features[id] = r.Value
		}
		return writeLine(w.a.out, line)
	}
	return nil
}

func (w *lineWatcher) note(text string) { w.a.say("%s", text) }

func (w *lineWatcher) done() {}

// flatReadings are the readings of a device and its children, these as
// "child/feature".
func flatReadings(s *shape, prefix string) []feature.Reading {
	var out []feature.Reading
	for _, r := range s.readings {
		if r.Kind == feature.Action {
			continue
		}
		m := *r.Meta
		m.ID = prefix + m.ID
		r.Meta = &m
		out = append(out, r)
	}
	for i := range s.Children {
		out = append(out, flatReadings(&s.Children[i], prefix+s.Children[i].name()+"/")...)
	}
	return out
}

// changed reports whether a value is news. A clock that runs is none, neither
// is a moment that is computed from it and wavers by a second, nor a number
// that differs beyond the digits worth showing.
func changed(old, now feature.Reading) bool {
	if old.Value.Equal(now.Value) {
		return false
	}
	x, isTime := feature.As[time.Time](old.Value)
	y, alsoTime := feature.As[time.Time](now.Value)
	if isTime && alsoTime {
		moved := y.Sub(x)
		ran := now.Time.Sub(old.Time)
		return moved.Abs() > 3*time.Second && (moved-ran).Abs() > 3*time.Second
	}
	_, isNumber := now.Value.Number()
	return !isNumber || now.Precision == 0 || valueText(old) != valueText(now)
}
