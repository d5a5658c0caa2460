package simulator

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"wattle"
	"wattle/simulator/endpoint"
)

// Faults of the whole device, next to those of its endpoints.
const (
	faultReboot = "reboot"
	faultMove   = "ip-change"
)

// FaultNames lists what [Home.SetFault] knows, sorted.
func FaultNames() []string {
	return slices.Sorted(slices.Values(append(endpoint.FaultNames(), faultReboot, faultMove)))
}

// FaultHelp says in one line what a fault does, "" for an unknown one.
func FaultHelp(name string) string {
	switch name {
	case faultReboot:
		return "the device restarts: gone for some seconds (or =DURATION), sessions and on-time lost"
	case faultMove:
		return "the device restarts at another address, as after a new lease"
	}
	return endpoint.FaultHelp(name)
}

// SetFault switches a fault of a device on: NAME or NAME=ARGUMENT, see
// [FaultNames]. reboot and ip-change happen once. The device is named by alias,
// capture, id, MAC or address. Errors wrap wattle.ErrNotFound or wattle.ErrParam.
func (h *Home) SetFault(device, spec string) error {
	p, err := h.find(device)
	if err != nil {
		return err
	}
	return h.setFault(p, spec)
}

func (h *Home) setFault(p *place, spec string) error {
	name, argument, given := strings.Cut(spec, "=")
	switch name {
	case faultReboot, faultMove:
		away := h.o.Reboot
		if given {
			d, err := time.ParseDuration(argument)
			if err != nil || d < 0 {
				return fmt.Errorf("fault %q: want a time such as 3s: %w", spec, wattle.ErrParam)
			}
			away = d
		}
		p.interrupt(command{away: away, move: name == faultMove})
		return nil
	}
	if !slices.Contains(endpoint.FaultNames(), name) {
		return fmt.Errorf("unknown fault %q, known are %s: %w", name, strings.Join(FaultNames(), ", "), wattle.ErrParam)
	}
	return p.faults.Set(spec)
}

// ClearFault switches a fault of a device off, all of them with name "".
func (h *Home) ClearFault(device, name string) error {
	p, err := h.find(device)
	if err != nil {
		return err
	}
	if name != "" && !slices.Contains(FaultNames(), name) {
		return fmt.Errorf("unknown fault %q, known are %s: %w", name, strings.Join(FaultNames(), ", "), wattle.ErrParam)
	}
	p.faults.Clear(name)
	return nil
}

// Poke changes what happens around a device, or around a child of it, which is
// named as "device/child". See [Device.Poke].
func (h *Home) Poke(device, key, value string) error {
	p, err := h.find(device)
	child := ""
	if err != nil {
		name, rest, ok := cutLast(device, "/")
		if !ok {
			return err
		}
		if p, err = h.find(name); err != nil {
			return err
		}
		child = rest
	}
	return p.dev.Poke(child, key, value)
}

func cutLast(s, separator string) (before, after string, found bool) {
	if i := strings.LastIndex(s, separator); i >= 0 {
		return s[:i], s[i+len(separator):], true
	}
	return s, "", false
}

// Status is a device of a home as it is now.
type Status struct {
	Ready
	Faults []string `json:"faults"`
}

// List describes all devices.
func (h *Home) List() []Status {
	h.mu.Lock()
	places := slices.Clone(h.places)
	h.mu.Unlock()
	list := make([]Status, len(places))
	for i, p := range places {
		list[i] = Status{Ready: h.describe(p), Faults: append([]string{}, p.faults.Active()...)}
	}
	return list
}

// find names a device as people do: exactly, then whatever the case, then by
// the beginning of its name.
func (h *Home) find(name string) (*place, error) {
	h.mu.Lock()
	places := slices.Clone(h.places)
	h.mu.Unlock()
	type match func(a, b string) bool
	for _, equal := range []match{
		func(a, b string) bool { return a == b },
		strings.EqualFold,
		func(a, b string) bool { return b != "" && strings.HasPrefix(strings.ToLower(a), strings.ToLower(b)) },
	} {
		var found []*place
		for _, p := range places {
			r := h.describe(p)
			for _, word := range []string{r.Alias, r.Name, r.DeviceID, r.MAC.String(), r.MAC.Key(), r.Address} {
				if equal(word, name) {
					found = append(found, p)
					break
				}
			}
		}
		switch {
		case len(found) == 1:
			return found[0], nil
		case len(found) > 1:
			names := make([]string, len(found))
			for i, p := range found {
				names[i] = p.name
			}
			return nil, fmt.Errorf("%q could be any of %s; use its address: %w", name, strings.Join(names, ", "), wattle.ErrNotFound)
		}
	}
	return nil, fmt.Errorf("no simulated device is called %q: %w", name, wattle.ErrNotFound)
}
