package simulator

import (
	"encoding/json"
	"math"
	"time"
)

const (
	recordStep = 15 * time.Minute
	recordNone = -1000
)

// recordSources are the lists of get_temp_humidity_records, and where their
// values come from, with what they are multiplied by.
var recordSources = map[string]struct {
	key    string
	factor float64
}{
	"past24h_temp":               {"current_temp", 10},
	"past24h_temp_exception":     {"current_temp_exception", 10},
	"past24h_humidity":           {"current_humidity", 1},
	"past24h_humidity_exception": {"current_humidity_exception", 1},
}

// recorder is the history of a climate sensor: one value for each quarter of
// an hour, the last one newest. See docs/protocol/smart.md section 12.
type recorder struct {
	answer object // nil for a device without one
	step   int64  // number of the present quarter
}

func (r *recorder) start(u *unit) {
	if stored, ok := u.stored("get_temp_humidity_records"); ok && stored.has("local_time") {
		*r = recorder{answer: stored, step: quarter(u.e.d.clock.time())}
	}
}

func quarter(t time.Time) int64 { return t.Unix() / int64(recordStep/time.Second) }

// advance adds the quarters that have passed since the last time.
func (r *recorder) advance(u *unit) {
	if r.answer == nil {
		return
	}
	now := quarter(u.e.d.clock.time())
	passed := now - r.step
	r.step = now
	if passed <= 0 {
		return
	}
	for name := range recordSources {
		if list := r.answer.array(name); len(list) > 0 {
			for range min(passed, int64(len(list))) {
				list = append(list[1:], r.present(u, name))
			}
			r.answer[name] = rawArray(list)
		}
	}
}

// change notes that a value is another one now.
func (r *recorder) change(u *unit) {
	if r.answer == nil {
		return
	}
	for name := range recordSources {
		if list := r.answer.array(name); len(list) > 0 {
			list[len(list)-1] = r.present(u, name)
			r.answer[name] = rawArray(list)
		}
	}
}

// present is the value of now, as a list has it.
func (r *recorder) present(u *unit, name string) json.RawMessage {
	from := recordSources[name]
	value, ok := u.info.number(from.key)
	if !ok {
		return marshal(recordNone)
	}
	return marshal(int(math.Round(value * from.factor)))
}

func (u *unit) getRecords(object) (json.RawMessage, int) {
	if u.records.answer == nil {
		answer, ok := u.answer("get_temp_humidity_records")
		if !ok {
			return nil, u.unknown("get_temp_humidity_records")
		}
		return answer, 0
	}
	answer := u.records.answer.clone()
	if !u.e.d.options.Freeze {
		answer.put("local_time", u.e.d.clock.time().Unix())
		if u.info.has("temp_unit") {
			answer["temp_unit"] = u.info["temp_unit"]
		}
	}
	return answer.raw(), 0
}
