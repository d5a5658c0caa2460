package cloud

import (
	"fmt"
	"strings"

	"wattle"
	"wattle/internal/wire/cloudapi"
	"wattle/method"
)

// Service is one of the services that reach devices.
type Service = cloudapi.Service

// The services. See docs/protocol/cloud.md section 1.
const (
	V1     = cloudapi.V1     // relay of service A, in its envelope; signed for logins of service B
	V2     = cloudapi.V2     // relay of service B for cameras
	Things = cloudapi.Things // shadows, and calls on the device
)

// Path is how a device is reached through the cloud.
type Path struct {
	Service Service       `json:"service"`
	Family  wattle.Family `json:"family"`
	// Attested tells that others have driven such devices in this way.
	// Otherwise it is experimental: it follows from what is known and was not
	// seen to work.
	Attested bool   `json:"attested"`
	Note     string `json:"note,omitempty"`
}

// Standing is the word for people.
func (p Path) Standing() string {
	if p.Attested {
		return "attested"
	}
	return "experimental"
}

// Family is the language of the device by its type; "" where the cloud carries
// none to it.
func (e *Entry) Family() wattle.Family {
	switch {
	case strings.HasPrefix(e.Type, "IOT."):
		return wattle.IOT
	case e.Type == "SMART.IPCAMERA", e.Type == "SMART.TAPODOORBELL":
		return wattle.SMARTCAM
	case cloudapi.IsSmart(e.Type):
		return wattle.SMART
	}
	return ""
}

// Path tells how the device is reached: by its type, and not by the list that
// names it. The error, of class [wattle.ErrUnsupported], says why it cannot be
// and what to do instead. See docs/protocol/cloud.md section 9.
func (e *Entry) Path() (Path, error) {
	switch family := e.Family(); family {
	case wattle.IOT:
		if e.Device == nil {
			return Path{}, unsupported(e, "no relay of the Kasa cloud lists it")
		}
		return Path{Service: V1, Family: family, Attested: true}, nil
	case wattle.SMARTCAM:
		if e.Device == nil {
			return Path{}, unsupported(e, "no relay lists it")
		}
		return Path{Service: V2, Family: family, Note: "works for some cameras; local is better"}, nil
	case wattle.SMART:
		if e.Thing == nil {
			return Path{}, unsupported(e, "it is a Tapo device, which is reached through the things service alone, and that does not list it: sign in to the Tapo cloud")
		}
		switch e.Type {
		case "SMART.TAPOPLUG", "SMART.TAPOSWITCH":
			return Path{Service: Things, Family: family, Attested: true, Note: "switching and energy are attested, the rest is experimental"}, nil
		case "SMART.TAPOBULB":
			return Path{Service: Things, Family: family, Attested: true, Note: "switching is attested, colours are experimental"}, nil
		}
		return Path{Service: Things, Family: family}, nil
	}
	return Path{}, unsupported(e, fmt.Sprintf("devices of the type %q have no known way through the cloud", e.Type))
}

func unsupported(e *Entry, why string) error {
	return &classed{
		fmt.Sprintf("%s (%s) cannot be reached through the cloud: %s", e.label(), e.Model, why), nil, wattle.ErrUnsupported,
		"use it locally, on the network that it is in",
	}
}

// Connected tells whether the device is connected to the service that its path
// goes over; known is false where only another relay speaks of it: a Tapo
// device that works has status 0 in the lists of the relays.
func (e *Entry) Connected() (connected, known bool) {
	switch {
	case cloudapi.IsSmart(e.Type) && e.Thing != nil:
		return e.Thing.Status.Value == 1, e.Thing.Status.Known
	case !cloudapi.IsSmart(e.Type) && e.Device != nil:
		return e.Device.Status.Value == 1, e.Device.Status.Known
	}
	return false, false
}

func (e *Entry) label() string {
	if e.Name != "" {
		return e.Name
	}
	return e.ID
}

// attested reports whether a call was seen to work on its path.
func attested(p Path, c method.Call) bool {
	if !p.Attested || p.Service != Things {
		return p.Attested
	}
	switch c.Method {
	case "get_energy_usage", "get_current_power":
		return true
	}
	_, ok := switchOnly(c)
	return ok
}
