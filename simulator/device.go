package simulator

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/netip"
	"sync"
	"time"

	"wattle"
	"wattle/capture"
)

// DeviceOptions are how a capture becomes a device; nil and the zero value work.
type DeviceOptions struct {
	// Library finds the captures of the children of a hub, nil for none. See
	// [capture.NewLibrary].
	Library *capture.Library
	// Hub is the capture of the hub behind which the capture of a single
	// child is put. nil takes an invented one.
	Hub *capture.File
	// KeepIDs leaves device ids and MAC addresses as they are stored.
	// Otherwise they are made of the capture's name and Index.
	KeepIDs bool
	// Index tells devices apart that are made of captures with the same ids:
	// number them from 0. At most 65534.
	Index int
	// Freeze serves everything as it was recorded: energy does not run, and
	// the device's clock stands at the time of the capture. Setters work.
	Freeze bool
	// Now is the time, nil for time.Now.
	Now func() time.Time
	// Alias renames the device, "" leaves the name.
	Alias string
	// Transport is the one to serve and announce instead of the stored one:
	// one of [Transports].
	Transport string
	// Battery looks after its charge: the device answers those who look for
	// devices on UDP 20004 instead of 20002, as battery cameras and doorbells do.
	// Doorbells do so by themselves.
	Battery bool
	// Ripple lets power swing by this part of it, such as 0.02, to look alive.
	Ripple float64
	// Quirks are bad habits of some firmware.
	Quirks Quirks
}

// Quirks make a device behave as badly as some real ones. The zero value is a
// well-behaved device. See docs/protocol/smart.md section 1.2 and
// docs/protocol/iot.md section 1.2.
type Quirks struct {
	NoSetTime   bool // IOT: set_time is refused with -3, as by several plugs, which take set_timezone
	NoBatch     bool // SMART: multipleRequest is refused with -1003, as on a P100
	MaxBatch    int  // SMART: more requests in one batch are refused with -1006; 0 is 100
	SilentBatch bool // SMART: the second batch and all later ones get no answer, as on a P300
	MaxRequest  int  // bytes; a longer request gets no answer; 0 is no limit
	MaxAnswer   int  // bytes; a longer answer is not sent; 0 is no limit
	EmptyLogs   bool // SMART: trigger logs are always empty, as behind an H200
}

// Device is a virtual device: the answers of a capture, changed by what is
// asked of it and by time. It stands behind any endpoint. Methods may be called
// from several goroutines.
type Device struct {
	file  *capture.File // what it was made of
	host  *capture.File // what answers: the file, or the hub of a child
	ids   identity
	clock clock

	quirks  Quirks
	route   wattle.Route
	options DeviceOptions

	mu       sync.Mutex
	engine   engine
	address  netip.Addr
	rebooted func(delay time.Duration)
	said     saidScheme
	beside   bool                // it prefers TPAP and answers KLAP too
	fresh    bool                // it waits to be set up
	account  *wattle.Credentials // that it was given since it was made
	left     bool                // it leaves the network instead of answering
}

// engine is the language of a family: what makes an answer of a request.
// Device holds its lock around every call.
type engine interface {
	// handle gives nil for a request that a device does not answer.
	handle(request []byte) []byte
	info(*Info)
	discovery(*Discovery)
	// setAddress tells the device where it is on the network.
	setAddress(netip.Addr)
	// restart forgets what a device forgets without power.
	restart()
	poke(child, key string, value json.RawMessage) error
	fire(child, action, argument string) error
	// install ends an update of the device to a version.
	install(version string)
	// forget takes away what people have told the device.
	forget()
}

// New makes a device of a capture. Errors wrap wattle.ErrUnsupported where
// the family or the transport cannot be simulated.
func New(f *capture.File, o *DeviceOptions) (*Device, error) {
	if o == nil {
		o = &DeviceOptions{}
	}
	if f == nil {
		return nil, errors.New("simulator: no capture")
	}
	if o.Index < 0 || o.Index > maxIndex {
		return nil, fmt.Errorf("index %d of a simulated device is out of 0 to %d", o.Index, maxIndex)
	}
	d := &Device{
		file: f, host: f, options: *o, quirks: o.Quirks,
		ids: identity{keep: o.KeepIDs, name: f.Name, index: o.Index},
	}
	d.clock = newClock(o.Now, o.Freeze)
	if err := d.reset(); err != nil {
		return nil, fmt.Errorf("capture %s: %w", f.Name, err)
	}
	route, err := chooseRoute(d.host, d.engine, o.Transport)
	if err != nil {
		return nil, fmt.Errorf("capture %s: %w", f.Name, err)
	}
	d.route = route
	return d, nil
}

// valid checks what is read often and not checked again. Captures from files are
// JSON, but they can be made otherwise.
func valid(f *capture.File) error {
	for name, raw := range f.Data {
		if !json.Valid(raw) {
			return fmt.Errorf("%s of %s is not JSON", name, f.Name)
		}
	}
	if len(f.Discovery) > 0 && !json.Valid(f.Discovery) {
		return fmt.Errorf("the answer to discovery of %s is not JSON", f.Name)
	}
	return nil
}

// reset makes the engine anew from the capture.
func (d *Device) reset() error {
	switch {
	case d.file.Kind == capture.KindSmartChild:
		hub, err := attach(d.file, d.options.Hub)
		if err != nil {
			return err
		}
		d.host = hub
		e, err := newSmart(d, hub, d.file)
		d.engine = e
		return err
	case d.file.Family == wattle.IOT:
		e, err := newIOT(d)
		d.engine = e
		return err
	case d.file.Family == wattle.SMART:
		e, err := newSmart(d, d.file, nil)
		d.engine = e
		return err
	}
	return fmt.Errorf("simulating the family %s: %w", d.file.Family, wattle.ErrUnsupported)
}

// Handle answers one application message. It implements endpoint.Device:
// (nil, nil) is what a device does that drops the connection without a word.
func (d *Device) Handle(ctx context.Context, request []byte) ([]byte, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if limit := d.quirks.MaxRequest; limit > 0 && len(request) > limit {
		return nil, nil
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	answer := d.engine.handle(request)
	if d.left {
		d.left = false
		return nil, nil
	}
	if limit := d.quirks.MaxAnswer; limit > 0 && len(answer) > limit {
		return nil, nil
	}
	return answer, nil
}

// OnReboot sets what happens when a client asks the device to restart, after
// the answer and the delay it named. By default only the time that it is on
// starts anew. f must not call the device and must not wait.
func (d *Device) OnReboot(f func(delay time.Duration)) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.rebooted = f
}

// reboot is called with the lock held.
func (d *Device) reboot(delay time.Duration) {
	if d.rebooted != nil {
		d.rebooted(delay)
		return
	}
	d.engine.restart()
}

// Restart forgets what a device forgets without power.
func (d *Device) Restart() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.engine.restart()
}

// Speak makes the device announce another transport from now on, one of
// [Transports], as firmware does after an update; "" is the first one again.
// Who serves the device has to do so anew. Errors wrap wattle.ErrParam or
// wattle.ErrUnsupported.
func (d *Device) Speak(transport string) error { return d.speak(transport, false) }

// speak is Speak; beside leaves KLAP open beside TPAP.
func (d *Device) speak(transport string, beside bool) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if transport == "" {
		transport = d.options.Transport
	}
	route, err := chooseRoute(d.host, d.engine, transport)
	if err != nil {
		return err
	}
	d.route, d.beside = route, beside
	return nil
}

// Install makes the device run another firmware at once, and restart. The
// error is a wattle.ErrParam for what is no version.
func (d *Device) Install(version string) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	version, err := versionOf(marshal(version))
	if err != nil {
		return err
	}
	d.engine.install(version)
	return nil
}

// unsetClock makes the device answer as one whose clock was never set. See
// docs/protocol/smart.md section 1.1.
func (d *Device) unsetClock(unset bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.clock.unset = unset
}

// SetAddress tells the device the address that it is reached at.
func (d *Device) SetAddress(a netip.Addr) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.address = a
	d.engine.setAddress(a)
}

// Info describes a device for people and for the program that started it.
type Info struct {
	Name     string        `json:"name"` // of the capture
	Alias    string        `json:"alias"`
	Model    wattle.Model  `json:"model"`
	Family   wattle.Family `json:"family"`
	Type     string        `json:"device_type"`
	DeviceID string        `json:"device_id"`
	MAC      wattle.MAC    `json:"mac"`
	// Route is the transport that the device announces, without Host.
	Route    wattle.Route `json:"route"`
	Children []ChildInfo  `json:"children,omitempty"`
}

// ChildInfo describes an outlet of a strip or a child of a hub.
type ChildInfo struct {
	DeviceID string `json:"device_id"`
	Alias    string `json:"alias"`
	Model    string `json:"model,omitempty"`
	Category string `json:"category,omitempty"`
}

// Info describes the device as it is now.
func (d *Device) Info() Info {
	d.mu.Lock()
	defer d.mu.Unlock()
	i := Info{Name: d.file.Name, Family: d.file.Family, Route: d.route}
	d.engine.info(&i)
	return i
}
