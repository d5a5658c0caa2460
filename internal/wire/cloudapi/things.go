package cloudapi

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/url"
	"strconv"
	"strings"

	"wattle"
	"wattle/internal/wire/rawjson"
)

// Targets of service C. See docs/protocol/cloud.md section 8.2.
const (
	TargetServerInfo = "/v1/server-info"
	PathThings       = "/v1/things"
	PathShadows      = "/v1/things/shadows"
	PathFamilies     = "/v1/families"
	PathSettings     = "/v1/families/thing-settings"
)

// PageSize is how many things the app asks for at once.
const PageSize = 20

// TargetThings is a page of things, from 0.
func TargetThings(page, size int) string { return paged(PathThings, page, size) }

// TargetFamilies is a page of homes, from 0.
func TargetFamilies(page, size int) string { return paged(PathFamilies, page, size) }

func paged(path string, page, size int) string {
	return path + "?page=" + strconv.Itoa(page) + "&pageSize=" + strconv.Itoa(size)
}

// TargetShadows reads the shadows of things; the parameter is repeated, as the
// app does.
func TargetShadows(things ...string) string {
	var b strings.Builder
	for _, name := range things {
		if b.Len() > 0 {
			b.WriteByte('&')
		}
		b.WriteString("thingNames=" + url.QueryEscape(name))
	}
	return PathShadows + "?" + b.String()
}

// TargetShadow is written with PATCH.
func TargetShadow(thing string) string { return ofThing(thing, "shadows") }

// TargetService is a call on the device that waits for its answer.
func TargetService(thing string) string { return ofThing(thing, "services-sync") }

// TargetEvents are the newest size events.
func TargetEvents(thing string, size int) string {
	return ofThing(thing, "events") + "?fetchSize=" + strconv.Itoa(size) + "&order=DESC&fetchType=normal"
}

func ofThing(thing, what string) string { return PathThings + "/" + url.PathEscape(thing) + "/" + what }

// ServerInfo is the answer of [TargetServerInfo].
type ServerInfo struct {
	AppServerURL string `json:"appServerUrl"`
}

// Thing is one entry of the things service.
type Thing struct {
	Name         string `json:"thingName"` // the deviceId of the other services
	AppServerURL string `json:"appServerUrl"`
	Status       Number `json:"status,omitzero"` // 1 is on line
	ModelID      string `json:"thingModelId"`
	Role         Number `json:"role,omitzero"`
	FamilyID     string `json:"familyId"`
	RoomID       string `json:"roomId"`
	Nickname     string `json:"nickname"` // base64, see [DisplayName]
	Category     string `json:"category"`
	Model        string `json:"model"`
	DeviceName   string `json:"deviceName"`
	DeviceType   string `json:"deviceType"`
	OemID        string `json:"oemId"`
	HwID         string `json:"hwId"`
	HwVer        string `json:"hwVer"`
	FwVer        string `json:"fwVer"`
	FwID         string `json:"fwId"`
	Region       string `json:"region"` // name of the time zone
	MAC          string `json:"mac"`
	IsSubThing   bool   `json:"isSubThing"` // behind a hub

	// Raw is the entry as it was read; nil for one that was made here.
	Raw json.RawMessage `json:"-"`
}

var thingFields = map[string]func(*Thing) *string{
	"thingName":    func(t *Thing) *string { return &t.Name },
	"appServerUrl": func(t *Thing) *string { return &t.AppServerURL },
	"thingModelId": func(t *Thing) *string { return &t.ModelID },
	"familyId":     func(t *Thing) *string { return &t.FamilyID },
	"roomId":       func(t *Thing) *string { return &t.RoomID },
	"nickname":     func(t *Thing) *string { return &t.Nickname },
	"category":     func(t *Thing) *string { return &t.Category },
	"model":        func(t *Thing) *string { return &t.Model },
	"deviceName":   func(t *Thing) *string { return &t.DeviceName },
	"deviceType":   func(t *Thing) *string { return &t.DeviceType },
	"oemId":        func(t *Thing) *string { return &t.OemID },
	"hwId":         func(t *Thing) *string { return &t.HwID },
	"hwVer":        func(t *Thing) *string { return &t.HwVer },
	"fwVer":        func(t *Thing) *string { return &t.FwVer },
	"fwId":         func(t *Thing) *string { return &t.FwID },
	"region":       func(t *Thing) *string { return &t.Region },
	"mac":          func(t *Thing) *string { return &t.MAC },
}

// UnmarshalJSON reads an entry; members of another kind than expected stay in
// Raw alone.
func (t *Thing) UnmarshalJSON(b []byte) error {
	*t = Thing{Raw: bytes.Clone(b)}
	return t.read()
}

func (t *Thing) read() error {
	return rawjson.Members(t.Raw, func(key, value []byte) error {
		switch string(key) {
		case "role":
			t.Role = number(value)
		case "status":
			t.Status = number(value)
		case "isSubThing":
			t.IsSubThing = number(value).Value != 0
		default:
			if field := thingFields[string(key)]; field != nil {
				*field(t) = text(value)
			}
		}
		return nil
	})
}

// MarshalJSON writes the entry as it was read, or else its fields.
func (t Thing) MarshalJSON() ([]byte, error) {
	if t.Raw != nil {
		return t.Raw, nil
	}
	type plain Thing
	return Marshal(plain(t))
}

// Page is a page of things.
type Page struct {
	Page     int     `json:"page"`
	PageSize int     `json:"pageSize"`
	Total    Number  `json:"total,omitzero"`
	Data     []Thing `json:"data"`
}

// ParsePage reads a page of things. Entries that are no objects are left out
// and counted; entries share the memory of body. Errors wrap
// [wattle.ErrProtocol].
func ParsePage(body []byte) (page *Page, broken int, err error) {
	if !json.Valid(body) {
		return nil, 0, fmt.Errorf("the list of things is not JSON: %w", wattle.ErrProtocol)
	}
	page = &Page{}
	found := false
	err = rawjson.Members(body, func(key, value []byte) error {
		switch string(key) {
		case "page":
			page.Page = number(value).Value
		case "pageSize":
			page.PageSize = number(value).Value
		case "total":
			page.Total = number(value)
		case "data":
			found = true
			return rawjson.Items(value, func(item []byte) error {
				t := Thing{Raw: item}
				if object := t.read() == nil; object {
					page.Data = append(page.Data, t)
				} else {
					broken++
				}
				return nil
			})
		}
		return nil
	})
	if err != nil || !found {
		return nil, 0, fmt.Errorf("no list of things in the answer: %w", wattle.ErrProtocol)
	}
	return page, broken, nil
}

// Shadows is the answer of [TargetShadows].
type Shadows struct {
	Shadows []Shadow `json:"shadows"`
	Failed  []any    `json:"failThingList"`
}

// Shadow is what the service knows of the state of a thing. See
// docs/protocol/cloud.md section 8.3.
type Shadow struct {
	ThingName string      `json:"thingName"`
	State     ShadowState `json:"state"`
	Version   Number      `json:"version,omitzero"`
}

// ShadowState has what was wished and what the device reports.
type ShadowState struct {
	Desired  map[string]json.RawMessage `json:"desired,omitempty"`
	Reported map[string]json.RawMessage `json:"reported,omitempty"`
}

// ShadowPatch is the body of a PATCH of [TargetShadow]: the present version
// plus one. Some clients send the version as a text.
type ShadowPatch struct {
	Version Number      `json:"version"`
	State   ShadowState `json:"state"`
}

// Patched is the answer to it.
type Patched struct {
	Version   Number `json:"version,omitzero"`
	RequestID string `json:"requestId,omitempty"`
}

// Conflict is the data of the refusal [CodeConflict].
type Conflict struct {
	CurVersion Number `json:"curVersion"`
}

// CodeConflict: the version of a patch is not the present one plus one.
const CodeConflict = 11000

// CurVersion is the present version in a refusal of a patch; unknown where it
// is not one.
func CurVersion(a *Answer) Number {
	var body struct {
		Data Conflict `json:"data"`
	}
	if a.Code != CodeConflict || json.Unmarshal(a.Body, &body) != nil {
		return Number{}
	}
	return body.Data.CurVersion
}

// ServiceCall is the body of [TargetService].
type ServiceCall struct {
	ServiceID string      `json:"serviceId"`
	Input     InputParams `json:"inputParams"`
}

// InputParams are those of [ServicePassthrough].
type InputParams struct {
	RequestData json.RawMessage `json:"requestData"`
}

// ServicePassthrough carries a message to the device.
const ServicePassthrough = "passthrough"

// ServiceAnswer is the answer of [TargetService].
type ServiceAnswer struct {
	Output PassthroughResult `json:"outputParams"`
}

// Event is one entry of a thing's log, such as a button's "singleClick".
type Event struct {
	LogID     Loose           `json:"logId,omitempty"`
	Name      string          `json:"name"`
	Timestamp Number          `json:"timestamp,omitzero"` // as the service gives it
	Params    json.RawMessage `json:"params,omitempty"`
}

// ParseEvents reads the answer of [TargetEvents]: the first list in it, since
// the name of the list is not recorded. Errors wrap [wattle.ErrProtocol].
func ParseEvents(body []byte) ([]Event, error) {
	list, err := firstList(body, func(string, []byte) {})
	var events []Event
	if err != nil || json.Unmarshal(list, &events) != nil {
		return nil, fmt.Errorf("no list of events in the answer: %w", wattle.ErrProtocol)
	}
	return events, nil
}

// Families is a page of homes.
type Families struct {
	Total Number   `json:"total,omitzero"`
	Data  []Family `json:"data"`
}

// Family is a home and its rooms.
type Family struct {
	ID      string `json:"id"`
	Name    string `json:"name"`
	Default bool   `json:"default"`
	Rooms   []Room `json:"rooms"`
}

// Room is one of a home.
type Room struct {
	ID     string `json:"id"`
	Name   string `json:"name"`
	Avatar string `json:"avatarUrl,omitempty"`
}

// ThingSettings is the body of a POST to [PathSettings]: which room things are in.
type ThingSettings struct {
	FamilyID string   `json:"familyId"`
	RoomID   string   `json:"roomId"`
	Things   []string `json:"thingNames"`
}

// ParseFamilies reads a page of homes: the first list in it. Errors wrap
// [wattle.ErrProtocol].
func ParseFamilies(body []byte) (*Families, error) {
	page := &Families{}
	list, err := firstList(body, func(key string, value []byte) {
		if key == "total" {
			page.Total = number(value)
		}
	})
	if err != nil || json.Unmarshal(list, &page.Data) != nil {
		return nil, fmt.Errorf("no list of homes in the answer: %w", wattle.ErrProtocol)
	}
	return page, nil
}

// firstList is the first list in an object, or body itself where that is one.
// other is called with each other member.
func firstList(body []byte, other func(key string, value []byte)) (json.RawMessage, error) {
	if !json.Valid(body) {
		return nil, wattle.ErrProtocol
	}
	list := json.RawMessage(bytes.TrimSpace(body))
	if list[0] == '[' {
		return list, nil
	}
	list = nil
	err := rawjson.Members(body, func(key, value []byte) error {
		if list == nil && value[0] == '[' {
			list = value
		} else {
			other(string(key), value)
		}
		return nil
	})
	if err != nil || list == nil {
		return nil, wattle.ErrProtocol
	}
	return list, nil
}
