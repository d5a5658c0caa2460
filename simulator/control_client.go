package simulator

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"time"

	"wattle"
)

// Control talks to a simulator that runs in another process, see
// [ServeControl]. It keeps no connection.
type Control struct {
	Path string // of the Unix socket
}

// List describes all devices of the home.
func (c *Control) List(ctx context.Context) ([]Status, error) {
	answer, err := c.ask(ctx, controlRequest{Op: "list"})
	return answer.Devices, err
}

// SetFault is [Home.SetFault].
func (c *Control) SetFault(ctx context.Context, device, spec string) error {
	_, err := c.ask(ctx, controlRequest{Op: "fault", Device: device, Fault: spec})
	return err
}

// ClearFault is [Home.ClearFault].
func (c *Control) ClearFault(ctx context.Context, device, name string) error {
	_, err := c.ask(ctx, controlRequest{Op: "clear", Device: device, Fault: name})
	return err
}

// Poke is [Home.Poke].
func (c *Control) Poke(ctx context.Context, device, key, value string) error {
	_, err := c.ask(ctx, controlRequest{Op: "set", Device: device, Key: key, Value: value})
	return err
}

// Fire is [Home.Fire].
func (c *Control) Fire(ctx context.Context, device, action, argument string) error {
	_, err := c.ask(ctx, controlRequest{Op: "fire", Device: device, Action: action, Value: argument})
	return err
}

// Read is [Home.Read].
func (c *Control) Read(ctx context.Context, name, what string) (json.RawMessage, error) {
	answer, err := c.ask(ctx, controlRequest{Op: "read", Device: name, What: what})
	return answer.Told, err
}

// controlError is an error that the simulator told; it keeps its class.
type controlError struct {
	text  string
	class error
}

func (e *controlError) Error() string { return e.text }
func (e *controlError) Unwrap() error { return e.class }

func dialControl(ctx context.Context, path string) (net.Conn, error) {
	var dialer net.Dialer
	conn, err := dialer.DialContext(ctx, "unix", path)
	if err != nil {
		return nil, fmt.Errorf("no simulator is controlled at %s; start one first: %w: %w", path, err, wattle.ErrNotFound)
	}
	return conn, nil
}

func (c *Control) ask(ctx context.Context, r controlRequest) (controlAnswer, error) {
	conn, err := dialControl(ctx, c.Path)
	if err != nil {
		return controlAnswer{}, err
	}
	defer conn.Close()
	stop := context.AfterFunc(ctx, func() { _ = conn.SetDeadline(time.Unix(1, 0)) })
	defer stop()
	if err := json.NewEncoder(conn).Encode(r); err != nil {
		return controlAnswer{}, c.failed(ctx, err)
	}
	var answer controlAnswer
	if err := json.NewDecoder(bufio.NewReader(conn)).Decode(&answer); err != nil {
		return controlAnswer{}, c.failed(ctx, err)
	}
	if !answer.OK {
		return answer, &controlError{text: answer.Error, class: controlClasses[answer.Class]}
	}
	return answer, nil
}

func (c *Control) failed(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		err = errors.Join(ctx.Err(), err)
	}
	return fmt.Errorf("control the simulator at %s: %w", c.Path, err)
}
