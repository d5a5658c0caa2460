package known

import (
	"cmp"
	"encoding/json"
	"maps"
	"slices"
	"time"

	"wattle"
	"wattle/internal/wire/rawjson"
)

// Device is what is known of one device. Fields that a later version of wattle
// has written and this one does not know are kept.
type Device struct {
	MAC wattle.MAC `json:"mac"`
	// ID is the device's own id (IOT deviceId, SMART device_id), 40 hex digits.
	ID string `json:"id,omitempty"`
	// DiscoveryID is the other id, the one in discovery answers on port 20002.
	DiscoveryID string        `json:"discovery_id,omitempty"`
	Alias       string        `json:"alias,omitempty"` // as people read it, not base64
	Model       wattle.Model  `json:"model,omitzero"`
	Family      wattle.Family `json:"family,omitempty"`
	Type        string        `json:"type,omitempty"` // device_type, such as "SMART.TAPOPLUG"
	// Address is where it was last met: an IPv4 address or host name.
	Address string `json:"address,omitempty"`
	// Route is what worked last; the zero Route is "none yet".
	Route wattle.Route `json:"route,omitzero"`
	// Credential is the label of the credentials that worked last, see package transport.
	Credential string `json:"credential,omitempty"`
	// Refused names credentials that it refused and that are not sent again,
	// see [wattle/connect.Refusal]; "" when it took the last ones.
	Refused string `json:"refused,omitempty"`
	// Owner is the MD5 of the e-mail of its account as discovery tells it.
	Owner string `json:"owner,omitempty"`
	// Components is a signature of what it can do; another one means new firmware.
	Components string  `json:"components,omitempty"`
	Children   []Child `json:"children,omitempty"`

	FirstSeen time.Time `json:"first_seen,omitzero"`
	LastSeen  time.Time `json:"last_seen,omitzero"`

	extra extra
}

// Child is an outlet of a strip or a device behind a hub.
type Child struct {
	ID    string       `json:"id"`
	Alias string       `json:"alias,omitempty"`
	Model wattle.Model `json:"model,omitzero"`
	Type  string       `json:"type,omitempty"`

	extra extra
}

// Name is the alias, else model and MAC: something to call it in messages.
func (d *Device) Name() string {
	if d.Alias != "" {
		return d.Alias
	}
	return cmp.Or(d.Model.String(), "device") + " " + d.MAC.String()
}

// Name is the alias, else the id.
func (c *Child) Name() string { return cmp.Or(c.Alias, c.ID) }

// with adds the unknown members to an object, sorted by key.
func (e extra) with(object []byte) ([]byte, error) {
	if len(e) == 0 {
		return object, nil
	}
	out := object[:len(object)-1]
	for _, key := range slices.Sorted(maps.Keys(e)) {
		name, err := json.Marshal(key)
		if err != nil {
			return nil, err
		}
		if len(out) > 1 {
			out = append(out, ',')
		}
		out = append(append(append(out, name...), ':'), e[key]...)
	}
	return append(out, '}'), nil
}

// UnmarshalJSON reads a record and keeps what it does not know.
func (d *Device) UnmarshalJSON(b []byte) error {
	*d = Device{}
	return rawjson.Members(b, func(key, value []byte) error {
		switch string(key) {
		case "mac":
			return readMAC(value, &d.MAC)
		case "id":
			return readText(value, &d.ID)
		case "discovery_id":
			return readText(value, &d.DiscoveryID)
		case "alias":
			return readText(value, &d.Alias)
		case "model":
			return readModel(value, &d.Model)
		case "family":
			return readText(value, &d.Family)
		case "type":
			return readText(value, &d.Type)
		case "address":
			return readText(value, &d.Address)
		case "route":
			return readRoute(value, &d.Route)
		case "credential":
			return readText(value, &d.Credential)
		case "refused":
			return readText(value, &d.Refused)
		case "owner":
			return readText(value, &d.Owner)
		case "components":
			return readText(value, &d.Components)
		case "children":
			if string(value) == "null" {
				return nil
			}
			return rawjson.Items(value, func(item []byte) error {
				var c Child
				err := c.UnmarshalJSON(item)
				d.Children = append(d.Children, c)
				return err
			})
		case "first_seen":
			return readTime(value, &d.FirstSeen)
		case "last_seen":
			return readTime(value, &d.LastSeen)
		}
		d.extra.keep(key, value)
		return nil
	})
}

// MarshalJSON writes a record with what was kept.
func (d Device) MarshalJSON() ([]byte, error) {
	type plain Device
	b, err := json.Marshal(plain(d))
	if err != nil {
		return nil, err
	}
	return d.extra.with(b)
}

// UnmarshalJSON reads a record and keeps what it does not know.
func (c *Child) UnmarshalJSON(b []byte) error {
	*c = Child{}
	return rawjson.Members(b, func(key, value []byte) error {
		switch string(key) {
		case "id":
			return readText(value, &c.ID)
		case "alias":
			return readText(value, &c.Alias)
		case "model":
			return readModel(value, &c.Model)
		case "type":
			return readText(value, &c.Type)
		}
		c.extra.keep(key, value)
		return nil
	})
}

// MarshalJSON writes a record with what was kept.
func (c Child) MarshalJSON() ([]byte, error) {
	type plain Child
	b, err := json.Marshal(plain(c))
	if err != nil {
		return nil, err
	}
	return c.extra.with(b)
}

// merge takes from news what it says; what it is silent about stays.
func (d *Device) merge(news Device) {
	take(&d.ID, news.ID)
	take(&d.DiscoveryID, news.DiscoveryID)
	take(&d.Alias, news.Alias)
	take(&d.Model, news.Model)
	take(&d.Family, news.Family)
	take(&d.Type, news.Type)
	take(&d.Address, news.Address)
	take(&d.Route, news.Route)
	take(&d.Credential, news.Credential)
	if news.Refused != "" || news.Credential != "" {
		d.Refused = news.Refused
	}
	take(&d.Owner, news.Owner)
	take(&d.Components, news.Components)
	if news.Children != nil {
		children := slices.Clone(news.Children)
		for i := range children {
			for _, old := range d.Children {
				if old.ID == children[i].ID && children[i].extra == nil {
					children[i].extra = old.extra
				}
			}
		}
		d.Children = children
	}
	if d.FirstSeen.IsZero() {
		d.FirstSeen = news.FirstSeen
	}
	// An hour is fine enough, and saves a write at each command.
	if news.LastSeen.Sub(d.LastSeen) >= time.Hour {
		d.LastSeen = news.LastSeen
	}
	for key, value := range news.extra {
		if d.extra == nil {
			d.extra = extra{}
		}
		d.extra[key] = value
	}
}

func take[T comparable](old *T, news T) {
	var zero T
	if news != zero {
		*old = news
	}
}
