package mqtt

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"time"

	paho "github.com/eclipse/paho.mqtt.golang"

	"wattle"
	"wattle/hub"
)

// link is one connection to the broker, and what was published over it.
type link struct {
	surface  *Surface
	client   paho.Client
	ctx      context.Context //nolint:containedctx // the life of the connection
	commands *queue
	births   chan struct{} // Home Assistant has come up

	sending  sync.Mutex
	inflight []paho.Token // not yet confirmed, the oldest first

	mu      sync.Mutex // held while messages are sent
	devices map[hub.ID]*published

	look  sync.Mutex // never held for long: those who receive take it
	index map[string]target
}

// target is a device that takes commands; plan is nil while it is not known.
type target struct {
	id   hub.ID
	plan *plan
}

// published is what the broker has of a device.
func newLink(ctx context.Context, s *Surface, client paho.Client) *link {
	return &link{
		surface: s, client: client, ctx: ctx, commands: newQueue(ctx, s), births: make(chan struct{}, 1),
		devices: map[hub.ID]*published{}, index: map[string]target{},
	}
}

// subscribe asks for commands and for the birth of Home Assistant.
func (l *link) subscribe() error {
	o := &l.surface.opt
	for _, v := range l.surface.hub.Views() { // so that no command comes too early
		var p *plan
		if v.State != nil {
			p = newPlan(v, o, false, nil)
		}
		l.know(v.ID, p)
	}
	for topic, f := range map[string]paho.MessageHandler{
		o.Base + "/+/+/set":     l.ordered,
		o.Discovery + "/status": l.born,
	} {
		token := l.client.Subscribe(topic, 1, f)
		if !token.WaitTimeout(o.Timeout) {
			return errSlow
		}
		if err := token.Error(); err != nil {
			return fmt.Errorf("subscribe to %s: %w", topic, err)
		}
	}
	return nil
}

// reannounce is the longest time after which all is told again to a Home Assistant
// that has come up: not all programs at the same moment.
const reannounce = 5 * time.Second

// born is called when Home Assistant says how it is.
func (l *link) born(_ paho.Client, m paho.Message) {
	if m.Retained() || string(m.Payload()) != "online" {
		return
	}
	select {
	case l.births <- struct{}{}:
	default:
	}
}

// ordered is called with a command. It must not wait.
func (l *link) ordered(_ paho.Client, m paho.Message) {
	slug, end, ok := l.surface.device(m.Topic())
	if !ok {
		return
	}
	l.look.Lock()
	to, known := l.index[slug]
	l.look.Unlock()
	id := to.id
	var c command
	var does bool
	if to.plan != nil {
		c, does = to.plan.commands[end]
	}
	payload := string(m.Payload())
	var err error
	switch {
	case !known:
		return // of another program, or of a device that has gone
	case !does:
		err = fmt.Errorf("%w: the device takes no commands there", wattle.ErrUnsupported)
	case m.Retained():
		err = fmt.Errorf("%w: a retained command is not done: it would come again with each connection. Publish it without retain, and an empty message to delete it", wattle.ErrParam)
	case len(payload) > longestCommand:
		err = fmt.Errorf("%w: %d bytes are no command", wattle.ErrParam, len(payload))
	default:
		err = l.commands.put(id, wish{end, payload, c})
	}
	if err != nil {
		l.commands.running.Go(func() { l.surface.failed(id, end, c.shows, err) })
	}
}

// serve publishes what changes until ctx ends or the broker does not answer.
func (l *link) serve() error {
	sub := l.surface.hub.Subscribe(nil) // with a snapshot: the broker may know old things
	defer sub.Close()
	if err := l.publish(l.surface.opt.Base+"/bridge/state", "online", true); err != nil {
		return err
	}
	if err := l.takeBack(); err != nil {
		return err
	}
	var beside sync.WaitGroup
	defer beside.Wait()
	ctx, cancel := context.WithCancelCause(l.ctx)
	defer cancel(nil)
	beside.Go(func() {
		if err := l.reborn(ctx); err != nil {
			cancel(err)
		}
	})
	for {
		n, err := sub.Next(ctx)
		if err != nil {
			return err
		}
		switch {
		case n.View != nil:
			err = l.show(n.View, false)
		case n.Gone != nil:
			err = l.remove(*n.Gone)
		case n.Event != nil:
			err = l.happened(n.Event)
		}
		if err != nil {
			return err
		}
	}
}

// reborn tells everything again when Home Assistant has come up.
func (l *link) reborn(ctx context.Context) error {
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-l.births:
		}
		timer := time.NewTimer(rand.N(reannounce))
		select {
		case <-ctx.Done():
			timer.Stop()
			return nil
		case <-timer.C:
		}
		if err := l.publish(l.surface.opt.Base+"/bridge/state", "online", true); err != nil {
			return err
		}
		for _, v := range l.surface.hub.Views() {
			if err := l.show(v, true); err != nil {
				return err
			}
		}
	}
}

// show publishes what is new of a device, all of it where again is set.
// know notes who takes commands.
// absent reports whether a child says through its hub that it is not there.
// announce publishes the discovery of a device where it is another one than
// before; l.mu is held.
// state publishes one state where it has changed; l.mu is held.
// counter publishes the lifetime counter; l.mu is held.
// showEnergy brings the counters of all devices up to date.
// roomsFor is how long rooms of a map stay as they are.
// askRooms asks a vacuum for its rooms beside everything else; l.mu is held.
// repeat publishes states again that somebody has wrong ideas of.
// happened publishes an event. One of a kind that was not announced is announced
// first.
// remove takes a device off the broker.
// takeBack removes what was announced in an earlier run and has gone since.
// clear deletes all that is retained of a device: first what announces it.
// window is how many messages may be unconfirmed.
const window = 64

var errSlow = errors.New("the broker does not answer in time")

// publish sends a message. It waits only where the broker owes many
// confirmations, and then no longer than the timeout.
func (l *link) publish(topic, payload string, retain bool) error {
	l.sending.Lock()
	defer l.sending.Unlock()
	if l.ctx.Err() != nil {
		return context.Cause(l.ctx)
	}
	l.inflight = append(l.inflight, l.client.Publish(topic, 1, retain, payload))
	for len(l.inflight) > 0 {
		oldest := l.inflight[0]
		select {
		case <-oldest.Done():
		default:
			if len(l.inflight) < window {
				return nil
			}
			timer := time.NewTimer(l.surface.opt.Timeout)
			select {
			case <-oldest.Done():
				timer.Stop()
			case <-timer.C:
				return errSlow
			case <-l.ctx.Done():
				timer.Stop()
				return context.Cause(l.ctx)
			}
		}
		if err := oldest.Error(); err != nil {
			return err
		}
		l.inflight = l.inflight[1:]
	}
	return nil
}
