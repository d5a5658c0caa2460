// Package endpoint is the device half of every transport: it listens on a
// socket that it is given, speaks one transport on it and hands each
// application message to a [Device]. It is the sibling of package transport
// and never imports it.
//
// Each Serve function owns its listener: it runs until ctx ends, then closes the
// listener and all connections, waits for what it started, and returns nil.
// Connections are served side by side, so a Device is called from several
// goroutines. What a client sends cannot stop an endpoint. [Options.Faults] makes
// it misbehave on purpose. Package simulator puts Devices made of recordings
// behind endpoints; use this package alone to stand in for a device of your own:
//
//	hello := endpoint.DeviceFunc(func(_ context.Context, request []byte) ([]byte, error) {
//		return []byte(`{"system":{"get_sysinfo":{"alias":"hello","err_code":0}}}`), nil
//	})
//	err := endpoint.ServeXOR(ctx, listener, hello, nil)
//
// See docs/protocol/transports.md, "Device half".
package endpoint

import "context"

// Device answers application messages: it is what stands behind an endpoint.
// Handle gets one decrypted message and returns the answer; (nil, nil) means
// that the device says nothing and drops the connection. It is called from
// several goroutines.
type Device interface {
	Handle(ctx context.Context, request []byte) ([]byte, error)
}

// DeviceFunc is a Device made of a function.
type DeviceFunc func(ctx context.Context, request []byte) ([]byte, error)

// Handle calls f.
func (f DeviceFunc) Handle(ctx context.Context, request []byte) ([]byte, error) {
	return f(ctx, request)
}
