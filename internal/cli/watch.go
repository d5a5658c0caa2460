package cli

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strings"
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

Other commands may be given to the same devices meanwhile. --timeout ends it.`,
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

// tableWatcher draws a table in place.
type tableWatcher struct {
	a       *app
	live    *live
	targets []target
	rows    map[string]*watched
	// above and below are lines around the table.
	above, below []string
}

type watched struct {
	shape shape
	at    time.Time
	err   error
}

func (w *tableWatcher) show(s sample) error {
	row := w.rows[s.target.name()]
	if row == nil {
		row = &watched{}
		w.rows[s.target.name()] = row
	}
	row.err = s.err
	if s.err == nil {
		row.shape, row.at = s.shape, s.at
	}
	width, _ := size(w.a.out)
	lines := append(slices.Clone(w.above), w.table().lines(w.a.outStyle, width)...)
	below := make([]string, len(w.below))
	for i, l := range w.below {
		below[i] = w.a.outStyle.dim(clip(l, width))
	}
	w.live.draw(lines, below...)
	return nil
}

func (w *tableWatcher) done() { w.live.done() }

func (w *tableWatcher) table() *table {
	t := &table{head: []string{"device", "state", "readings", "note"}, narrow: true}
	for _, target := range w.targets {
		row := w.rows[target.name()]
		if row == nil {
			t.add(plain(target.name()), dimmed("-"), dimmed(""), dimmed("asking"))
			continue
		}
		note := cell{}
		if row.err != nil {
			note = cell{short(row.err), style.red}
		}
		addWatched(t, target.name(), "", &row.shape, note)
	}
	return t
}

// addWatched adds the row of a device and of its children.
func addWatched(t *table, name, indent string, s *shape, note cell) {
	state := dimmed("-")
	if r, ok := s.read("state"); ok {
		state = painted(r)
	} else if s.readings != nil {
		state = plain("")
	}
	t.add(plain(indent+name), state, plain(s.primary()), note)
	for i := range s.Children {
		addWatched(t, s.Children[i].name(), indent+"  ", &s.Children[i], cell{})
	}
}

// coloured reports whether a reading is the white of a light that shows a
// colour: devices say 0 K then.
func coloured(r feature.Reading) bool {
	n, ok := r.Value.Number()
	return r.Unit == feature.Kelvin && ok && n == 0
}

// primary are the main readings in one line, without the state.
func (s *shape) primary() string {
	var parts []string
	for _, r := range s.readings {
		if r.ID == "state" || r.Category != feature.Primary || !r.Value.Known() || coloured(r) {
			continue
		}
		switch r.Kind {
		case feature.Sensor, feature.Number, feature.Choice:
			parts = append(parts, shortName(r)+valueText(r))
		case feature.BinarySensor, feature.Switch:
			parts = append(parts, strings.ToLower(r.Name)+" "+valueText(r))
		}
	}
	return strings.Join(parts, "  ")
}

// shortName is the name of a reading whose unit does not tell what it is.
func shortName(r feature.Reading) string {
	if r.Unit == feature.Watt || r.Unit == feature.Volt || r.Unit == feature.Ampere || r.Unit == feature.Celsius || r.Unit == feature.Fahrenheit {
		return ""
	}
	return strings.ToLower(r.Name) + " "
}

// short is the cause of an error without the names in front of it.
func short(err error) string {
	for _, row := range classes {
		if errors.Is(err, row.class) {
			return row.class.Error()
		}
	}
	return cmp.Or(err.Error(), "failed")
}
