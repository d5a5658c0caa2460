package simulator

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"wattle"
)

// Annex is what belongs to a home besides its devices and is controlled like one
// of them: the cloud that they are connected to. Where a method takes a device,
// nil stands for all of them.
type Annex interface {
	// Describe tells where it is served.
	Describe() Ready
	// FaultNames are the faults that it knows. All of them begin with its name
	// and a hyphen, so that they cannot be taken for those of a device.
	FaultNames() []string
	// SetFault and ClearFault are those of [Home]; name may be "" for all.
	SetFault(device *Device, spec string) error
	ClearFault(device *Device, name string) error
	// Faults lists what is on, as SetFault takes it.
	Faults(device *Device) []string
	// Poke changes what happens at it.
	Poke(key, value string) error
	// Read tells something of it, such as what it was asked.
	Read(what string) (json.RawMessage, error)
}

// Join puts an annex beside the devices, before Run. Its name must not be that of
// a device or of another annex.
func (h *Home) Join(a Annex) error {
	name := a.Describe().Name
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.names[name] {
		return fmt.Errorf("the home has a %q already: %w", name, wattle.ErrParam)
	}
	h.names[name] = true
	h.annexes = append(h.annexes, a)
	return nil
}

// Devices are the devices of the home, in the order in which they were added.
func (h *Home) Devices() []*Device {
	h.mu.Lock()
	defer h.mu.Unlock()
	list := make([]*Device, len(h.places))
	for i, p := range h.places {
		list[i] = p.dev
	}
	return list
}

// Read tells something of an annex, such as the journal of the cloud, or the
// "logins" of a device, see [Home.Logins]. Errors wrap wattle.ErrNotFound or
// wattle.ErrParam.
func (h *Home) Read(name, what string) (json.RawMessage, error) {
	if a := h.annex(name); a != nil {
		return a.Read(what)
	}
	if what == "logins" {
		logins, err := h.Logins(name)
		if err != nil {
			return nil, err
		}
		return json.Marshal(logins)
	}
	return nil, fmt.Errorf("%q has no %q to read: %w", name, what, wattle.ErrNotFound)
}

// annex finds an annex by its name, nil without one.
func (h *Home) annex(name string) Annex {
	for _, a := range h.allAnnexes() {
		if strings.EqualFold(a.Describe().Name, name) {
			return a
		}
	}
	return nil
}

// annexOf finds the annex that knows a fault of a device.
func (h *Home) annexOf(fault string) Annex {
	for _, a := range h.allAnnexes() {
		if strings.HasPrefix(fault, a.Describe().Name+"-") {
			return a
		}
	}
	return nil
}

func (h *Home) allAnnexes() []Annex {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.Clone(h.annexes)
}
