package simulator

import (
	"fmt"
	"maps"
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
	faultLazy   = "lazy-api"
	faultSingle = "single-session"
	faultClock  = "clock-unset"
	faultUpdate = "firmware"
	faultSpeaks = "transport"
	faultOnly   = "tpap-only"
	faultPrefer = "tpap-preferred"
)

// ownHelp is what they do.
var ownHelp = map[string]string{
	faultReboot: "the device restarts: gone for some seconds (or =DURATION), sessions and on-time lost",
	faultMove:   "the device restarts at another address, as after a new lease",
	faultLazy:   "after each start connections are refused until a discovery probe arrives, or for 500 s (or =DURATION)",
	faultSingle: "a login ends all other sessions",
	faultClock:  "the clock was never set: what depends on it is refused",
	faultUpdate: "=VERSION: the device installs this firmware at once and restarts",
	faultOnly:   "the device restarts and speaks TPAP and nothing else, as after an update",
	faultPrefer: "the device restarts and wants TPAP, and answers KLAP beside it",
	faultSpeaks: "=NAME: the device restarts and speaks another transport, as after an update",
}

// lazySleep is how long a lazy device takes no connections without a probe.
const lazySleep = 500 * time.Second

// FaultNames lists what [Home.SetFault] knows, sorted.
func FaultNames() []string {
	return slices.Sorted(slices.Values(append(endpoint.FaultNames(), slices.Collect(maps.Keys(ownHelp))...)))
}

// FaultHelp says in one line what a fault does, "" for an unknown one.
func FaultHelp(name string) string {
	if help, ok := ownHelp[name]; ok {
		return help
	}
	return endpoint.FaultHelp(name)
}

// SetFault switches a fault of a device on: NAME or NAME=ARGUMENT, see
// [FaultNames]. reboot, ip-change and firmware happen once; single-session and
// transport end the sessions that there are. The device is named by alias,
// capture, id, MAC or address; the name of an annex stands for itself, and a
// fault that begins with it goes to it. Errors wrap wattle.ErrNotFound or
// wattle.ErrParam.
func (h *Home) SetFault(device, spec string) error {
	if a := h.annex(device); a != nil {
		return a.SetFault(nil, spec)
	}
	p, err := h.find(device)
	if err != nil {
		return err
	}
	if a := h.annexOf(spec); a != nil {
		return a.SetFault(p.dev, spec)
	}
	return h.setFault(p, spec)
}

func (h *Home) setFault(p *place, spec string) error {
	name, argument, given := strings.Cut(spec, "=")
	if _, ok := ownHelp[name]; !ok {
		if !slices.Contains(endpoint.FaultNames(), name) {
			return fmt.Errorf("unknown fault %q, known are %s: %w", name, strings.Join(FaultNames(), ", "), wattle.ErrParam)
		}
		return p.faults.Set(spec)
	}
	switch name {
	case faultUpdate:
		return p.dev.Install(argument)
	case faultOnly, faultPrefer:
		if given {
			return fmt.Errorf("fault %q: takes no argument: %w", spec, wattle.ErrParam)
		}
		if err := p.dev.speak("tpap", name == faultPrefer); err != nil {
			return fmt.Errorf("fault %q: %w", spec, err)
		}
		p.speaks(name, "")
		return nil
	case faultSpeaks:
		if argument == "" {
			return fmt.Errorf("fault %q: want one of %s: %w", spec, strings.Join(Transports(), ", "), wattle.ErrParam)
		}
		if err := p.dev.Speak(argument); err != nil {
			return fmt.Errorf("fault %q: %w", spec, err)
		}
		p.speaks(name, argument)
		return nil
	}
	var d time.Duration
	if given {
		var err error
		if d, err = time.ParseDuration(argument); err != nil || d < 0 || name == faultSingle || name == faultClock {
			return fmt.Errorf("fault %q: %s: %w", spec, argumentOf(name), wattle.ErrParam)
		}
	}
	switch name {
	case faultReboot, faultMove:
		if !given {
			d = h.o.Reboot
		}
		p.interrupt(command{away: d, move: name == faultMove})
	case faultLazy:
		if !given {
			d = lazySleep
		}
		p.own.set(name, ownFault{d: d})
	case faultSingle:
		p.own.set(name, ownFault{})
		p.restart()
	case faultClock:
		p.own.set(name, ownFault{})
		p.dev.unsetClock(true)
	}
	return nil
}

// transportFaults are those of which only one can be on.
var transportFaults = []string{faultSpeaks, faultOnly, faultPrefer}

// speaks notes the fault by which a device speaks another transport now.
func (p *place) speaks(name, argument string) {
	for _, other := range transportFaults {
		if p.own.has(other) {
			p.own.clear(other)
		}
	}
	p.own.set(name, ownFault{text: argument})
	p.restart()
}

func (p *place) speaksElse() bool { return slices.ContainsFunc(transportFaults, p.own.has) }

// restart makes new endpoints, without being away.
func (p *place) restart() {
	if p.served.Load() {
		p.interrupt(command{})
	}
}

func argumentOf(name string) string {
	if name == faultSingle || name == faultClock {
		return "takes no argument"
	}
	return "want a time such as 3s"
}

// ClearFault switches a fault of a device off, all of them with name "".
func (h *Home) ClearFault(device, name string) error {
	if a := h.annex(device); a != nil {
		return a.ClearFault(nil, name)
	}
	p, err := h.find(device)
	if err != nil {
		return err
	}
	if a := h.annexOf(name); a != nil {
		return a.ClearFault(p.dev, name)
	}
	if name != "" && !slices.Contains(FaultNames(), name) {
		return fmt.Errorf("unknown fault %q, known are %s: %w", name, strings.Join(FaultNames(), ", "), wattle.ErrParam)
	}
	if name == "" {
		for _, a := range h.allAnnexes() {
			if err := a.ClearFault(p.dev, ""); err != nil {
				return err
			}
		}
	}
	if _, own := ownHelp[name]; !own {
		p.faults.Clear(name)
	}
	single, speaks := p.own.has(faultSingle), p.speaksElse()
	p.own.clear(name)
	p.dev.unsetClock(p.own.has(faultClock))
	if speaks && !p.speaksElse() {
		if err := p.dev.Speak(""); err != nil {
			return err
		}
		p.restart()
	}
	if single && !p.own.has(faultSingle) {
		p.restart()
	}
	return nil
}

// Poke changes what happens around a device, or around a child of it, which is
// named as "device/child", or as "child" where only one is called so. See
// [Device.Poke].
func (h *Home) Poke(device, key, value string) error {
	if a := h.annex(device); a != nil {
		return a.Poke(key, value)
	}
	p, child, err := h.findChild(device)
	if err != nil {
		return err
	}
	return p.dev.Poke(child, key, value)
}

// Fire lets something happen at a device, or at a child of it, which is named
// as in [Home.Poke]. See [Device.Fire].
func (h *Home) Fire(device, action, argument string) error {
	p, child, err := h.findChild(device)
	if err != nil {
		return err
	}
	return p.dev.Fire(child, action, argument)
}

// findChild names a device or a child. child is "" for the device itself.
func (h *Home) findChild(name string) (p *place, child string, err error) {
	if p, err = h.find(name); err == nil {
		return p, "", nil
	}
	if parent, rest, ok := cutLast(name, "/"); ok {
		p, err = h.find(parent)
		return p, rest, err
	}
	h.mu.Lock()
	places := slices.Clone(h.places)
	h.mu.Unlock()
	var found []*place
	for _, each := range places {
		for _, c := range each.dev.Info().Children {
			if strings.EqualFold(c.Alias, name) || c.DeviceID == name {
				found, child = append(found, each), c.DeviceID
			}
		}
	}
	if len(found) != 1 {
		return nil, "", err
	}
	return found[0], child, nil
}

func cutLast(s, separator string) (before, after string, found bool) {
	if i := strings.LastIndex(s, separator); i >= 0 {
		return s[:i], s[i+len(separator):], true
	}
	return s, "", false
}

// Logins are the attempts to log in to a device since the home was made, also
// over restarts. The device is named as in [Home.SetFault].
func (h *Home) Logins(device string) ([]endpoint.Login, error) {
	p, err := h.find(device)
	if err != nil {
		return nil, err
	}
	return p.journal.Logins(), nil
}

// Status is a device of a home as it is now.
type Status struct {
	Ready
	Faults []string `json:"faults"`
}

// List describes all devices, and after them what else is in the home.
func (h *Home) List() []Status {
	h.mu.Lock()
	places := slices.Clone(h.places)
	h.mu.Unlock()
	annexes := h.allAnnexes()
	list := make([]Status, 0, len(places)+len(annexes))
	for _, p := range places {
		faults := append(p.own.active(), p.faults.Active()...)
		for _, a := range annexes {
			faults = append(faults, a.Faults(p.dev)...)
		}
		list = append(list, Status{Ready: h.describe(p), Faults: faults})
	}
	for _, a := range annexes {
		list = append(list, Status{Ready: a.Describe(), Faults: a.Faults(nil)})
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
