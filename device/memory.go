package device

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"wattle"
	"wattle/method"
	"wattle/method/iot"
	"wattle/method/smart"
)

// Memory is what one process can leave to the next, so that a command needs no
// first contact: what the device is and can do, not its state. It goes into a
// file as JSON and holds no secret. Give it to [Options.Memory]; it belongs to
// one MAC, and whoever stores it has to make sure that the same device answers.
type Memory struct {
	Family  wattle.Family              `json:"family"`
	Answers map[string]json.RawMessage `json:"answers"`
}

// Memory is what is worth remembering of the device. A child has none of its
// own: it comes with its parent.
func (d *Device) Memory() Memory {
	m := Memory{Family: d.family, Answers: map[string]json.RawMessage{}}
	s := d.root().known()
	for key := range d.root().memorable() {
		if raw := s.Snapshot().Raw(key); raw != nil {
			m.Answers[key] = raw
		}
	}
	return m
}

// memorable are the queries whose answers tell what the device is.
func (d *Device) memorable() map[string]method.Query {
	out := map[string]method.Query{}
	for _, q := range []method.Query{
		iot.GetSysinfo.Query(method.EveryPoll),
		smart.ComponentNego.Query(method.OnRequest),
		smart.GetDeviceInfo.Query(method.EveryPoll),
		smart.GetChildComponents.Query(method.EveryPoll),
		smart.GetChildList.Query(method.EveryPoll),
	} {
		out[q.Key()] = q
	}
	return out
}

// remember takes the place of contact, and asks nothing.
func (d *Device) remember(m *Memory) error {
	if m.Family != d.family {
		return fmt.Errorf("%w: what is remembered is of family %q, not %q", wattle.ErrParam, m.Family, d.family)
	}
	answers := map[string]method.Answer{}
	for key, q := range d.memorable() {
		raw, ok := m.Answers[key]
		if !ok {
			continue
		}
		a := method.Answer{Call: q.Call}
		understand(&a, q, raw)
		answers[key] = a
	}
	snapshot := method.NewSnapshot(time.Time{}, d.empty().Source(), answers)
	if versions := versionsOf(snapshot); versions != nil {
		d.components = versions
	}
	return d.conclude(context.Background(), snapshot, false) // asks nothing
}
