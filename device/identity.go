package device

import (
	"strings"

	"wattle"
	"wattle/feature"
	"wattle/method/iot"
	"wattle/method/smart"
)

// Identity tells who a device is. Texts are "" where the device does not say.
type Identity struct {
	Family wattle.Family     `json:"family"`
	Type   wattle.DeviceType `json:"type"`
	// Kind is the family of products in the device's own words, such as
	// "SMART.TAPOPLUG"; Category is what kind of child it is, such as "subg.trv".
	Kind     string       `json:"kind,omitempty"`
	Category string       `json:"category,omitempty"`
	Brand    string       `json:"brand,omitempty"` // kasa or tapo
	Model    wattle.Model `json:"model"`
	Alias    string       `json:"alias"` // the name that its owner gave it
	Hardware string       `json:"hw_version,omitempty"`
	Firmware string       `json:"fw_version,omitempty"` // "1.2.3"
	Build    string       `json:"fw_build,omitempty"`   // "Build 230425 Rel.142542"
	MAC      wattle.MAC   `json:"mac"`                  // a child may have that of its parent
	// DeviceID is the device's own id; for a child the one by which its parent
	// knows it.
	DeviceID   string `json:"device_id"`
	HardwareID string `json:"hw_id,omitempty"`
	OEMID      string `json:"oem_id,omitempty"`
	// Parent is the DeviceID of the parent of a child, else "".
	Parent string `json:"parent,omitempty"`
	// Components are what a SMART device says it can do, with versions.
	Components map[string]int `json:"components,omitempty"`
}

// Label is the shortest text that a person recognises: alias, else model and
// MAC.
func (i *Identity) Label() string {
	switch {
	case i.Alias != "":
		return i.Alias
	case !i.MAC.IsZero():
		return strings.TrimSpace(i.Model.Name + " " + i.MAC.String())
	}
	return strings.TrimSpace(i.Model.Name + " " + i.DeviceID)
}

// identify reads the identity from the answers of a view.
func identify(v *feature.View) Identity {
	id := Identity{Family: v.Family, Type: v.Type, Components: v.Components, DeviceID: v.Child}
	switch v.Family {
	case wattle.IOT:
		identifyIOT(&id, v)
	case wattle.SMART:
		identifySMART(&id, v)
	}
	return id
}

func identifyIOT(id *Identity, v *feature.View) {
	s := iot.GetSysinfo.Result(v.Root().Snapshot)
	if s == nil {
		return
	}
	id.Kind, id.Brand = s.Family(), "kasa"
	id.Model = wattle.ParseModel(s.Model)
	id.Hardware = s.Hardware
	id.Firmware, id.Build, _ = strings.Cut(s.Firmware, " ")
	id.MAC, id.HardwareID, id.OEMID = s.Address(), s.HardwareID, s.OEMID
	if v.Parent == nil {
		id.Alias, id.DeviceID = s.Alias, s.DeviceID
		return
	}
	id.Parent = s.DeviceID
	if o := iot.GetOutlet.Result(v.Snapshot); o != nil {
		id.Alias = o.Alias
	}
}

func identifySMART(id *Identity, v *feature.View) {
	i := smart.GetDeviceInfo.Result(v.Snapshot)
	if i == nil {
		return
	}
	id.Kind, id.Category, id.Brand = i.Type, i.Category, smart.Brand(i.Type)
	id.Model = wattle.Model{Name: i.Model, Region: i.Specs}
	id.Alias = smart.Text(i.Nickname.Or(""))
	id.Hardware = i.Hardware
	id.Firmware, id.Build, _ = strings.Cut(i.Firmware, " ")
	id.MAC, id.HardwareID, id.OEMID = i.Address(), i.HardwareID, i.OEMID
	if v.Parent == nil {
		id.DeviceID = i.DeviceID
	} else if p := smart.GetDeviceInfo.Result(v.Parent.Snapshot); p != nil {
		id.Parent = p.DeviceID
	}
}
