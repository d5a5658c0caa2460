package capture

import (
	"encoding/json"
	"path"
	"path/filepath"
	"strings"
)

// kindOf recognises a capture by what is in it. The folder decides only
// whether a SMART capture without discovery is of a child, where the device
// itself does not say.
func kindOf(name string, f *File) string {
	switch {
	case has(f, "child_info_from_parent"):
		return KindSmartcamChild
	case has(f, "getDeviceInfo") || has(f, "getAppComponentList"):
		return KindSmartcam
	case has(f, "get_device_info") || has(f, "component_nego"):
		if isSmartChild(name, f) {
			return KindSmartChild
		}
		return KindSmart
	case has(f, "system"):
		return iotKind(f)
	}
	return ""
}

func has(f *File, method string) bool { _, ok := f.Data[method]; return ok }

func iotKind(f *File) string {
	var system struct {
		Sysinfo *struct {
			Nested *struct{} `json:"system"`
		} `json:"get_sysinfo"`
	}
	if json.Unmarshal(f.Data["system"], &system) != nil || system.Sysinfo == nil {
		return ""
	}
	if system.Sysinfo.Nested != nil {
		return KindIOTCamera
	}
	return KindIOT
}

func isSmartChild(name string, f *File) bool {
	if f.Discovery != nil {
		return false
	}
	var info struct {
		Parent   string `json:"parent_device_id"`
		Original string `json:"original_device_id"`
		Category string `json:"category"`
		IP       string `json:"ip"`
	}
	if json.Unmarshal(f.Data["get_device_info"], &info) == nil {
		if info.Parent != "" || info.Original != "" || info.Category != "" {
			return true
		}
		if info.IP != "" {
			return false
		}
	}
	return path.Base(path.Dir(filepath.ToSlash(name))) == "child"
}

// ChildName is the file name, without ".json", under which the capture of a
// child is kept, made of what the hub's list says of it:
// MODEL(SPECS)_HARDWARE_FIRMWARE with the first word of the firmware. It
// reports false when the description has no model. Cameras on a hub have
// other member names.
func ChildName(description json.RawMessage) (string, bool) {
	var d struct {
		Model       string `json:"model"`
		Specs       string `json:"specs"`
		Hardware    string `json:"hw_ver"`
		Firmware    string `json:"fw_ver"`
		DeviceModel string `json:"device_model"`
		Region      string `json:"region"`
		Software    string `json:"sw_ver"`
	}
	if json.Unmarshal(description, &d) != nil {
		return "", false
	}
	region := d.Specs
	if d.Model == "" { // a camera: region is what it is made for
		d.Model, d.Firmware, region = d.DeviceModel, d.Software, d.Region
	}
	if d.Model == "" {
		return "", false
	}
	firmware, _, _ := strings.Cut(d.Firmware, " ")
	name := d.Model
	if region != "" {
		name += "(" + region + ")"
	}
	name += "_" + d.Hardware + "_" + firmware
	// The parts come from a device: they must not lead out of the folder.
	if strings.ContainsAny(name, `/\`) || strings.Contains(name, "..") {
		return "", false
	}
	return name, true
}
