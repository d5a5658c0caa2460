package device_test

import (
	"context"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"wattle/capture"
	"wattle/device"
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
}

var _ transport.Conn = (*direct)(nil)

func (d *direct) Exchange(ctx context.Context, request []byte) ([]byte, error) {
	d.exchanges.Add(1)
	return d.device.Handle(ctx, request)
}
func (d *direct) Reset()               {}
func (d *direct) Info() transport.Info { return transport.Info{} }
func (d *direct) Close() error         { return nil }

// captures is the folder of captured answers of real devices. They are other
// people's and not part of the project; see CONTRIBUTING.md.
func captures(t testing.TB) string {
	t.Helper()
	dir := os.Getenv("WATTLE_CAPTURES")
	if dir == "" {
		dir = filepath.Join("..", "..", "shared", "captures")
	}
	if _, err := os.Stat(filepath.Join(dir, "expected")); err != nil {
		t.Skipf("no captures: set WATTLE_CAPTURES or put them at ../shared/captures beside the repository (%v)", err)
	}
	return dir
}

// names are the captures of some folders, as FOLDER/NAME.json.
func names(t testing.TB, dir string, folders ...string) []string {
	t.Helper()
	var out []string
	for _, folder := range folders {
		files, err := filepath.Glob(filepath.Join(dir, folder, "*.json"))
		if err != nil || len(files) == 0 {
			t.Fatalf("no captures in %s (%v)", folder, err)
		}
		for _, f := range files {
			out = append(out, filepath.ToSlash(filepath.Join(folder, filepath.Base(f))))
		}
	}
	return out
}

// simulate starts a virtual device: as recorded, with clock and energy at rest.
func simulate(t testing.TB, f *capture.File, library *capture.Library) (*session.Session, *direct) {
	t.Helper()
	virtual, err := simulator.New(f, &simulator.DeviceOptions{Library: library, KeepIDs: true, Freeze: true, Now: now})
	if err != nil {
		t.Fatal(err)
	}
	conn := &direct{device: virtual}
	s := session.New(conn, f.Family, nil)
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s, conn
}

// open opens a virtual device through a session, and polls it.
func open(t testing.TB, f *capture.File, library *capture.Library, o *device.Options) (*device.Device, *direct) {
	t.Helper()
	s, conn := simulate(t, f, library)
	if o == nil {
		o = &device.Options{}
	}
	o.Now = now
	d, err := device.New(t.Context(), s, f.Family, o)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := d.Poll(t.Context()); err != nil {
		t.Fatal(err)
	}
	return d, conn
}

// load reads a capture by its name below dir.
func load(t testing.TB, dir, name string) (*capture.File, *capture.Library) {
	t.Helper()
	f, err := capture.Load(filepath.Join(dir, filepath.FromSlash(name)))
	if err != nil {
		t.Fatal(err)
	}
	return f, capture.NewLibrary(filepath.Join(dir, "smart"))
}
