package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"strconv"
	"sync"
	"time"

	"github.com/spf13/cobra"

	"wattle"
	"wattle/device"
	"wattle/event"
	"wattle/internal/atomicfile"
)

// happened is an event as it is printed.
type happened struct {
	Device string `json:"device"`
	MAC    string `json:"mac,omitempty"` // of the device that has the connection
	ID     string `json:"device_id,omitempty"`
	event.Event
	Error string `json:"error,omitempty"`
}

// MarshalJSON writes an event, or why there are none.
func (h happened) MarshalJSON() ([]byte, error) {
	if h.Error != "" || h.Kind == event.Gap {
		return json.Marshal(struct {
			Device string     `json:"device"`
			MAC    string     `json:"mac,omitempty"`
			ID     string     `json:"device_id,omitempty"`
			Kind   event.Kind `json:"kind,omitempty"`
			Error  string     `json:"error,omitempty"`
		}{h.Device, h.MAC, h.ID, h.Kind, h.Error})
	}
	type plain happened
	return json.Marshal(plain(h))
}

type eventFlags struct {
	history  bool
	resume   string
	interval time.Duration
}

func newEvents(a *app) *cobra.Command {
	var f eventFlags
	cmd := &cobra.Command{
		Use:   "events [DEVICE...]",
		Short: "Follow buttons and sensors live until Ctrl-C",
		Example: `wattle events
wattle events "Hallway hub" --json | jq -r 'select(.kind == "rotation").degrees'
wattle events "Back door" --resume door.json`,
		Long: `Tells what happens at buttons, dials, doors, motion, leak and climate sensors: each
event once, as the device's own log has it. A hub stands for all devices behind it;
without a name every known hub is followed. Buttons are looked at every second.

With --resume how far each log was followed is kept in a file: the next run goes on
there, and tells what happened meanwhile. "gap" tells that a log does not reach back so
far. With --json, and off a terminal, there is one JSON object per line:

  {"device":"Bed button","kind":"rotation","degrees":-45,"time":"...","id":6,"event":"rotation",...}

--timeout ends it. With a running hub nobody is asked: it follows the logs anyway, and tells
what it reads. --history and --resume ask the devices themselves, through the hub.`,
		GroupID:           groupRead,
		ValidArgsFunction: a.completeDevices,
		RunE: func(cmd *cobra.Command, args []string) error {
			if f.interval != 0 && f.interval < 200*time.Millisecond {
				return usagef("devices need time to answer", "--interval %s is too short: want at least 200ms", f.interval)
			}
			ctx, cancel := a.limit(cmd.Context())
			defer cancel()
			if len(args) == 0 {
				args = []string{everything}
			}
			targets, err := a.resolve(ctx, args)
			if err != nil {
				return err
			}
			return a.follow(ctx, targets, &f)
		},
	}
	cmd.Flags().BoolVar(&f.history, "history", false, "begin with what the logs hold already")
	cmd.Flags().StringVar(&f.resume, "resume", "", "`file` that keeps how far the logs were followed")
	cmd.Flags().DurationVarP(&f.interval, "interval", "i", 0, "how often to look (default: 1s for buttons, 3s for sensors)")
	return cmd
}

// following is what the goroutines of one command share.
type following struct {
	a *app
	f *eventFlags

	mu        sync.Mutex
	positions map[string]event.Position
	failed    error
	stop      context.CancelFunc
}

// follow follows each device on its own until ctx ends: the normal end.
func (a *app) follow(ctx context.Context, targets []target, f *eventFlags) error {
	s := &following{a: a, f: f, positions: map[string]event.Position{}}
	if f.resume != "" {
		b, err := os.ReadFile(f.resume)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		if err == nil {
			if err := json.Unmarshal(b, &s.positions); err != nil {
				return &fault{subject: f.resume, err: fmt.Errorf("it does not hold positions of logs: %w", err), code: CodeUsage, hint: "remove it to begin anew"}
			}
		}
	}
	ctx, s.stop = context.WithCancel(ctx)
	defer s.stop()
	if c, err := a.hubWith(ctx, targets); err != nil || c != nil && !f.history && f.resume == "" {
		if err != nil {
			return err
		}
		return s.followHub(ctx, c, targets)
	}
	var all sync.WaitGroup
	followed := make([]error, len(targets))
	for i, group := range byConnection(a, targets) {
		all.Go(func() { followed[i] = s.group(ctx, group) })
	}
	all.Wait()
	if s.failed != nil {
		return s.failed
	}
	return join(followed)
}

// group follows the targets behind one connection. Between two looks the
// session is free for other commands.
func (s *following) group(ctx context.Context, g *watchGroup) error {
	defer g.conn.close(ctx)
	var root *device.Device
	var followers []*device.Follower
	lost := false
	for {
		now, err := g.conn.wake(ctx)
		if err == nil && now != root {
			root = now
			if followers, err = s.followers(ctx, root, g); err != nil {
				g.conn.rest(ctx)
				return err
			}
		}
		switch {
		case ctx.Err() != nil:
			return nil
		case err != nil:
			if !lost {
				lost = true
				s.tell(happened{Device: g.conn.known.Name(), MAC: g.targets[0].mac(), Error: err.Error()})
			}
			g.conn.close(ctx)
		default:
			lost = false
			for _, f := range followers {
				s.look(ctx, g, f)
			}
			g.conn.rest(ctx)
		}
		if len(followers) == 0 && err == nil {
			return nil
		}
		wait := 5 * time.Second
		for _, f := range followers {
			if err == nil {
				wait = min(wait, max(time.Until(f.Next()), 50*time.Millisecond))
			}
		}
		if pause(ctx, wait) != nil {
			return nil
		}
	}
}

// followers are for devices that keep logs; others are left out where they
// were not named.
func (s *following) followers(ctx context.Context, root *device.Device, g *watchGroup) ([]*device.Follower, error) {
	var out []*device.Follower
	for i := range g.targets {
		t := &g.targets[i]
		d, err := pickChild(root, t)
		if err != nil {
			return nil, of(t.name(), err)
		}
		s.mu.Lock()
		at := maps.Clone(s.positions)
		s.mu.Unlock()
		f, err := d.Follower(&device.FollowOptions{Positions: at, History: s.f.history, Interval: s.f.interval})
		switch {
		case errors.Is(err, wattle.ErrUnsupported) && t.every:
		case err != nil:
			return nil, of(t.name(), err)
		default:
			out = append(out, f)
		}
	}
	return out, ctx.Err()
}

// look tells what is new.
func (s *following) look(ctx context.Context, g *watchGroup, f *device.Follower) {
	for e, err := range f.Look(ctx) {
		id := e.Device.Identity()
		h := happened{Device: id.Label(), MAC: g.targets[0].mac(), ID: id.DeviceID, Event: e.Event}
		if err != nil {
			h.Error = err.Error()
		}
		if !s.tell(h) {
			return
		}
	}
	s.keep(f.Positions())
}

// tell prints one line.
func (s *following) tell(h happened) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.failed != nil {
		return false
	}
	if s.a.outTTY && s.a.format() == formatTable {
		_, s.failed = fmt.Fprintln(s.a.out, h.line(s.a.outStyle))
	} else {
		s.failed = writeLine(s.a.out, h)
	}
	if s.failed != nil {
		s.stop()
	}
	return s.failed == nil
}

// keep notes how far the logs were followed.
func (s *following) keep(positions map[string]event.Position) {
	s.mu.Lock()
	defer s.mu.Unlock()
	before, err := json.Marshal(s.positions)
	maps.Copy(s.positions, positions)
	if s.f.resume == "" || s.failed != nil || err != nil {
		return
	}
	now, err := json.Marshal(s.positions)
	if err == nil && string(now) != string(before) {
		err = atomicfile.Write(s.f.resume, append(now, '\n'), 0o600, false)
	}
	if err != nil {
		s.failed = err
		s.stop()
	}
}

// line is an event for a person.
func (h *happened) line(st style) string {
	at := "--:--:--"
	if !h.Time.IsZero() {
		at = h.Time.Format(time.TimeOnly)
	}
	text := oneLine(h.text())
	if h.Error != "" {
		text = st.red(oneLine(h.Error))
	}
	return st.dim(at) + "  " + st.bold(oneLine(h.Device)) + "  " + text
}

// text says what happened.
func (h *happened) text() string {
	switch {
	case h.Kind == event.Gap:
		return "the log does not reach back to the last event that was told"
	case h.Degrees != nil:
		return string(h.Kind) + " " + strconv.FormatFloat(*h.Degrees, 'f', -1, 64) + "°"
	case h.On != nil:
		return string(h.Kind) + map[bool]string{true: " (on)", false: " (off)"}[*h.On]
	}
	return string(h.Kind)
}

func pause(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
