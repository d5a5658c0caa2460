package endpoint

import (
	"context"
	"crypto/tls"
	"encoding/hex"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"
)

// page is what devices answer to a browser.
const page = "<html><body><center>200 OK</center></body></html>"

// web is the web server of one device: everything that is the same for all
// HTTP transports. See docs/protocol/transports.md section 0.
type web struct {
	options Options
	device  Device
	root    bool // "/" is not a page for browsers
	conns   sync.WaitGroup
	mu      sync.Mutex // over what the transport keeps, and over options.Rand
}

// serve runs a handler on ln until ctx ends, then closes ln and all
// connections and waits for what runs in them.
func (s *web) serve(ctx context.Context, ln net.Listener, handler http.HandlerFunc) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	server := &http.Server{
		Handler:           s.guard(handler),
		BaseContext:       func(net.Listener) context.Context { return ctx },
		ReadHeaderTimeout: idleTimeout,
		IdleTimeout:       idleTimeout,
		MaxHeaderBytes:    8 << 10,
		ErrorLog:          slog.NewLogLogger(s.options.Logger.Handler(), slog.LevelDebug),
		Protocols:         new(http.Protocols),
		ConnState: func(_ net.Conn, state http.ConnState) {
			switch state {
			case http.StateNew:
				s.conns.Add(1)
			case http.StateClosed, http.StateHijacked:
				s.conns.Done()
			default:
			}
		},
	}
	server.Protocols.SetHTTP1(true)
	ln = faultListener{ln, s.options.Faults}
	if s.options.TLS != nil {
		ln = tls.NewListener(ln, s.options.TLS)
	}
	closed := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		defer close(closed)
		_ = server.Close()
	})
	err := server.Serve(ln)
	over := ended(ctx, err)
	cancel()
	if !stop() {
		<-closed
	}
	_ = server.Close()
	s.conns.Wait()
	return over
}

// guard answers what no transport is asked about, and injects faults.
func (s *web) guard(handler http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		w.Header()["Date"] = nil // devices have no clock to trust
		w.Header()["Server"] = []string{"SHIP 2.0"}
		if status, ok := s.options.Faults.number("http"); ok {
			s.reply(w, r, status, "text/html", []byte(http.StatusText(status)))
			return
		}
		if s.options.Faults.on("html") || r.Method != http.MethodPost || r.URL.Path == "/" && !s.root {
			s.reply(w, r, http.StatusOK, "text/html", []byte(page))
			return
		}
		handler(w, r)
	}
}

// read gives the body of a request. ok is false when there is none to be read
// and the request is answered.
func (s *web) read(w http.ResponseWriter, r *http.Request) (body []byte, ok bool) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxRequest))
	if err != nil {
		s.status(w, r, http.StatusBadRequest)
		return nil, false
	}
	return body, true
}

// status answers with a status alone.
func (s *web) status(w http.ResponseWriter, r *http.Request, status int) {
	s.reply(w, r, status, "text/html", []byte(strconv.Itoa(status)+" "+http.StatusText(status)))
}

// reply answers in one piece with its length in front.
func (s *web) reply(w http.ResponseWriter, r *http.Request, status int, contentType string, body []byte) {
	if s.options.Faults.on("close") && s.replyAndClose(w, r, status, contentType, body) {
		return
	}
	header := w.Header()
	header["Content-Type"] = []string{contentType}
	header["Content-Length"] = []string{strconv.Itoa(len(body))}
	w.WriteHeader(status)
	_, _ = w.Write(body)
}

// replyAndClose answers and closes the connection without saying so.
func (s *web) replyAndClose(w http.ResponseWriter, r *http.Request, status int, contentType string, body []byte) bool {
	s.conns.Add(1)
	defer s.conns.Done()
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		return false
	}
	defer context.AfterFunc(r.Context(), func() { _ = conn.Close() })()
	defer func() { _ = conn.Close() }()
	var text strings.Builder
	fmt.Fprintf(&text, "HTTP/1.1 %d %s\r\nServer: SHIP 2.0\r\nContent-Type: %s\r\nContent-Length: %d\r\n",
		status, http.StatusText(status), contentType, len(body))
	for _, cookie := range w.Header()["Set-Cookie"] {
		fmt.Fprintf(&text, "Set-Cookie: %s\r\n", cookie)
	}
	text.WriteString("\r\n")
	text.Write(body)
	_, _ = io.WriteString(conn, text.String())
	return true
}

// drop closes the connection in place of an answer.
func drop() { panic(http.ErrAbortHandler) }

// newIDLocked makes a session id as devices do. The caller holds mu.
func (s *web) newIDLocked() (string, error) {
	var id [16]byte
	if _, err := io.ReadFull(s.options.Rand, id[:]); err != nil {
		return "", fmt.Errorf("session id: %w", err)
	}
	return strings.ToUpper(hex.EncodeToString(id[:])), nil
}

// setCookie announces a session.
func (s *web) setCookie(w http.ResponseWriter, id string) {
	seconds := int(s.lifetime() / time.Second)
	switch s.options.Faults.word("cookie") {
	case "none":
	case "two":
		w.Header()["Set-Cookie"] = []string{"TP_SESSIONID=" + id, "TIMEOUT=" + strconv.Itoa(seconds)}
	case "old":
		w.Header()["Set-Cookie"] = []string{"SESSIONID=" + id + ";TIMEOUT=" + strconv.Itoa(seconds)}
	default:
		w.Header()["Set-Cookie"] = []string{"TP_SESSIONID=" + id + ";TIMEOUT=" + strconv.Itoa(seconds)}
	}
}

// lifetime is how long a new session lives.
func (s *web) lifetime() time.Duration {
	if seconds, ok := s.options.Faults.number("timeout"); ok {
		return time.Duration(seconds) * time.Second
	}
	return s.options.SessionLife
}

// cookie reads the session that a request belongs to. ok is false for a header
// that devices refuse.
func cookie(r *http.Request) (id string, ok bool) {
	for _, line := range r.Header["Cookie"] {
		for part := range strings.SplitSeq(line, ";") {
			name, value, found := strings.Cut(strings.TrimSpace(part), "=")
			if !found || strings.EqualFold(name, "TIMEOUT") {
				return "", false
			}
			if name == "TP_SESSIONID" {
				id = value
			}
		}
	}
	return id, true
}
