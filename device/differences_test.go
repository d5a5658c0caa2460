package device_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"wattle"
	"wattle/device"
	"wattle/energy"
)

// difference is where we send something else than the other client on purpose.
type difference struct {
	family wattle.Family // "" for any
	entry  string
	why    string
	// instead gives what is sent in place of what the other client sends; false
	// where this device makes no difference.
	instead func(d *device.Device, a asked, theirs []request) ([]request, bool)
	refused bool     // we send nothing and say that it is not supported
	fails   bool     // what we send is right, and the simulated device refuses it
	except  []string // parameters that are not compared, at any depth
}

// differences is the whole list. The first that fits an entry counts.
var differences = []difference{
	{family: wattle.IOT, entry: "turn on", why: "all outlets of a strip are switched by one message without ids (docs/protocol/iot.md section 1.3)", instead: wholeStrip},
	{family: wattle.IOT, entry: "turn off", why: "all outlets of a strip are switched by one message without ids", instead: wholeStrip},
	{family: wattle.IOT, entry: "state", why: "all outlets of a strip are switched by one message without ids", instead: wholeStrip},
	{family: wattle.IOT, entry: "turn on", why: camera, instead: gaveUp(nothing), refused: true},
	{family: wattle.IOT, entry: "turn off", why: camera, instead: gaveUp(nothing), refused: true},
	{family: wattle.IOT, entry: "state", why: camera, instead: gaveUp(nothing), refused: true},

	{family: wattle.SMART, entry: "turn on", why: "a thermostat is on while it does more than keep off frost (docs/protocol/features.json)", instead: thermostat("false")},
	{family: wattle.SMART, entry: "turn off", why: "a thermostat is on while it does more than keep off frost (docs/protocol/features.json)", instead: thermostat("true")},
	{family: wattle.SMART, entry: "turn on", why: "a strip has no device_on of its own; its parts have (docs/protocol/smart.md section 5)", instead: eachPart("true")},
	{family: wattle.SMART, entry: "turn off", why: "a strip has no device_on of its own; its parts have (docs/protocol/smart.md section 5)", instead: eachPart("false")},
	{family: wattle.SMART, entry: "turn on", why: "hubs, sensors and chimes have nothing to turn on", instead: stateless, refused: true},
	{family: wattle.SMART, entry: "turn off", why: "hubs, sensors and chimes have nothing to turn off", instead: stateless, refused: true},

	{family: wattle.IOT, entry: "brightness", why: "a dimmer's setter of the specification is set_brightness; what turns it on as well is Light.SetBrightness",
		instead: rewritten("smartlife.iot.dimmer.set_dimmer_transition", func(p map[string]any) string {
			delete(p, "duration")
			return "smartlife.iot.dimmer.set_brightness"
		})},
	{family: wattle.IOT, entry: "light_preset", why: "that no preset is set cannot be brought about: nothing is sent",
		instead: func(_ *device.Device, a asked, _ []request) ([]request, bool) { return nil, a.Set == unset }},
	{family: wattle.IOT, entry: "light_preset", why: "number and mode of a preset in the list are no state of a light",
		instead: rewritten("", func(p map[string]any) string {
			delete(p, "index")
			delete(p, "mode")
			return ""
		})},
	{family: wattle.SMART, entry: "light_effect", why: unchanged, instead: started},
	{family: wattle.SMART, entry: "light_effect.set_effect", why: unchanged, instead: started},
	{family: wattle.SMART, entry: "light_effect.set_effect+brightness",
		why: `the name of a stored effect goes back as the device gave it (base64, or "" for the built-in ones) and not as it is shown`, instead: stored},
	{family: wattle.SMART, entry: "light.set_brightness+transition", why: noFade, instead: nothing, refused: true},
	{family: wattle.SMART, entry: "turn_on+transition", why: noFade, instead: nothing, refused: true},
	{family: wattle.SMART, entry: "turn_off+transition", why: noFade, instead: nothing, refused: true},

	{family: wattle.SMART, entry: "alarm_volume_level", why: "the volume has a name on the wire, and the other client sends a number (docs/protocol/smart.md section 9)",
		instead: rewritten("set_alarm_configure", func(p map[string]any) string {
			n, _ := p["volume"].(json.Number).Int64()
			p["volume"] = []string{"mute", "low", "normal", "high"}[n]
			return ""
		})},
	{family: wattle.SMART, entry: "pair", why: "the other client was given a result of a scan that is not in the capture", fails: true,
		instead: func(_ *device.Device, _ asked, theirs []request) ([]request, bool) {
			return theirs[:1], strings.Contains(theirs[1].params, `"0000000000000000000000000000000000000000"`)
		}},
	{family: wattle.SMART, entry: "pair", why: "what a scan said about itself is no part of what is added; the names are those that the virtual hub gives",
		instead: rewritten("add_child_device_list", func(p map[string]any) string {
			delete(p, "scan_status")
			delete(p, "scan_wait_time")
			return ""
		}), except: []string{"name"}},

	{family: wattle.IOT, entry: "wifi_scan", why: "lamps are asked in the module that the specification names for them, plugs in theirs, and how long to look is told; the other client asks both and gives up where one is missing",
		instead: ownWiFi("get_scaninfo", func(string) string { return `{"refresh":1,"timeout":6}` }), fails: true},
	{family: wattle.IOT, entry: "wifi_join", why: "lamps have a module of their own for Wi-Fi; the other client tries one that plugs lack and gives up",
		instead: ownWiFi("set_stainfo", func(p string) string { return p }), fails: true},
	{family: wattle.SMART, entry: "wifi_scan", why: "a network without a cipher_type is shown as well; the other client gives up", instead: gaveUp(nothing)},
	{family: wattle.SMART, entry: "wifi_join", why: "the time is this computer's: a device that is set up has none of its own",
		instead: rewritten("set_qs_info", func(p map[string]any) string {
			at := p["time"].(map[string]any)
			at["timestamp"] = moment.Unix()
			if at["region"] == "" {
				delete(at, "region") // left out where it says nothing
			}
			return ""
		})},
	{family: wattle.IOT, entry: "factory_reset", why: "devices refuse a reset without a delay, and lamps have it in a module of their own (docs/protocol/iot.md section 3)", instead: delayedReset, fails: true},

	{family: wattle.SMART, entry: "energy.get_status", why: "the poll reads get_energy_usage and get_current_power, which have the same value", instead: nothing},
	{entry: "energy.get_daily_stats", why: noHistory, instead: gaveUp(nothing)},
	{entry: "energy.get_monthly_stats", why: noHistory, instead: gaveUp(nothing)},
	{family: wattle.SMART, entry: "energy.erase_stats", why: noHistory, instead: gaveUp(func(d *device.Device, a asked, _ []request) ([]request, bool) {
		r := request{method: "clear_energy_data"}
		if a.child >= 0 {
			r.child = d.Children()[a.child].Identity().DeviceID
		}
		return []request{r}, true
	})},
}

const (
	camera    = "nobody knows how to switch a camera that speaks IOT: neither client sends anything"
	unchanged = "a bulb keeps the brightness of its effects in what is stored; we change it when somebody asks for a brightness, not whenever an effect is started"
	noFade    = "set_device_info has no fade, and the other client drops the wish without a word (docs/protocol/smart.md section 8.1)"
	noHistory = "the other client does not know the history of this device, or that it can be erased"
)

type instead = func(*device.Device, asked, []request) ([]request, bool)

func nothing(*device.Device, asked, []request) ([]request, bool) { return nil, true }

// gaveUp: the other client sent nothing that could be compared.
func gaveUp(ours instead) instead {
	return func(d *device.Device, a asked, theirs []request) ([]request, bool) {
		if a.Error == "" {
			return nil, false
		}
		return ours(d, a, theirs)
	}
}

// rewritten changes the parameters of a method ("" for any) and gives its new
// name, "" for the same. What changes nothing is no difference.
func rewritten(method string, change func(params map[string]any) string) instead {
	return func(_ *device.Device, _ asked, theirs []request) ([]request, bool) {
		differs := false
		for i, r := range theirs {
			var p map[string]any
			dec := json.NewDecoder(strings.NewReader(r.params))
			dec.UseNumber()
			if method != "" && r.method != method || dec.Decode(&p) != nil {
				continue
			}
			if name := change(p); name != "" {
				theirs[i].method = name
			}
			b, err := json.Marshal(p)
			if err != nil {
				return nil, false
			}
			theirs[i].params = string(b)
			differs = differs || theirs[i] != r
		}
		return theirs, differs
	}
}

// wholeStrip: one message without ids, also where some outlets are so already.
func wholeStrip(d *device.Device, a asked, theirs []request) ([]request, bool) {
	if len(d.Children()) == 0 || slices.ContainsFunc(theirs, func(r request) bool { return r.child == "" }) || a.child >= 0 {
		return nil, false
	}
	params := `{"state":0}`
	if a.entry == "turn on" || a.Set == true {
		params = `{"state":1}`
	}
	return []request{{"", "system.set_relay_state", params}}, true
}

// thermostat is a child whose switch is its frost protection.
func thermostat(frost string) instead {
	return func(d *device.Device, a asked, theirs []request) ([]request, bool) {
		if a.child < 0 || d.Children()[a.child].Identity().Type != wattle.Thermostat {
			return nil, false
		}
		return []request{{theirs[0].child, "set_device_info", `{"frost_protection_on":` + frost + `}`}}, true
	}
}

// eachPart switches the children of a device that is no switch itself.
func eachPart(on string) instead {
	return func(d *device.Device, a asked, _ []request) (out []request, differs bool) {
		_, err := d.Get("state")
		if a.child >= 0 || err == nil || d.Identity().Type == wattle.Hub || len(d.Children()) == 0 {
			return nil, false
		}
		for i := range d.Children() {
			out = append(out, request{d.Children()[i].Identity().DeviceID, "set_device_info", `{"device_on":` + on + `}`})
		}
		return out, true
	}
}

// stateless is a device that is neither on nor off.
func stateless(d *device.Device, a asked, _ []request) ([]request, bool) {
	if a.child >= 0 {
		d = d.Children()[a.child]
	}
	_, err := d.Get("state")
	return nil, err != nil
}

func isLamp(d *device.Device) bool {
	return d.Identity().Type == wattle.Bulb || d.Identity().Type == wattle.LightStrip
}

// ownWiFi: lamps have a Wi-Fi module of another name.
func ownWiFi(name string, params func(string) string) instead {
	return func(d *device.Device, a asked, theirs []request) ([]request, bool) {
		module := "netif."
		if isLamp(d) {
			module = "smartlife.iot.common.softaponboarding."
		}
		given := ""
		for _, r := range theirs {
			given = r.params
		}
		ours := []request{{"", module + name, params(given)}}
		if d.Identity().Type == wattle.Camera { // it is asked in both
			ours = append(ours, request{"", "smartlife.iot.common.softaponboarding." + name, params(given)})
		}
		return ours, true
	}
}

func delayedReset(d *device.Device, _ asked, theirs []request) ([]request, bool) {
	theirs[0].params = `{"delay":1}`
	if isLamp(d) {
		theirs[0].method = "smartlife.iot.common.system.reset"
	}
	return theirs, true
}

// stored puts in the name of an effect as the device has it.
func stored(d *device.Device, a asked, theirs []request) ([]request, bool) {
	var rules struct {
		List []struct{ ID, SceneName any } `json:"rule_list"`
	}
	raw := d.State().Snapshot().Raw("get_dynamic_light_effect_rules")
	if json.Unmarshal(bytes.ReplaceAll(raw, []byte("scene_name"), []byte("SceneName")), &rules) != nil {
		return nil, false
	}
	return rewritten("edit_dynamic_light_effect_rule", func(p map[string]any) string {
		for _, r := range rules.List {
			if r.ID == p["id"] {
				p["scene_name"] = r.SceneName
			}
		}
		return ""
	})(d, a, theirs)
}

// started is an effect that is left as it is stored.
func started(_ *device.Device, _ asked, theirs []request) ([]request, bool) {
	left := slices.DeleteFunc(slices.Clone(theirs), func(r request) bool { return r.method == "edit_dynamic_light_effect_rule" })
	return left, len(left) < len(theirs)
}

// doCall does a call of the other client that is not about light.
func doCall(ctx context.Context, d *device.Device, name string, args []any) error {
	var err error
	text := func(i int) string { s, _ := args[i].(string); return s }
	number := func(i int) int { n, _ := args[i].(float64); return int(n) }
	switch name {
	case "set_alias":
		return d.SetAlias(ctx, text(0))
	case "wifi_scan":
		_, err = d.ScanWiFi(ctx)
	case "wifi_join":
		return d.JoinWiFi(ctx, device.Join{
			SSID: text(0), Password: wattle.NewSecret(text(1)),
			Account: wattle.Credentials{Username: "dummy_user", Password: wattle.NewSecret("dummy_password")},
		})
	case "factory_reset":
		return d.Reset(ctx)
	case "time.set_time":
		at, _ := time.Parse(time.RFC3339, text(0))
		zone, _ := time.LoadLocation("Europe/Berlin")
		return d.SetClock(ctx, at, zone)
	case "energy.get_status":
		_, _, err = d.Energy(ctx)
	case "energy.get_daily_stats":
		from := time.Date(number(0), time.Month(number(1)), 1, 0, 0, 0, 0, time.UTC)
		_, err = d.EnergySeries(ctx, from, from.AddDate(0, 1, 0), energy.Day)
	case "energy.get_monthly_stats":
		from := time.Date(number(0), 1, 1, 0, 0, 0, 0, time.UTC)
		_, err = d.EnergySeries(ctx, from, from.AddDate(1, 0, 0), energy.Month)
	case "energy.erase_stats":
		return d.EraseEnergy(ctx)
	default:
		return fmt.Errorf("%w: no call of ours is known for %s", wattle.ErrUnsupported, name)
	}
	return err
}
