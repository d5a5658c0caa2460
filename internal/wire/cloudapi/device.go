package cloudapi

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"unicode/utf8"

	"wattle"
	"wattle/internal/wire/rawjson"
)

// Device is one entry of a list of services A and B, in the order of its
// members there. See docs/protocol/cloud.md section 4.7.
type Device struct {
	DeviceType   string `json:"deviceType"`
	Role         Number `json:"role,omitzero"` // 0 is the owner
	FwVer        string `json:"fwVer"`
	AppServerURL string `json:"appServerUrl"`
	DeviceRegion string `json:"deviceRegion"`
	DeviceID     string `json:"deviceId"`
	DeviceName   string `json:"deviceName"`
	DeviceHwVer  string `json:"deviceHwVer"`
	Alias        string `json:"alias"` // see [DisplayName]
	DeviceMAC    string `json:"deviceMac"`
	OemID        string `json:"oemId"`
	DeviceModel  string `json:"deviceModel"`
	HwID         string `json:"hwId"`
	FwID         string `json:"fwId"`
	IsSameRegion bool   `json:"isSameRegion"`
	// Status is 1 where the device is connected to this relay. It says nothing
	// of SMART devices, which are connected elsewhere.
	Status Number `json:"status,omitzero"`

	// Raw is the entry as it was read, with members that are not known; nil for
	// an entry that was made here.
	Raw json.RawMessage `json:"-"`
}

// deviceFields are the members of an entry.
var deviceFields = map[string]func(*Device) *string{
	"deviceType":   func(d *Device) *string { return &d.DeviceType },
	"fwVer":        func(d *Device) *string { return &d.FwVer },
	"appServerUrl": func(d *Device) *string { return &d.AppServerURL },
	"deviceRegion": func(d *Device) *string { return &d.DeviceRegion },
	"deviceId":     func(d *Device) *string { return &d.DeviceID },
	"deviceName":   func(d *Device) *string { return &d.DeviceName },
	"deviceHwVer":  func(d *Device) *string { return &d.DeviceHwVer },
	"alias":        func(d *Device) *string { return &d.Alias },
	"deviceMac":    func(d *Device) *string { return &d.DeviceMAC },
	"oemId":        func(d *Device) *string { return &d.OemID },
	"deviceModel":  func(d *Device) *string { return &d.DeviceModel },
	"hwId":         func(d *Device) *string { return &d.HwID },
	"fwId":         func(d *Device) *string { return &d.FwID },
}

// UnmarshalJSON reads an entry; members of another kind than expected stay in
// Raw alone.
func (d *Device) UnmarshalJSON(b []byte) error {
	*d = Device{Raw: bytes.Clone(b)}
	return d.read()
}

func (d *Device) read() error {
	return rawjson.Members(d.Raw, func(key, value []byte) error {
		switch string(key) {
		case "role":
			d.Role = number(value)
		case "status":
			d.Status = number(value)
		case "isSameRegion":
			d.IsSameRegion = number(value).Value != 0
		default:
			if field := deviceFields[string(key)]; field != nil {
				*field(d) = text(value)
			}
		}
		return nil
	})
}

// text is a text without escapes, quickly; "" for lists and objects.
func text(b []byte) string {
	if len(b) == 0 || b[0] == '{' || b[0] == '[' {
		return ""
	}
	if n := len(b) - 1; n > 0 && b[0] == '"' && bytes.IndexByte(b, '\\') < 0 {
		if !utf8.Valid(b) {
			b = bytes.ToValidUTF8(b, []byte("\ufffd"))
			n = len(b) - 1
		}
		return string(b[1:n])
	}
	s, _ := loose(b)
	return s
}

// MarshalJSON writes the entry as it was read, or else its fields.
func (d Device) MarshalJSON() ([]byte, error) {
	if d.Raw != nil {
		return d.Raw, nil
	}
	type plain Device
	return Marshal(plain(d))
}

// Extra are the members of the entry that are not known, in order.
func (d *Device) Extra() []string {
	return extra(d.Raw, func(key string) bool {
		return deviceFields[key] != nil || key == "role" || key == "status" || key == "isSameRegion"
	})
}

func extra(raw []byte, known func(string) bool) []string {
	var list []string
	_ = rawjson.Members(raw, func(key, _ []byte) error { // nil where there is no entry
		if k := string(key); !known(k) {
			list = append(list, k)
		}
		return nil
	})
	return list
}

// IsSmart reports whether a type is one of the things service and its kin, and
// not of the relay of service A.
func IsSmart(deviceType string) bool { return strings.HasPrefix(deviceType, smartPrefix) }

// DeviceList is the result of [MethodList] and [PathDevicePage].
type DeviceList struct {
	Devices []Device `json:"deviceList"`
	Total   Number   `json:"total,omitzero"` // of all pages, where it is told
}

// ParseDeviceList reads a result of services A and B. Entries that are no
// objects are left out and counted; entries share the memory of result. Errors
// wrap [wattle.ErrProtocol].
func ParseDeviceList(result []byte) (list *DeviceList, broken int, err error) {
	if !json.Valid(result) {
		return nil, 0, fmt.Errorf("the list of devices is not JSON: %w", wattle.ErrProtocol)
	}
	list = &DeviceList{}
	found := false
	err = rawjson.Members(result, func(key, value []byte) error {
		switch string(key) {
		case "total", "totalNum", "sum":
			list.Total = number(value)
		case "deviceList":
			found = true
			return rawjson.Items(value, func(item []byte) error {
				d := Device{Raw: item}
				if object := d.read() == nil; object {
					list.Devices = append(list.Devices, d)
				} else {
					broken++
				}
				return nil
			})
		}
		return nil
	})
	if err != nil || !found {
		return nil, 0, fmt.Errorf("no deviceList in the answer: %w", wattle.ErrProtocol)
	}
	return list, broken, nil
}
