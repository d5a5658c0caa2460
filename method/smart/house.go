package smart

import (
	"time"

	"wattle/method"
)

// Time is the answer of get_device_time (section 6).
type Time struct {
	Timestamp method.Opt[int] `json:"timestamp,omitzero"` // unix seconds
	Region    string          `json:"region,omitempty"`   // IANA name, sometimes another
	TimeDiff  method.Opt[int] `json:"time_diff,omitzero"` // minutes from UTC, without daylight saving time
}

// TimeOf is what a device is told at a moment in a time zone. A zone without a
// name, as the computer's own may be, gives the offset alone.
func TimeOf(t time.Time, zone *time.Location) Time {
	t = t.In(zone)
	out := Time{Timestamp: method.Some(int(t.Unix())), Region: zone.String()}
	if _, ok := method.Zone(out.Region); !ok {
		out.Region = ""
	}
	// The standard offset is the smaller one of winter and summer.
	_, winter := time.Date(t.Year(), 1, 1, 0, 0, 0, 0, zone).Zone()
	_, summer := time.Date(t.Year(), 7, 1, 0, 0, 0, 0, zone).Zone()
	out.TimeDiff = method.Some(min(winter, summer) / 60)
	return out
}

// Moment is the device's time in its own zone: the region where the host
// knows it, else the fixed offset.
func (t *Time) Moment() (time.Time, bool) {
	sec, ok := t.Timestamp.Get()
	if !ok || sec <= 0 {
		return time.Time{}, false
	}
	return time.Unix(int64(sec), 0).In(t.zone()), true
}

func (t *Time) zone() *time.Location {
	if zone, ok := method.Zone(t.Region); ok {
		return zone
	}
	if minutes, ok := t.TimeDiff.Get(); ok && minutes > -24*60 && minutes < 24*60 {
		return time.FixedZone("", minutes*60)
	}
	return time.UTC
}

// CloudState is the answer of get_connect_cloud_state (section 6).
type CloudState struct {
	Status method.Opt[int] `json:"status"` // 0: connected
}

// Housekeeping (section 6).
var (
	GetDeviceTime = method.Method[method.None, Time]{Name: "get_device_time"}
	SetDeviceTime = method.Method[Time, method.None]{Name: "set_device_time", Effect: method.Absolute}
	GetCloudState = method.Method[method.None, CloudState]{Name: "get_connect_cloud_state"}
)
