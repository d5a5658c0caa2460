package device

import (
	"context"
	"fmt"
	"math"

	"wattle"
	"wattle/method"
	"wattle/method/iot"
	"wattle/method/smart"
)

// Location is where a device is, in degrees; it computes sunrise and sunset of
// it. Devices keep four digits after the point, which is ten metres.
type Location struct {
	Latitude  float64 `json:"latitude"`  // -90 to 90, north is above 0
	Longitude float64 `json:"longitude"` // -180 to 180, east is above 0
}

const perDegree = 10_000

// Location is where the device is; ok is false where nobody has told it.
func (s *State) Location() (l Location, ok bool) {
	v := s.view
	switch v.Family {
	case wattle.IOT:
		info := iot.GetSysinfo.Result(v.Root().Snapshot)
		if info == nil {
			return l, false
		}
		l = Location{Latitude: info.Latitude.Or(0), Longitude: info.Longitude.Or(0)}
		if n, ok := info.LatitudeI.Get(); ok {
			l = Location{Latitude: float64(n) / perDegree, Longitude: float64(info.LongitudeI.Or(0)) / perDegree}
		}
	case wattle.SMART:
		i := smart.GetDeviceInfo.Result(v.Snapshot)
		if i != nil && !i.Latitude.Known() && !i.LatitudeShort.Known() {
			i = smart.GetDeviceInfo.Result(v.Root().Snapshot)
		}
		if i == nil || !i.HasLocation.Or(true) {
			return l, false
		}
		lat, lon := i.Latitude, i.Longitude
		if !lat.Known() {
			lat, lon = i.LatitudeShort, i.LongitudeShort
		}
		l = Location{Latitude: float64(lat.Or(0)) / perDegree, Longitude: float64(lon.Or(0)) / perDegree}
	}
	// In the Gulf of Guinea there is no socket: both are 0 where nobody told.
	return l, l != Location{} && l.valid()
}

func (l Location) valid() bool {
	return math.Abs(l.Latitude) <= 90 && math.Abs(l.Longitude) <= 180 // false for NaN
}

// SetLocation tells the device where it is. Errors wrap [wattle.ErrParam] for a
// place that is not on Earth, and [wattle.ErrUnsupported] where it does not
// want to know. See docs/protocol/iot.md section 3 and smart.md section 5.2.
func (d *Device) SetLocation(ctx context.Context, l Location) error {
	d = d.root()
	if !l.valid() {
		return fmt.Errorf("%s: %w: latitude is -90 to 90 and longitude -180 to 180 degrees", d.label(), wattle.ErrParam)
	}
	lat := method.Some(int(math.Round(l.Latitude * perDegree)))
	lon := method.Some(int(math.Round(l.Longitude * perDegree)))
	s := d.known()
	if d.family == wattle.SMART {
		if i := smart.GetDeviceInfo.Result(s.Snapshot()); i != nil && !i.Latitude.Known() {
			return d.lacks("location")
		}
		err := order(ctx, d, smart.SetDeviceInfo, smart.SetInfo{Latitude: lat, Longitude: lon})
		d.stale(smart.GetDeviceInfo.Query(method.EveryPoll))
		return err
	}
	p := iot.Position{LatitudeI: lat, LongitudeI: lon}
	if i := iot.GetSysinfo.Result(s.Snapshot()); i != nil && i.Latitude.Known() && !i.LatitudeI.Known() {
		p = iot.Position{Latitude: method.Some(l.Latitude), Longitude: method.Some(l.Longitude)}
	}
	return d.firstSystem(func(m iot.System) error { return order(ctx, d, m.SetDevLocation, p) })
}

// firstSystem asks the system module that bulbs have for themselves, where the
// device is one, and the one that all have where it is not known.
func (d *Device) firstSystem(try func(iot.System) error) error {
	if d.isLight() {
		if err := try(iot.BulbSystem); !unsupported(err) {
			return err
		}
	}
	return try(iot.PlugSystem)
}
