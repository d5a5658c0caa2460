package simulator

import (
	"time"

	"wattle/method"
	wire "wattle/method/iot"
)

// The clock of IOT devices keeps local time and the index of a zone. No
// capture has it. See docs/protocol/iot.md section 9.

const (
	zoneUTC  = 38
	lastZone = 109
)

// iotZone is the zone of an index.
func iotZone(index int) *time.Location {
	return (&wire.Timezone{Index: method.Some(index)}).Location(&wire.Time{}, time.Time{})
}

func (e *iot) getTime(c *iotCall) (object, *iotFault) {
	if answer, ok := e.answer(c.module, c.method); ok {
		return answer, nil // the capture is better than what is made up
	}
	t := e.d.clock.time()
	if e.d.clock.unset {
		t = never
	}
	return object{
		"year": marshal(t.Year()), "month": marshal(int(t.Month())), "mday": marshal(t.Day()),
		"wday": marshal(int(t.Weekday())), "hour": marshal(t.Hour()), "min": marshal(t.Minute()), "sec": marshal(t.Second()),
	}, nil
}

func (e *iot) getTimezone(c *iotCall) (object, *iotFault) {
	if answer, ok := e.answer(c.module, c.method); ok {
		return answer, nil
	}
	return object{"index": marshal(e.zone)}, nil
}

func (e *iot) setTime(c *iotCall) (object, *iotFault) {
	if e.d.quirks.NoSetTime {
		return nil, &e.errors.argument
	}
	t, ok := timeOf(c.args, e.d.clock.zone)
	if !ok {
		return nil, &e.errors.argument
	}
	e.setClock(c.module, t)
	return nil, nil
}

func (e *iot) setTimezone(c *iotCall) (object, *iotFault) {
	index, ok := c.args.integer("index")
	if !ok || index < 0 || index > lastZone {
		return nil, &e.errors.argument
	}
	zone := iotZone(index)
	moment := e.d.clock.time()
	if c.args.has("year") {
		if moment, ok = timeOf(c.args, zone); !ok {
			return nil, &e.errors.argument
		}
	}
	e.zone = index
	e.d.clock.zone = zone
	e.setClock(c.module, moment)
	e.change(c.module, "get_timezone", object{"index": marshal(index), "err_code": marshal(0)})
	return nil, nil
}

func (e *iot) setClock(module string, t time.Time) {
	e.d.clock.unset = false
	e.d.clock.set(t)
	for _, o := range e.all() {
		o.power.energy.jump(e.d.clock.time())
		o.usage.jump(e.d.clock.time())
	}
	delete(e.own[module], "get_time")
	e.replan()
}

func timeOf(args object, zone *time.Location) (time.Time, bool) {
	var v [6]int
	limits := [6][2]int{{1970, 2106}, {1, 12}, {1, 31}, {0, 23}, {0, 59}, {0, 59}}
	for i, key := range []string{"year", "month", "mday", "hour", "min", "sec"} {
		n, ok := args.integer(key)
		if !ok || n < limits[i][0] || n > limits[i][1] {
			return time.Time{}, false
		}
		v[i] = n
	}
	t := time.Date(v[0], time.Month(v[1]), v[2], v[3], v[4], v[5], 0, zone)
	return t, t.Day() == v[2]
}
