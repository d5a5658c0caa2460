package reference_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"wattle"
	"wattle/internal/reference"
	"wattle/simulator"
	"wattle/simulator/homes"
)

// notSimulated are declared methods that no simulated device knows, and why.
var notSimulated = map[string]string{
	"set_countdown_all_enable": "timers have no common switch; the tables of rules share their methods",
}

// TestEveryMethodIsAnswered asks the embedded devices for each declared method:
// one of them at least must know it. Getters must give an answer; setters may
// refuse the empty parameters, but not the method.
func TestEveryMethodIsAnswered(t *testing.T) {
	list, _, err := reference.Declarations(tree)
	if err != nil {
		t.Fatal(err)
	}
	answered := 0
	for i := range list {
		d := &list[i]
		reason := notSimulated[d.Key()]
		err := ask(t, d)
		switch {
		case err == nil && reason != "":
			t.Errorf("%s is answered: take it off the list", d.Key())
		case err == nil:
			answered++
		case reason == "":
			t.Errorf("%s: %v", d.Key(), err)
		}
	}
	t.Logf("%d methods", answered)
}

// ask tries a method on all devices and children. Each gets a device of its own:
// some methods reset it.
func ask(t *testing.T, d *reference.Declaration) error {
	t.Helper()
	last := fmt.Errorf("no device of the family")
	for _, file := range append(homes.Demo(), homes.Children()...) {
		if file.Family != d.Family {
			continue
		}
		device, err := simulator.New(file, &simulator.DeviceOptions{Library: homes.Library()})
		if err != nil {
			t.Fatal(err)
		}
		for _, request := range requests(d, device) {
			answer, err := device.Handle(t.Context(), []byte(request))
			if err != nil {
				t.Fatal(err)
			}
			if last = known(d, answer); last == nil {
				return nil
			}
		}
	}
	return last
}

// requests are the method for the device itself and for its children.
func requests(d *reference.Declaration, device *simulator.Device) []string {
	if d.Family == wattle.IOT {
		return []string{fmt.Sprintf(`{%q:{%q:{}}}`, d.Module, d.Name)}
	}
	params := `"params":{}`
	switch d.Name {
	case "get_trigger_logs":
		params = `"params":{"page_size":5,"start_id":0}`
	case "get_energy_data":
		params = `"params":{"start_timestamp":1760000000,"end_timestamp":1760000000,"interval":60}`
	case "get_power_data":
		params = `"params":{"start_timestamp":1760000000,"end_timestamp":1760003600,"interval":5}`
	case "getMapData":
		params = `"params":{"map_id":1752400100,"type":0}`
	case "getCleanAttr":
		params = `"params":{"type":"global"}`
	}
	plain := fmt.Sprintf(`{"method":%q,%s}`, d.Name, params)
	out := []string{plain}
	for _, child := range device.Info().Children {
		out = append(out, fmt.Sprintf(`{"method":"control_child","params":{"device_id":%q,"requestData":%s}}`, child.DeviceID, plain))
	}
	return out
}

// known says why an answer shows that the device does not have the method.
func known(d *reference.Declaration, answer []byte) error {
	if answer == nil {
		return nil // it went away, as some methods make it do
	}
	if d.Family == wattle.IOT {
		var modules map[string]map[string]json.RawMessage
		if err := json.Unmarshal(answer, &modules); err != nil {
			return err
		}
		raw, ok := modules[d.Module][d.Name]
		if !ok {
			return fmt.Errorf("no such module: %s", answer)
		}
		var e struct {
			Code    int    `json:"err_code"`
			Message string `json:"err_msg"`
		}
		if err := json.Unmarshal(raw, &e); err != nil {
			return err
		}
		unknown := strings.Contains(strings.ToLower(e.Message), "not support")
		if unknown || d.Effect == "Read" && e.Code != 0 && len(d.Sends) == 0 {
			return fmt.Errorf("%s", answer)
		}
		return nil
	}
	var a struct {
		Code   int `json:"error_code"`
		Result struct {
			Data struct {
				Code *int `json:"error_code"`
			} `json:"responseData"`
		} `json:"result"`
	}
	if err := json.Unmarshal(answer, &a); err != nil {
		return err
	}
	code := a.Code
	if a.Result.Data.Code != nil {
		code = *a.Result.Data.Code
	}
	refused := d.Effect == "Read" && code != 0
	if refused || code == -1002 {
		return fmt.Errorf("%s", answer)
	}
	return nil
}
