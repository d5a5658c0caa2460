package rest

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"strconv"
	"sync"
	"time"

	"wattle"
	"wattle/automation"
	"wattle/discover"
	"wattle/hub"
	"wattle/internal/hubapi"
	"wattle/recorder"
)

// Listener is where the API is served. One that speaks TLS must not offer h2: the
// API is HTTP/1.1, which WebSockets want.
type Listener struct {
	net.Listener
	// Trusted: whoever can connect is the owner, and needs no token. For Unix
	// sockets of mode 0600, and for nothing else.
	Trusted bool
}

// Options are settings of the API; nil and the zero value serve nowhere.
type Options struct {
	// Listeners are closed when Run ends.
	Listeners []Listener
	// Version is that of the program.
	Version string
	// Keep stores tokens and hooks; nil keeps them for this run.
	Keep hub.Keep
	// FirstToken is told the first token, which may do everything, when there is
	// none yet. It returns when the token is where its owner finds it; on an error
	// the token is void and Run ends. nil makes no token.
	FirstToken func(wattle.Secret) error
	// NoTokens lets everybody in who can connect. New refuses it for listeners
	// that others than this computer can reach.
	NoTokens bool
	// Hosts are further names that requests may be addressed to, besides those of
	// this computer and the address of the connection; "*" allows all.
	Hosts []string
	// Origins are web pages elsewhere that may use the API in a browser, such as
	// "https://panel.example"; none by default.
	Origins []string
	// Probe asks a host what it is; nil means [discover.Probe].
	Probe func(ctx context.Context, host string) (discover.Found, error)
	// Automation holds groups, scenes and rules; nil: this hub has none.
	Automation *automation.Engine
	// Archive answers what was; nil: this hub keeps no history.
	Archive *recorder.Archive
	// Fillings tell how devices were asked for their own history; nil: nobody was.
	Fillings func() []recorder.Filling
	// Tariffs are the present tariffs as they were written; nil: there are none.
	Tariffs func() []recorder.Tariff
	// Backup writes a copy of everything that is remembered, and says where.
	// Reload reads the configuration again, and says what came of it. nil: this
	// hub cannot do that.
	Backup func(ctx context.Context) (where string, err error)
	Reload func(ctx context.Context) (hubapi.Reloaded, error)
	// Logs gives the newest lines of the log, oldest first, and follows them until
	// ctx ends where follow is set. nil: this hub does not show its log.
	Logs func(ctx context.Context, last int, follow bool, line func(string) error) error
	// Limits bound what clients can use up.
	Limits Limits
	// Logger gets what goes wrong; nil means none.
	Logger *slog.Logger
}

// Limits bound what clients can use up; 0 means the default in brackets.
type Limits struct {
	Connections int           // at once, on each listener [512]
	PerAddress  int           // connections of one address at once, where not trusted [128]
	Rate        float64       // requests per second of one token, and of one address [50]
	Burst       int           // requests that may come at once [200]
	Followers   int           // of changes at once [128]
	Body        int64         // bytes [1 MiB]
	Header      time.Duration // until the headers of a request are there [10 s]
	Read        time.Duration // until a request is there [30 s]
	Write       time.Duration // until an answer is gone; of followers one message [10 s]
	Idle        time.Duration // that a connection may wait [2 min]
	Heartbeat   time.Duration // of followers [15 s]
}

func (l *Limits) fill() {
	set := func(n *time.Duration, d time.Duration) {
		if *n == 0 {
			*n = d
		}
	}
	count := func(n *int, d int) {
		if *n == 0 {
			*n = d
		}
	}
	count(&l.Connections, 512)
	count(&l.PerAddress, 128)
	count(&l.Burst, 200)
	count(&l.Followers, 128)
	if l.Rate == 0 {
		l.Rate = 50
	}
	if l.Body == 0 {
		l.Body = 1 << 20
	}
	set(&l.Header, 10*time.Second)
	set(&l.Read, 30*time.Second)
	set(&l.Write, 10*time.Second)
	set(&l.Idle, 2*time.Minute)
	set(&l.Heartbeat, 15*time.Second)
}

// answerTime is how long an operation may take; what it does on devices has
// limits of its own below that.
const answerTime = 45 * time.Second

// Server serves the API. Make it with [New].
type Server struct {
	hub     *hub.Hub
	options Options
	log     *slog.Logger
	epoch   string
	tokens  *tokens
	hooks   *hooks
	rates   *rates
	handler http.Handler
	live    live
}

// New prepares the API; it does no I/O. The error says what is not safe, and
// wraps [hubapi.ErrPolicy].
func New(h *hub.Hub, o *Options) (*Server, error) {
	s := &Server{hub: h, epoch: strconv.FormatInt(h.Epoch().UnixNano(), 36)}
	if o != nil {
		s.options = *o
	}
	s.options.Limits.fill()
	if s.log = s.options.Logger; s.log == nil {
		s.log = slog.New(slog.DiscardHandler)
	}
	if s.options.Keep == nil {
		s.options.Keep = &memory{}
	}
	if s.options.Probe == nil {
		s.options.Probe = func(ctx context.Context, host string) (discover.Found, error) { return discover.Probe(ctx, host, nil) }
	}
	for _, l := range s.options.Listeners {
		if at := l.Addr(); s.options.NoTokens && !l.Trusted && !loopback(at) {
			return nil, fmt.Errorf("%w: without tokens the hub would obey everybody who reaches %s: listen on 127.0.0.1, or leave tokens on", hubapi.ErrPolicy, at)
		}
	}
	s.tokens, s.hooks = &tokens{keep: s.options.Keep}, &hooks{keep: s.options.Keep}
	s.rates = newRates(s.options.Limits)
	s.live.init(s.options.Limits.Followers)
	s.handler = s.guard(s.routes())
	return s, nil
}

func loopback(at net.Addr) bool {
	if at.Network() == "unix" {
		return true
	}
	a, err := netip.ParseAddrPort(at.String())
	return err == nil && a.Addr().Unmap().IsLoopback()
}

// Handler serves the API as to somebody at an untrusted listener: for tests and
// for servers of one's own.
func (s *Server) Handler() http.Handler { return s.handler }

// Run serves until ctx ends; then it lets requests finish for some seconds and
// returns nil.
func (s *Server) Run(ctx context.Context) error {
	if err := s.begin(ctx); err != nil {
		for _, l := range s.options.Listeners {
			_ = l.Close()
		}
		return err
	}
	base, cancel := context.WithCancel(context.WithoutCancel(ctx))
	defer cancel()
	ended := make(chan error, len(s.options.Listeners))
	var servers []*http.Server
	var running sync.WaitGroup
	for _, l := range s.options.Listeners {
		server := s.server(base, l)
		servers = append(servers, server)
		running.Go(func() { ended <- server.Serve(bound(l, s.options.Limits)) })
	}
	running.Go(func() { s.tokens.run(base) })
	var err error
	select {
	case <-ctx.Done():
	case err = <-ended:
	}
	s.live.end()
	grace, stop := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer stop()
	var closing sync.WaitGroup
	for _, server := range servers {
		closing.Go(func() {
			if server.Shutdown(grace) != nil {
				_ = server.Close()
			}
		})
	}
	closing.Wait()
	cancel()
	s.live.wait()
	running.Wait()
	if errors.Is(err, http.ErrServerClosed) {
		return nil
	}
	return err
}

// begin reads what is kept, and makes the first token.
func (s *Server) begin(ctx context.Context) error {
	if err := errors.Join(s.tokens.load(ctx), s.hooks.load(ctx)); err != nil {
		return err
	}
	wanted := false
	for _, l := range s.options.Listeners {
		wanted = wanted || !l.Trusted
	}
	if !wanted || s.options.NoTokens || s.options.FirstToken == nil || s.tokens.any() {
		return nil
	}
	made, err := s.tokens.create(ctx, hubapi.TokenRequest{Name: "first", Scope: hubapi.ScopeAdmin})
	if err != nil {
		return err
	}
	if err := s.options.FirstToken(wattle.NewSecret(made.Secret)); err != nil {
		return errors.Join(err, s.tokens.remove(ctx, made.ID))
	}
	return nil
}

func (s *Server) server(base context.Context, l Listener) *http.Server {
	limits := s.options.Limits
	return &http.Server{
		Handler:                      s.handler,
		ReadHeaderTimeout:            limits.Header,
		ReadTimeout:                  limits.Read,
		WriteTimeout:                 answerTime + limits.Write,
		IdleTimeout:                  limits.Idle,
		MaxHeaderBytes:               32 << 10,
		DisableGeneralOptionsHandler: true,
		ErrorLog:                     slog.NewLogLogger(s.log.Handler(), slog.LevelDebug),
		BaseContext: func(net.Listener) context.Context {
			return context.WithValue(base, trustKey{}, l.Trusted)
		},
	}
}

// trustKey is the key of whether the listener of a request is trusted.
type trustKey struct{}
