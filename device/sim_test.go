package device_test

import (
	"context"
	"fmt"
	"io"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"wattle"
	"wattle/capture"
	"wattle/device"
	"wattle/internal/recorded"
	"wattle/session"
	"wattle/simulator"
	"wattle/transport"
)

// moment is the clock under which the expected values were made.
var moment = time.Date(2026, 1, 15, 12, 0, 0, 0, time.UTC)

func now() time.Time { return moment }

// direct is a Conn that ends in a virtual device, without a wire between.
type direct struct {
	device    *simulator.Device
	exchanges atomic.Int64
	sent      func([]byte) // gets every request; nil: nobody
}

var _ transport.Conn = (*direct)(nil)

func (d *direct) Exchange(ctx context.Context, request []byte) ([]byte, error) {
	d.exchanges.Add(1)
	if d.sent != nil {
		d.sent(request)
	}
	answer, err := d.device.Handle(ctx, request)
	if answer == nil && err == nil {
		err = fmt.Errorf("%w: %w", wattle.ErrUnreachable, io.EOF) // it hung up
	}
	return answer, err
}
func (d *direct) Reset()               {}
func (d *direct) Info() transport.Info { return transport.Info{} }
func (d *direct) Close() error         { return nil }

// names are the captures of some folders, as FOLDER/NAME.json.
func names(tb testing.TB, folders ...string) []string {
	tb.Helper()
	var out []string
	for _, folder := range folders {
		for _, f := range recorded.Files(tb, folder) {
			out = append(out, filepath.ToSlash(filepath.Join(folder, filepath.Base(f))))
		}
	}
	return out
}

// simulate starts a virtual device: as recorded, with clock and energy at rest.
func simulate(tb testing.TB, f *capture.File, library *capture.Library) (*session.Session, *direct) {
	tb.Helper()
	virtual, err := simulator.New(f, &simulator.DeviceOptions{Library: library, KeepIDs: true, Freeze: true, Now: now})
	if err != nil {
		tb.Fatal(err)
	}
	conn := &direct{device: virtual}
	s := session.New(conn, f.Family, nil)
	tb.Cleanup(func() {
		if err := s.Close(); err != nil {
			tb.Error(err)
		}
	})
	return s, conn
}

// open opens a virtual device through a session, and polls it.
func open(tb testing.TB, f *capture.File, library *capture.Library, o *device.Options) (*device.Device, *direct) {
	tb.Helper()
	s, conn := simulate(tb, f, library)
	if o == nil {
		o = &device.Options{}
	}
	o.Now = now
	d, err := device.New(tb.Context(), s, f.Family, o)
	if err != nil {
		tb.Fatal(err)
	}
	if _, err := d.Poll(tb.Context()); err != nil {
		tb.Fatal(err)
	}
	return d, conn
}

// load reads a capture by its name below dir.
func load(tb testing.TB, dir, name string) (*capture.File, *capture.Library) {
	tb.Helper()
	f, err := capture.Load(filepath.Join(dir, filepath.FromSlash(name)))
	if err != nil {
		tb.Fatal(err)
	}
	return f, capture.NewLibrary(filepath.Join(dir, "smart"))
}
