package mqtt

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"wattle"
	"wattle/device"
	"wattle/feature"
	"wattle/hub"
)

const (
	// longestCommand is more than any command needs, in bytes.
	longestCommand = 4096
	// commandTimeout is for one command; commandsWaiting is how many may wait for
	// one device, on different topics.
	commandTimeout  = 30 * time.Second
	commandsWaiting = 32
)

// press does an action.
func press(action string) func(context.Context, *Surface, hub.ID, string) error {
	return func(ctx context.Context, s *Surface, id hub.ID, payload string) error {
		if payload != "PRESS" {
			return fmt.Errorf("%w: %q: write PRESS", wattle.ErrParam, shortened(payload))
		}
		return s.hub.Act(ctx, id, action)
	}
}

// setting gives a feature a new value.
func setting(r feature.Reading) func(context.Context, *Surface, hub.ID, string) error {
	return func(ctx context.Context, s *Surface, id hub.ID, payload string) error {
		value, err := parse(&r, payload)
		if err != nil {
			return err
		}
		return s.hub.Set(ctx, id, device.Setting{ID: r.ID, Value: value})
	}
}

// parse reads a new value strictly; its range is checked against what the device
// says now, when it is set.
func parse(r *feature.Reading, payload string) (any, error) {
	switch r.Kind {
	case feature.Switch:
		return parseOnOff(payload)
	case feature.Number:
		n, err := strconv.ParseFloat(payload, 64)
		if err != nil || n != n || n-n != 0 || strings.ContainsAny(payload, "xXpP_") {
			return nil, fmt.Errorf("%w: %q is no number", wattle.ErrParam, shortened(payload))
		}
		return n, nil
	case feature.Choice:
		if !slices.Contains(r.Choices, payload) {
			return nil, fmt.Errorf("%w: %q is not one of %s", wattle.ErrParam, shortened(payload), strings.Join(r.Choices, ", "))
		}
		return payload, nil
	case feature.Color:
		return feature.ParseHSV(payload)
	}
	return nil, fmt.Errorf("%w: it cannot be set", wattle.ErrUnsupported)
}

func parseOnOff(payload string) (bool, error) {
	switch payload {
	case "ON":
		return true, nil
	case "OFF":
		return false, nil
	}
	return false, fmt.Errorf("%w: %q: write ON or OFF", wattle.ErrParam, shortened(payload))
}

// shortened is a foreign text for an error.
func shortened(text string) string {
	if len(text) > 40 {
		text = text[:40] + "…"
	}
	return strings.ToValidUTF8(text, "�")
}

// wish is a command that waits.
type wish struct {
	end     string // of the topic, without /set
	payload string
	command command
}

// queue holds the commands for each device, the newest of each topic. It never
// makes the broker wait.
type queue struct {
	surface *Surface
	ctx     context.Context //nolint:containedctx // of the connection, which ends all commands
	running sync.WaitGroup

	mu      sync.Mutex
	waiting map[hub.ID][]wish // an entry is there while a goroutine serves it
}

func newQueue(ctx context.Context, s *Surface) *queue {
	return &queue{surface: s, ctx: ctx, waiting: map[hub.ID][]wish{}}
}

var errTooMany = fmt.Errorf("%w: too many commands are waiting for this device", wattle.ErrBusy)

func (q *queue) put(id hub.ID, w wish) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	list, served := q.waiting[id]
	if i := slices.IndexFunc(list, func(old wish) bool { return old.end == w.end && !strings.HasPrefix(old.payload, "PRESS") }); i >= 0 {
		list = slices.Delete(list, i, i+1)
	}
	if len(list) >= commandsWaiting {
		return errTooMany
	}
	q.waiting[id] = append(list, w)
	if !served {
		q.running.Go(func() { q.serve(id) })
	}
	return nil
}

// serve does the commands of a device one after the other, until none waits.
func (q *queue) serve(id hub.ID) {
	for {
		q.mu.Lock()
		list := q.waiting[id]
		if len(list) == 0 || q.ctx.Err() != nil {
			delete(q.waiting, id)
			q.mu.Unlock()
			return
		}
		w := list[0]
		q.waiting[id] = list[1:]
		q.mu.Unlock()
		timeout := commandTimeout
		if w.end == "update" {
			timeout = time.Hour
		}
		ctx, cancel := context.WithTimeout(q.ctx, timeout)
		err := w.command.do(ctx, q.surface, id, w.payload)
		cancel()
		if err != nil && q.ctx.Err() == nil {
			q.surface.failed(id, w.end, w.command.shows, err)
		}
	}
}

// failure is what the topic of errors says.
func failure(end string, err error) string {
	out := map[string]any{"time": time.Now().Format(time.RFC3339), "topic": end + "/set", "error": short(err.Error())}
	if d, ok := errors.AsType[*wattle.DeviceError](err); ok {
		out["code"] = d.Code
	}
	return text(out)
}
