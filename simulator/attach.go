package simulator

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"maps"
	"strings"
	"sync"

	"wattle/capture"
)

//go:embed hub.json
var inventedHub string

var parseHub = sync.OnceValues(func() (*capture.File, error) {
	return capture.Parse("hub.json", strings.NewReader(inventedHub))
})

// attach makes the capture of a hub that has one child only. A child cannot be
// reached by itself.
func attach(child, hub *capture.File) (*capture.File, error) {
	if hub == nil {
		var err error
		if hub, err = parseHub(); err != nil {
			return nil, err
		}
	}
	info, ok := parseObject(child.Data["get_device_info"])
	if !ok || info.text("device_id") == "" {
		return nil, fmt.Errorf("get_device_info of the child %s has no device_id; record the capture again", child.Name)
	}
	if _, ok := parseObject(hub.Data["get_child_device_list"]); !ok {
		return nil, fmt.Errorf("capture %s is not of a hub: it has no get_child_device_list", hub.Name)
	}
	nego, _ := parseObject(child.Data["component_nego"])
	components := nego["component_list"]
	if components == nil {
		components = json.RawMessage("[]")
	}
	entry := object{"device_id": info["device_id"], "component_list": components}
	data := maps.Clone(hub.Data)
	data["get_child_device_list"] = object{
		"child_device_list": rawArray([]json.RawMessage{info.raw()}),
		"start_index":       marshal(0), "sum": marshal(1),
	}.raw()
	data["get_child_device_component_list"] = object{
		"child_component_list": rawArray([]json.RawMessage{entry.raw()}),
		"start_index":          marshal(0), "sum": marshal(1),
	}.raw()
	delete(data, "child_devices")
	return &capture.File{Name: hub.Name, Kind: hub.Kind, Family: hub.Family, Data: data, Discovery: hub.Discovery}, nil
}
