package hubapi

import (
	"encoding/json"
	"time"

	"wattle"
	"wattle/discover"
	"wattle/event"
	"wattle/feature"
	"wattle/hub"
	"wattle/method"
)

// Device is a device or a child as the hub knows it.
type Device struct {
	ID       string            `json:"id" doc:"For URLs: digits of the MAC, and _CHILD" example:"5091e3000001"`
	MAC      wattle.MAC        `json:"mac"`
	Child    string            `json:"child,omitempty" doc:"The id by which its parent knows a child"`
	Parent   string            `json:"parent,omitempty" doc:"The id of the parent of a child"`
	Name     string            `json:"name"`
	Room     string            `json:"room,omitempty" doc:"Where it is, missing where nobody has said" example:"Kitchen"`
	RoomFrom string            `json:"room_from,omitempty" doc:"account where the TP-Link account says so, and not the owner"`
	Alias    string            `json:"alias" doc:"The name that its owner gave it"`
	Model    string            `json:"model"`
	Region   string            `json:"region,omitempty"`
	Family   wattle.Family     `json:"family"`
	Type     wattle.DeviceType `json:"type"`
	Kind     string            `json:"kind,omitempty" doc:"The family of products in the device's own words"`
	Category string            `json:"category,omitempty" doc:"What kind of child it is"`
	Brand    string            `json:"brand,omitempty"`
	Hardware string            `json:"hw_version,omitempty"`
	Firmware string            `json:"fw_version,omitempty"`
	// Address and Transport say how it is reached at present, "" where it was not.
	Address   string        `json:"address,omitempty"`
	Transport string        `json:"transport,omitempty"`
	Source    method.Source `json:"source,omitempty" doc:"local or cloud"`
	Online    bool          `json:"online"`
	Since     time.Time     `json:"since" doc:"Since when it is online, or not"`
	Reason    string        `json:"reason,omitempty" doc:"Why it is not online, and what to do"`
	Rev       uint64        `json:"rev" doc:"Grows with each change in this run of the hub"`
	// Time is when the state was read, nil where it never was.
	Time     *time.Time `json:"time,omitempty" doc:"When it was read last"`
	On       *bool      `json:"on,omitempty" doc:"Missing where that is not known"`
	Features []Feature  `json:"features"`
	Children []string   `json:"children,omitempty" doc:"The ids of the children"`
}

// Feature is a feature of a device with its value.
type Feature struct {
	ID        string           `json:"id" example:"state"`
	Name      string           `json:"name"`
	Kind      feature.Kind     `json:"kind"`
	Category  feature.Category `json:"category"`
	Unit      feature.Unit     `json:"unit,omitempty"`
	Precision int              `json:"precision,omitempty"`
	Minimum   *float64         `json:"minimum,omitempty"`
	Maximum   *float64         `json:"maximum,omitempty"`
	Choices   []string         `json:"choices,omitempty"`
	Total     bool             `json:"total,omitempty"`
	Secret    bool             `json:"secret,omitempty"`
	Dangerous bool             `json:"dangerous,omitempty"`
	Settable  bool             `json:"settable"`
	// Value is null where it is unknown. Numbers are numbers, durations seconds,
	// times RFC 3339, colours objects, secrets "[secret]".
	Value  any           `json:"value" doc:"null where it is unknown"`
	Time   *time.Time    `json:"time,omitempty" doc:"When the device gave it"`
	Source method.Source `json:"source,omitempty"`
	Error  string        `json:"error,omitempty" doc:"Why the value is unknown or old"`
}

// FeatureOf is a reading as it goes over the wire.
func FeatureOf(r *feature.Reading) Feature {
	f := Feature{
		ID: r.ID, Name: r.Name, Kind: r.Kind, Category: r.Category, Unit: r.Unit, Precision: r.Precision, Choices: r.Choices,
		Total: r.Total, Secret: r.Secret, Dangerous: r.Dangerous, Settable: r.Settable, Value: r.Value, Source: r.Source,
	}
	if r.HasRange() {
		low, high := r.Min, r.Max
		f.Minimum, f.Maximum = &low, &high
	}
	if !r.Time.IsZero() {
		at := r.Time
		f.Time = &at
	}
	if r.Err != nil {
		f.Error = r.Err.Error()
	}
	return f
}

// FeaturesOf are readings as they go over the wire; never nil.
func FeaturesOf(readings []feature.Reading) []Feature {
	out := make([]Feature, len(readings))
	for i := range readings {
		out[i] = FeatureOf(&readings[i])
	}
	return out
}

// DeviceOf is a view as it goes over the wire, without its address.
func DeviceOf(v *hub.View) Device {
	id := v.Identity()
	d := Device{
		ID: hub.Slug(v.ID), MAC: v.ID.MAC, Child: v.ID.Child, Name: v.Name, Room: v.Room.Name, Alias: id.Alias, Model: id.Model.Name, Region: id.Model.Region,
		Family: id.Family, Type: id.Type, Kind: id.Kind, Category: id.Category, Brand: id.Brand, Hardware: id.Hardware, Firmware: id.Firmware,
		Online: v.Online, Since: v.Since, Reason: v.Reason, Rev: v.Rev, Features: FeaturesOf(v.Readings()),
	}
	if v.Room.Account {
		d.RoomFrom = FromAccount
	}
	if !v.Root() {
		d.Parent = hub.Slug(hub.ID{MAC: v.ID.MAC})
	}
	if v.State == nil {
		return d
	}
	d.Source = v.State.Source()
	if at := v.State.Time(); !at.IsZero() {
		d.Time = &at
	}
	if on, known := v.State.On(); known {
		d.On = &on
	}
	return d
}

// Event is something that happened.
type Event struct {
	Seq    uint64       `json:"seq"`
	Time   time.Time    `json:"time"`
	Device string       `json:"device" doc:"The id of the device"`
	Name   string       `json:"name" doc:"The name of the device"`
	Kind   string       `json:"kind" doc:"added, removed, online, offline, or what a trigger log says"`
	Text   string       `json:"text,omitempty"`
	Detail *event.Event `json:"detail,omitempty" doc:"Of a trigger log"`
}

// EventOf is an event as it goes over the wire.
func EventOf(e *hub.Event) Event {
	return Event{Seq: e.Seq, Time: e.Time, Device: hub.Slug(e.Device), Name: e.Name, Kind: e.Kind, Text: e.Text, Detail: e.Detail}
}

// Candidate is a device that was found and is not in the hub.
type Candidate struct {
	MAC            wattle.MAC     `json:"mac"`
	Address        string         `json:"address"`
	Model          string         `json:"model"`
	Type           string         `json:"type,omitempty"`
	Family         wattle.Family  `json:"family,omitempty"`
	Alias          string         `json:"alias,omitempty"`
	Routes         []wattle.Route `json:"routes"`
	FactoryDefault bool           `json:"factory_default"`
	Reason         string         `json:"reason,omitempty" doc:"Why it cannot be controlled"`
	Seen           time.Time      `json:"seen"`
}

// CandidateOf is a candidate as it goes over the wire: without what it answered,
// which holds ids that are nobody's business.
func CandidateOf(c *hub.Candidate) Candidate {
	out := candidateOf(&c.Found)
	out.Seen = c.Seen
	return out
}

func candidateOf(f *discover.Found) Candidate {
	out := Candidate{
		MAC: f.MAC, Model: f.Model.String(), Type: f.Type, Family: f.Family, Alias: f.Alias,
		Routes: append([]wattle.Route{}, f.Routes...), FactoryDefault: f.FactoryDefault, Reason: f.Reason,
	}
	if f.Addr.IsValid() {
		out.Address = f.Addr.String()
	}
	return out
}

// AddRequest is the body of POST /devices: a candidate by its MAC, or a device by
// its address.
type AddRequest struct {
	MAC     string `json:"mac,omitempty" doc:"Of a candidate" maxLength:"17"`
	Address string `json:"address,omitempty" doc:"IPv4 address or host name" maxLength:"253"`
	Name    string `json:"name,omitempty" doc:"What to call it until it tells" maxLength:"128"`
}

// ChangeRequest is the body of PATCH /devices/{id}.
type ChangeRequest struct {
	Alias *string `json:"alias,omitempty" doc:"The new name, kept by the device itself" minLength:"1" maxLength:"128"`
	Room  *string `json:"room,omitempty" doc:"Where it is from now on, up to 64 characters, kept by the hub; empty for nowhere" maxLength:"64"`
	// RoomFrom is [FromAccount] for what must not take the place of what the owner says.
	RoomFrom string `json:"room_from,omitempty" enum:"account" doc:"account: the room is what the TP-Link account says, and changes nothing that the owner has said"`
}

// FromAccount says that a room is what the TP-Link account says.
const FromAccount = "account"

// ValueRequest is the body of PUT /devices/{id}/features/{feature}.
type ValueRequest struct {
	Value json.RawMessage `json:"value" doc:"true, 40, \"text\" or {\"hue\":120,\"saturation\":80,\"value\":50}"`
}

// Settings are features with new values, the body of PATCH /devices/{id}/features.
type Settings map[string]json.RawMessage

// ToggleAnswer tells what was switched to.
type ToggleAnswer struct {
	On bool `json:"on"`
}
