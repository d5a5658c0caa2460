package mqtt

import (
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"strings"
	"sync"
	"time"

	paho "github.com/eclipse/paho.mqtt.golang"

	"wattle/history"
	"wattle/hub"
)

// Surface is the home on a broker. Make it with [New].
type Surface struct {
	hub *hub.Hub
	opt Options
	log *slog.Logger

	mu     sync.Mutex
	link   *link // while there is a connection
	memory *memory
	energy map[hub.ID]history.Energy
	kinds  map[hub.ID][]string // events that came beyond those that were expected
}

// New makes a surface. The error wraps [wattle.ErrParam] for options that cannot
// be. It does no I/O before [Surface.Run].
func New(h *hub.Hub, o *Options) (*Surface, error) {
	s := &Surface{hub: h, opt: *o, energy: map[hub.ID]history.Energy{}, kinds: map[hub.ID][]string{}}
	if err := s.opt.complete(); err != nil {
		return nil, err
	}
	s.log = s.opt.Logger
	s.memory = newMemory(s.opt.Keep)
	return s, nil
}

const (
	firstRetry = time.Second
	lastRetry  = time.Minute
	// meters is how often the history is asked for lifetime counters.
	meters = time.Minute
)

// Run keeps the home on the broker until ctx ends; then it says that it is
// offline, and gives nil. A broker that refuses or is gone is tried again, after a
// second at first and up to a minute later. It runs once at a time.
func (s *Surface) Run(ctx context.Context) error {
	if err := s.memory.load(ctx); err != nil {
		s.log.LogAttrs(ctx, slog.LevelWarn, "mqtt memory", slog.Any("err", err))
	}
	var running sync.WaitGroup
	defer running.Wait()
	if s.opt.Lifetimes != nil {
		running.Go(func() { s.meter(ctx) })
	}
	wait := firstRetry
	told := ""
	for {
		connected, err := s.connect(ctx)
		if ctx.Err() != nil {
			return nil
		}
		if connected {
			wait, told = firstRetry, ""
		}
		if text := fmt.Sprint(err); text != told { // one line for each change, not for each attempt
			s.log.LogAttrs(ctx, slog.LevelWarn, "mqtt broker", slog.String("broker", s.opt.Broker), slog.Any("err", err))
			told = text
		}
		timer := time.NewTimer(wait/2 + rand.N(wait))
		select {
		case <-ctx.Done():
			timer.Stop()
			return nil
		case <-timer.C:
		}
		wait = min(2*wait, lastRetry)
	}
}

// Connected reports whether there is a connection to the broker.
func (s *Surface) Connected() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.link != nil
}

// connect makes one connection and serves it until it is lost or ctx ends.
func (s *Surface) connect(ctx context.Context) (connected bool, err error) {
	lost := make(chan error, 1)
	client := paho.NewClient(s.clientOptions(ctx, lost))
	token := client.Connect()
	select {
	case <-token.Done():
		if err := token.Error(); err != nil {
			return false, err
		}
	case <-ctx.Done():
		client.Disconnect(0)
		return false, ctx.Err()
	}
	inner, cancel := context.WithCancel(ctx)
	defer cancel()
	l := newLink(inner, s, client)
	defer client.Disconnect(250)
	s.setLink(l)
	defer s.setLink(nil)
	if err := l.subscribe(); err != nil {
		return true, err
	}
	s.log.LogAttrs(ctx, slog.LevelInfo, "mqtt broker", slog.String("broker", s.opt.Broker), slog.Bool("connected", true))
	served := make(chan error, 1)
	go func() { served <- l.serve() }()
	select {
	case err = <-served:
	case err = <-lost:
		cancel()
		if ended := <-served; err == nil {
			err = ended
		}
	}
	cancel()
	l.commands.running.Wait()
	if ctx.Err() != nil { // no will is sent where somebody says goodbye
		token := client.Publish(s.opt.Base+"/bridge/state", 1, true, "offline")
		token.WaitTimeout(time.Second)
	}
	return true, err
}

func (s *Surface) setLink(l *link) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.link = l
}

// tell publishes a state at once, as long as there is a connection.
func (s *Surface) tell(id hub.ID, end, payload string) {
	s.mu.Lock()
	l := s.link
	s.mu.Unlock()
	if l != nil {
		_ = l.publish(s.opt.Base+"/"+hub.Slug(id)+"/"+end, payload, true) // the connection is given up elsewhere
	}
}

// failed says why a command failed, and what is true instead of it.
func (s *Surface) failed(id hub.ID, end string, shows []string, err error) {
	s.log.LogAttrs(context.Background(), slog.LevelInfo, "mqtt command", slog.String("device", hub.Slug(id)), slog.String("topic", end), slog.Any("err", err))
	s.mu.Lock()
	l := s.link
	s.mu.Unlock()
	if l == nil {
		return
	}
	_ = l.publish(s.opt.Base+"/"+hub.Slug(id)+"/error", failure(end, err), false)
	if v, err := s.hub.View(id); err == nil {
		l.repeat(v, shows)
	}
}

// meter asks the history now and then.
func (s *Surface) meter(ctx context.Context) {
	for {
		ask, cancel := context.WithTimeout(ctx, s.opt.Timeout)
		energy, err := s.opt.Lifetimes(ask)
		cancel()
		if err == nil {
			s.mu.Lock()
			s.energy = energy
			l := s.link
			s.mu.Unlock()
			if l != nil {
				l.showEnergy()
			}
		}
		timer := time.NewTimer(meters)
		select {
		case <-ctx.Done():
			timer.Stop()
			return
		case <-timer.C:
		}
	}
}

func (s *Surface) lifetime(id hub.ID) (history.Energy, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	e, ok := s.energy[id]
	return e, ok
}

// clientOptions are for one connection. Each has a client of its own, so that
// nothing old waits in it; going on is our own task.
func (s *Surface) clientOptions(ctx context.Context, lost chan<- error) *paho.ClientOptions {
	o := paho.NewClientOptions()
	o.AddBroker(s.opt.Broker)
	o.SetClientID(s.opt.ClientID)
	o.SetProtocolVersion(4) // 3.1.1
	o.SetCleanSession(true) // a command that came while we were away is not done late
	o.SetAutoReconnect(false)
	o.SetConnectTimeout(s.opt.Timeout)
	o.SetWriteTimeout(s.opt.Timeout)
	o.SetKeepAlive(3 * s.opt.Timeout)
	o.SetPingTimeout(s.opt.Timeout)
	o.SetOrderMatters(true)
	o.SetWill(s.opt.Base+"/bridge/state", "offline", 1, true)
	if s.opt.TLS != nil {
		o.SetTLSConfig(s.opt.TLS)
	}
	o.SetCredentialsProvider(func() (string, string) { return s.opt.Username, s.opt.Password.Reveal() })
	if s.opt.DialContext != nil {
		o.SetCustomOpenConnectionFn(s.dial(ctx))
	}
	o.SetConnectionLostHandler(func(_ paho.Client, err error) {
		select {
		case lost <- fmt.Errorf("the connection broke: %w", err):
		default:
		}
	})
	return o
}

// device finds the device of a topic, and the end of the topic.
func (s *Surface) device(topic string) (slug, end string, ok bool) {
	rest, ok := strings.CutPrefix(topic, s.opt.Base+"/")
	if !ok {
		return "", "", false
	}
	rest, ok = strings.CutSuffix(rest, "/set")
	if !ok {
		return "", "", false
	}
	slug, end, ok = strings.Cut(rest, "/")
	return slug, end, ok && end != ""
}
