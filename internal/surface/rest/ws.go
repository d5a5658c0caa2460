package rest

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"reflect"
	"sync"
	"time"

	"github.com/coder/websocket"
	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"wattle"
	"wattle/internal/hubapi"
)

func typeOf[T any]() reflect.Type { return reflect.TypeFor[T]() }

func operationOf(api huma.API, path string) *huma.Operation {
	return api.OpenAPI().Paths[hubapi.Prefix+path].Get
}

const (
	socketMessage  = 64 << 10 // bytes that a client may send at once
	socketCommands = 8        // of a client that are carried out at once
)

func (s *Server) socket(ctx context.Context, in *liveIn) (*huma.StreamResponse, error) {
	fd, follow, leave, err := s.beginLive(ctx, in)
	if err != nil {
		return nil, err
	}
	return &huma.StreamResponse{Body: func(hctx huma.Context) {
		defer leave()
		r, w := humago.Unwrap(hctx)
		if r.Header.Get("Upgrade") == "" {
			w.Header().Set("Upgrade", "websocket")
			p := hubapi.NewProblem(hubapi.ErrRequest, "this path is for WebSockets")
			p.Status = http.StatusUpgradeRequired
			fail(w, p)
			return
		}
		// The guard has looked at the origin.
		conn, err := websocket.Accept(w, r, &websocket.AcceptOptions{InsecureSkipVerify: true, Subprotocols: []string{socketProtocol}})
		if err != nil {
			return // Accept has answered
		}
		defer conn.CloseNow() //nolint:errcheck // there is nobody to tell
		conn.SetReadLimit(socketMessage)
		peer := &peer{server: s, conn: conn, feed: fd, who: principalOf(ctx), slots: make(chan struct{}, socketCommands)}
		peer.run(follow)
	}}, nil
}

// peer is a client at a WebSocket.
type peer struct {
	server *Server
	conn   *websocket.Conn
	feed   *feed
	who    principal
	slots  chan struct{}
}

func (p *peer) run(ctx context.Context) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	read := make(chan struct{})
	go func() {
		defer close(read)
		defer cancel()
		p.read(ctx)
	}()
	for {
		messages, err := p.feed.next(ctx)
		if err != nil || !p.server.stays(p.who) {
			break
		}
		if messages[0].Type == hubapi.Heartbeat && p.ping(ctx) != nil || p.send(ctx, messages...) != nil {
			break
		}
	}
	_ = p.conn.Close(websocket.StatusGoingAway, "")
	cancel()
	<-read
}

// ping asks whether the client is still there.
func (p *peer) ping(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, p.server.options.Limits.Write)
	defer cancel()
	return p.conn.Ping(ctx)
}

func (p *peer) send(ctx context.Context, messages ...message) error {
	for i := range messages {
		data, err := messages[i].json()
		if err != nil {
			return err
		}
		wait, cancel := context.WithTimeout(ctx, p.server.options.Limits.Write)
		err = p.conn.Write(wait, websocket.MessageText, data)
		cancel()
		if err != nil {
			return err
		}
	}
	return nil
}

// read carries out what the client sends, several commands at once.
func (p *peer) read(ctx context.Context) {
	var running sync.WaitGroup
	defer running.Wait()
	for {
		kind, data, err := p.conn.Read(ctx)
		if err != nil {
			return
		}
		var c hubapi.Command
		if kind != websocket.MessageText {
			err = fmt.Errorf("%w: want commands as text", hubapi.ErrRequest)
		} else if err = json.Unmarshal(data, &c); err != nil {
			err = fmt.Errorf("%w: %w", hubapi.ErrRequest, err)
		}
		if wait := p.server.rates.requests.take("token " + p.who.key); err == nil && wait > 0 && p.who.key != "" {
			err = fmt.Errorf("%w: wait %.1f s", hubapi.ErrRate, wait.Seconds())
		}
		if err != nil {
			p.answer(ctx, &c, nil, err)
			continue
		}
		select {
		case p.slots <- struct{}{}:
		case <-ctx.Done():
			return
		}
		running.Go(func() {
			defer func() { <-p.slots }()
			on, err := p.do(ctx, &c)
			p.answer(ctx, &c, on, err)
		})
	}
}

func (p *peer) answer(ctx context.Context, c *hubapi.Command, on *bool, err error) {
	_ = p.send(ctx, message{Message: hubapi.Message{Type: hubapi.Answer, Ref: clip(c.Ref), On: on, Error: hubapi.ProblemOf(err), Time: time.Now()}})
}

// do carries out one command.
func (p *peer) do(ctx context.Context, c *hubapi.Command) (on *bool, err error) {
	s := p.server
	if !s.stays(p.who) {
		return nil, hubapi.NewProblem(hubapi.ErrToken, "the token is void by now")
	}
	if c.Do == "filter" {
		f, err := s.filterOf(c.Devices, c.Features)
		if err != nil {
			return nil, err
		}
		p.feed.mu.Lock()
		p.feed.filter = f
		p.feed.mu.Unlock()
		return nil, nil
	}
	if !p.who.scope.Includes(hubapi.ScopeControl) {
		return nil, hubapi.NewProblem(hubapi.ErrScope, "this wants the scope control, and the token has %s", p.who.scope)
	}
	ctx, cancel := context.WithTimeout(ctx, answerTime)
	defer cancel()
	v, err := s.find(c.Device)
	if err != nil {
		return nil, err
	}
	switch c.Do {
	case "set":
		return nil, s.set(ctx, v.ID, c.Set)
	case "toggle":
		now, err := s.hub.Toggle(ctx, v.ID)
		if err != nil {
			return nil, err
		}
		return &now, nil
	case "act":
		_, r, err := s.reading(c.Device, c.Action)
		if err != nil {
			return nil, err
		}
		return nil, s.doAction(context.WithValue(ctx, clientKey{}, p.who), v, r)
	case "refresh":
		_, err := s.hub.Refresh(ctx, v.ID)
		return nil, err
	}
	return nil, fmt.Errorf("%w: do %q: want set, toggle, act, refresh or filter", wattle.ErrParam, clip(c.Do))
}
