package rest_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"

	"wattle"
	"wattle/hub"
	"wattle/hub/hubtest"
	"wattle/internal/hubapi"
	"wattle/internal/surface/rest"
)

// house is a simulated home with a hub and its API, on a network in memory.
type house struct {
	t     *testing.T
	home  *hubtest.Home
	hub   *hub.Hub
	api   *rest.Server
	token string // of the first token
	stop  func() // ends the API
}

// address is where the API is served without trust, and trusted where it is
// served with it.
const (
	address = "127.0.22.1:8080"
	trusted = "127.0.22.2:8080"
)

func start(t *testing.T, o *rest.Options, models ...string) *house {
	t.Helper()
	home := hubtest.Start(t, hubtest.Models(models...))
	h := &house{t: t, home: home, hub: home.Hub(nil)}
	hubtest.Online(t, h.hub, len(models))
	h.serve(o)
	return h
}

// serve runs the API over the hub.
func (h *house) serve(o *rest.Options) {
	h.t.Helper()
	if o == nil {
		o = &rest.Options{}
	}
	open, err := h.home.Net.Listen("tcp", address)
	if err != nil {
		h.t.Fatal(err)
	}
	socket, err := h.home.Net.Listen("tcp", trusted)
	if err != nil {
		h.t.Fatal(err)
	}
	o.Listeners = []rest.Listener{{Listener: open}, {Listener: socket, Trusted: true}}
	o.Version = "1.2.3"
	first := make(chan string, 1)
	if o.FirstToken == nil {
		o.FirstToken = func(s wattle.Secret) error {
			first <- s.Reveal()
			return nil
		}
	}
	if h.api, err = rest.New(h.hub, o); err != nil {
		h.t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- h.api.Run(ctx) }()
	h.stop = sync.OnceFunc(func() {
		cancel()
		if err := <-done; err != nil {
			h.t.Error(err)
		}
	})
	h.t.Cleanup(h.stop)
	if !o.NoTokens {
		select {
		case h.token = <-first:
		case err := <-done:
			h.t.Fatal(err)
		}
	}
}

// client is an HTTP client on the network of the house.
func (h *house) client() *http.Client {
	transport := &http.Transport{DialContext: h.home.Net.DialContext, DisableKeepAlives: true}
	return &http.Client{Transport: transport, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
}

// reply is an answer with its body.
type reply struct {
	*http.Response
	body []byte
}

// do sends a request to the address without trust, with the first token and a
// body of JSON.
func (h *house) do(method, path, body string, change ...func(*http.Request)) reply {
	h.t.Helper()
	var in io.Reader
	if body != "" {
		in = strings.NewReader(body)
	}
	r, err := http.NewRequestWithContext(h.t.Context(), method, "http://"+address+path, in)
	if err != nil {
		h.t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+h.token)
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	for _, c := range change {
		c(r)
	}
	return h.send(r)
}

func (h *house) send(r *http.Request) reply {
	h.t.Helper()
	answer, err := h.client().Do(r)
	if err != nil {
		h.t.Fatalf("%s %s: %v", r.Method, r.URL, err)
	}
	defer answer.Body.Close()
	data, err := io.ReadAll(answer.Body)
	if err != nil {
		h.t.Fatal(err)
	}
	return reply{answer, data}
}

// api is the path of a route.
func api(path string) string { return hubapi.Prefix + path }

// get fetches JSON that has to be there.
func get[T any](h *house, path string) T {
	h.t.Helper()
	return want[T](h, h.do(http.MethodGet, api(path), ""), http.StatusOK)
}

// want reads an answer that has to have a status.
func want[T any](h *house, r reply, status int) T {
	h.t.Helper()
	var out T
	if r.StatusCode != status {
		h.t.Fatalf("%s %s: %s: %s", r.Request.Method, r.Request.URL.Path, r.Status, r.body)
	}
	if len(bytes.TrimSpace(r.body)) > 0 {
		if err := json.Unmarshal(r.body, &out); err != nil {
			h.t.Fatalf("%v: %s", err, r.body)
		}
	}
	return out
}

// refused reads a problem that has to have a status and a class.
func refused(h *house, r reply, status int, class string) *hubapi.Problem {
	h.t.Helper()
	p := want[hubapi.Problem](h, r, status)
	if kind := r.Header.Get("Content-Type"); kind != "application/problem+json" {
		h.t.Errorf("content type %q", kind)
	}
	if p.Class != class || p.Status != status || p.Detail == "" {
		h.t.Errorf("%s %s: got %+v, want class %s", r.Request.Method, r.Request.URL.Path, p, class)
	}
	return &p
}

// in runs a test in a bubble with a house.
func in(t *testing.T, o *rest.Options, models []string, test func(*house)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		test(start(t, o, models...))
	})
}

// keep is a hub.Keep that a test can look into.
type keep struct {
	mu  sync.Mutex
	of  map[string][]byte
	err error
}

func (k *keep) Load(_ context.Context, name string) ([]byte, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.of[name], nil
}

func (k *keep) Save(_ context.Context, name string, data []byte) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.err != nil {
		return k.err
	}
	if k.of == nil {
		k.of = map[string][]byte{}
	}
	k.of[name] = data
	return nil
}
