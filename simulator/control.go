package simulator

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"sync"
	"time"

	"wattle"
)

// The control protocol: one JSON object per line, each answered by one. It is
// spoken on a Unix socket that only its owner can open.

const (
	maxControlLine = 64 << 10
	controlIdle    = time.Minute
)

// controlRequest is one line of a client.
type controlRequest struct {
	Op     string `json:"op"` // list, fault, clear, set, fire or read
	Device string `json:"device,omitempty"`
	Fault  string `json:"fault,omitempty"` // NAME[=ARGUMENT]; with clear NAME, or "" for all
	Key    string `json:"key,omitempty"`
	Value  string `json:"value,omitempty"`
	Action string `json:"action,omitempty"` // with fire; Value is its argument
	What   string `json:"what,omitempty"`   // with read
}

// controlAnswer is one line of the simulator.
type controlAnswer struct {
	OK      bool     `json:"ok"`
	Error   string   `json:"error,omitempty"`
	Class   string   `json:"class,omitempty"` // which class of package wattle the error wraps
	Devices []Status `json:"devices,omitempty"`

	Told json.RawMessage `json:"told,omitempty"` // what was read
}

// controlClasses are the classes that go over the wire by name.
var controlClasses = map[string]error{"not_found": wattle.ErrNotFound, "param": wattle.ErrParam, "unsupported": wattle.ErrUnsupported}

// ListenControl opens the socket for [ServeControl] at path, with mode 0600
// from its first moment. A socket that a dead process left is replaced; one
// that is in use is an error. The listener removes it when it is closed.
func ListenControl(ctx context.Context, path string) (net.Listener, error) {
	if _, err := os.Lstat(path); err == nil {
		conn, err := dialControl(ctx, path)
		if err == nil {
			_ = conn.Close()
			return nil, fmt.Errorf("a simulator is controlled at %s already; give another path", path)
		}
		if info, err := os.Lstat(path); err == nil && info.Mode().Type() != fs.ModeSocket {
			return nil, fmt.Errorf("%s is not a socket; give another path", path)
		}
	}
	// Nobody else can reach into this folder while the mode is set.
	private, err := os.MkdirTemp(filepath.Dir(path), ".sim")
	if err != nil {
		return nil, fmt.Errorf("make the control socket: %w", err)
	}
	defer os.Remove(private)
	temporary := filepath.Join(private, "s")
	var config net.ListenConfig
	ln, err := config.Listen(ctx, "unix", temporary)
	if err != nil {
		return nil, fmt.Errorf("make the control socket: %w", err)
	}
	if u, ok := ln.(*net.UnixListener); ok {
		u.SetUnlinkOnClose(false)
	}
	if err = os.Chmod(temporary, 0o600); err == nil {
		err = os.Rename(temporary, path)
	}
	if err != nil {
		_ = ln.Close()
		_ = os.Remove(temporary)
		return nil, fmt.Errorf("make the control socket: %w", err)
	}
	return &controlListener{Listener: ln, path: path}, nil
}

type controlListener struct {
	net.Listener
	path string
	once sync.Once
}

func (l *controlListener) Close() error {
	err := l.Listener.Close()
	l.once.Do(func() { _ = os.Remove(l.path) })
	return err
}

// ServeControl lets clients control a home until ctx ends; then it closes ln,
// ends all connections and waits for them.
func ServeControl(ctx context.Context, ln net.Listener, h *Home) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	stop := context.AfterFunc(ctx, func() { _ = ln.Close() })
	defer stop()
	var all sync.WaitGroup
	defer all.Wait()
	for {
		conn, err := ln.Accept()
		if err != nil {
			cancel()
			_ = ln.Close()
			if errors.Is(err, net.ErrClosed) {
				return nil
			}
			return fmt.Errorf("accept on the control socket: %w", err)
		}
		all.Go(func() { h.control(ctx, conn) })
	}
}

func (h *Home) control(ctx context.Context, conn net.Conn) {
	stop := context.AfterFunc(ctx, func() { _ = conn.Close() })
	defer conn.Close()
	defer stop()
	lines := bufio.NewScanner(conn)
	lines.Buffer(nil, maxControlLine)
	out := json.NewEncoder(conn)
	for {
		if conn.SetDeadline(time.Now().Add(controlIdle)) != nil || !lines.Scan() {
			return
		}
		if out.Encode(h.carryOut(lines.Bytes())) != nil {
			return
		}
	}
}

func (h *Home) carryOut(line []byte) controlAnswer {
	var r controlRequest
	err := json.Unmarshal(line, &r)
	if err != nil {
		err = fmt.Errorf("not a request: %w: %w", err, wattle.ErrParam)
	} else {
		switch r.Op {
		case "list":
			return controlAnswer{OK: true, Devices: h.List()}
		case "fault":
			err = h.SetFault(r.Device, r.Fault)
		case "clear":
			err = h.ClearFault(r.Device, r.Fault)
		case "set":
			err = h.Poke(r.Device, r.Key, r.Value)
		case "fire":
			err = h.Fire(r.Device, r.Action, r.Value)
		case "read":
			var told json.RawMessage
			if told, err = h.Read(r.Device, r.What); err == nil {
				return controlAnswer{OK: true, Told: told}
			}
		default:
			err = fmt.Errorf("unknown operation %q, known are list, fault, clear, set, fire, read: %w", r.Op, wattle.ErrParam)
		}
	}
	if err == nil {
		return controlAnswer{OK: true}
	}
	answer := controlAnswer{Error: err.Error()}
	for name, class := range controlClasses {
		if errors.Is(err, class) {
			answer.Class = name
		}
	}
	return answer
}
