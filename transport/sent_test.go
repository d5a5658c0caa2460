package transport_test

import (
	"errors"
	"fmt"
	"net"
	"os"
	"syscall"
	"testing"

	"wattle"
	"wattle/transport"
)

func TestNotCarriedOut(t *testing.T) {
	reset := &net.OpError{Op: "read", Err: syscall.ECONNRESET}
	for _, tt := range []struct {
		err  error
		want bool
	}{
		{fmt.Errorf("%w: %w", wattle.ErrUnreachable, reset), false},
		{fmt.Errorf("%w: %w", wattle.ErrUnreachable, os.ErrDeadlineExceeded), false},
		{fmt.Errorf("answer: %w", wattle.ErrProtocol), false},
		{&wattle.DeviceError{Family: wattle.SMART, Code: -1001}, false},
		{&wattle.DeviceError{Family: wattle.SMART, Code: 9999}, true},
		{fmt.Errorf("request: status 403: %w", wattle.ErrSession), true},
		{fmt.Errorf("%w: %w", wattle.ErrUnreachable, &net.OpError{Op: "dial", Err: syscall.EHOSTUNREACH}), true},
		{fmt.Errorf("handshake1: %w", transport.Unsent(fmt.Errorf("%w: %w", wattle.ErrUnreachable, reset))), true},
	} {
		if got := transport.NotCarriedOut(tt.err); got != tt.want {
			t.Errorf("NotCarriedOut(%v) = %t, want %t", tt.err, got, tt.want)
		}
	}
	if transport.Unsent(nil) != nil {
		t.Error("Unsent(nil) is not nil")
	}
	if err := transport.Unsent(wattle.ErrBusy); !errors.Is(err, wattle.ErrBusy) {
		t.Errorf("%v lost its class", err)
	}
}
