package device

import (
	"context"
	"fmt"
	"time"

	"wattle"
	"wattle/catalog"
	"wattle/feature"
	"wattle/method"
	"wattle/method/iot"
	"wattle/method/smart"
)

// contact learns who the device is and makes the first state.
func (d *Device) contact(ctx context.Context) error {
	snapshot := d.empty()
	var err error
	switch d.family {
	case wattle.IOT:
		// Only this: modules that a device does not know crash some of the old
		// ones (docs/protocol/iot.md section 1.2).
		snapshot, err = d.ask(ctx, snapshot, iot.GetSysinfo.Query(method.EveryPoll))
	case wattle.SMART:
		snapshot, err = d.ask(ctx, snapshot,
			smart.ComponentNego.Query(method.OnRequest),
			smart.GetDeviceInfo.Query(method.EveryPoll),
			smart.GetCloudState.Query(method.EveryMinute))
		if err == nil {
			err = failure(snapshot, smart.ComponentNego.Key())
		}
		if err == nil {
			d.components = versionsOf(snapshot)
			if d.components["child_device"] > 0 {
				snapshot, err = d.ask(ctx, snapshot,
					smart.GetChildComponents.Query(method.EveryPoll), smart.GetChildList.Query(method.EveryPoll))
			}
		}
	default:
		return fmt.Errorf("%w: devices of the family %q cannot be opened yet", wattle.ErrUnsupported, d.family)
	}
	if err != nil {
		return err
	}
	return d.conclude(ctx, snapshot, false)
}

// empty is a snapshot without answers, of the Caller's source.
func (d *Device) empty() *method.Snapshot {
	source := method.Local
	if s, ok := d.caller.(sourced); ok {
		source = s.Source()
	}
	return method.NewSnapshot(d.shared.now(), source, nil)
}

// ask performs queries at once and gives a newer snapshot. The error is that
// of the whole exchange.
func (d *Device) ask(ctx context.Context, s *method.Snapshot, queries ...method.Query) (*method.Snapshot, error) {
	return d.askAll(ctx, s, d.asking(queries))
}

func (d *Device) askAll(ctx context.Context, s *method.Snapshot, queries []*asking) (*method.Snapshot, error) {
	if len(queries) == 0 {
		return s, nil
	}
	now := d.shared.now()
	local := d.localTime(now)
	calls := make([]method.Call, len(queries))
	for i, q := range queries {
		calls[i] = q.At(local)
	}
	results, err := d.Call(ctx, calls...)
	if err != nil {
		return s, err
	}
	return s.WithTaken(now, d.answers(s, queries, calls, results, now)), nil
}

// localTime is what the device's clock shows at a moment of ours, as far as
// an earlier state tells.
func (d *Device) localTime(now time.Time) time.Time {
	root := d.root()
	if s := root.state.Load(); s != nil {
		return s.DeviceTime().Add(now.Sub(s.Time()))
	}
	return now
}

// root is the device with the connection.
func (d *Device) root() *Device {
	if d.parent != nil {
		return d.parent
	}
	return d
}

// failure is why a query that must work did not.
func failure(s *method.Snapshot, key string) error {
	a := s.Find(key)
	switch {
	case a == nil:
		return fmt.Errorf("%s: %w: the device refuses it", key, wattle.ErrProtocol)
	case a.Value != nil:
		return nil
	case a.Err != nil:
		return a.Err
	}
	return fmt.Errorf("%s: %w: the answer is empty", key, wattle.ErrProtocol)
}

// typeOf is the device's type by its answers.
func (d *Device) typeOf(s *method.Snapshot) wattle.DeviceType {
	switch d.family {
	case wattle.IOT:
		if d.parent != nil {
			return wattle.StripSocket
		}
		if i := iot.GetSysinfo.Result(s); i != nil {
			return i.DeviceType()
		}
	case wattle.SMART:
		if i := smart.GetDeviceInfo.Result(s); i != nil {
			return i.DeviceType(d.components)
		}
	}
	return ""
}

// view is what rows see of a snapshot of this device.
func (d *Device) view(s *method.Snapshot, parent *feature.View) *feature.View {
	v := &feature.View{
		Family: d.family, Type: d.typeOf(s), Components: d.components,
		Child: d.child, Snapshot: s, Parent: parent,
	}
	if before := d.state.Load(); before != nil {
		v.Previous = before.readings
		v.Index(before.view)
	} else {
		v.Index(nil)
	}
	if parent == nil {
		v.Local = catalog.LocalTime(v)
	}
	return v
}
