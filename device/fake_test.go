package device_test

import (
	"context"
	"encoding/json"
	"slices"
	"sync"
	"time"

	"wattle"
	"wattle/method"
)

// fake is a Caller with answers that a test changes.
type fake struct {
	mu      sync.Mutex
	answers map[string]any // by key: text to answer, or an error
	asked   []string
	sent    []method.Call // what does not only read
	down    error         // no exchange at all
	kids    map[string]*fake
}

func (f *fake) Do(ctx context.Context, calls ...method.Call) ([]method.Result, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if f.down != nil {
		return nil, f.down
	}
	out := make([]method.Result, len(calls))
	for i, c := range calls {
		f.asked = append(f.asked, c.Key())
		if c.Effect != method.Read {
			f.sent = append(f.sent, c)
		}
		switch a := f.answers[c.Key()].(type) {
		case string:
			out[i].Raw = json.RawMessage(a)
		case error:
			out[i].Err = a
		default:
			if c.Effect == method.Read {
				out[i].Err = &wattle.DeviceError{Family: wattle.SMART, Method: c.Method, Code: -1002}
			}
		}
	}
	return out, nil
}

func (f *fake) Child(id string) method.Caller { return f.kids[id] }

// set changes an answer.
func (f *fake) set(key string, answer any) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.answers[key] = answer
}

// times tells how often a query was asked, and forgets it.
func (f *fake) times(key string) int {
	f.mu.Lock()
	defer f.mu.Unlock()
	before := len(f.asked)
	f.asked = slices.DeleteFunc(f.asked, func(k string) bool { return k == key })
	return before - len(f.asked)
}

// last is the newest call that changed something.
func (f *fake) last() string {
	f.mu.Lock()
	defer f.mu.Unlock()
	if len(f.sent) == 0 {
		return ""
	}
	c := f.sent[len(f.sent)-1]
	return c.Key() + " " + string(c.Params)
}

// plug is a SMART plug with a meter.
func plug() *fake {
	return &fake{answers: map[string]any{
		"component_nego": `{"component_list":[{"id":"device","ver_code":2},{"id":"led","ver_code":1},
			{"id":"auto_off","ver_code":2},{"id":"energy_monitoring","ver_code":2},{"id":"time","ver_code":1}]}`,
		"get_device_info": `{"device_id":"8022","type":"SMART.TAPOPLUG","model":"P110","hw_ver":"1.0","fw_ver":"1.3.0 Build 1",
			"mac":"02-00-00-00-00-01","nickname":"RGVzaw==","device_on":true,"on_time":60,"rssi":-50,"auto_off_status":"off"}`,
		"get_connect_cloud_state": `{"status":0}`,
		"get_device_time":         `{"timestamp":1768478400,"region":"Europe/Berlin","time_diff":60}`,
		"get_led_info":            `{"led_rule":"always","led_status":true,"night_mode":{"night_mode_type":"custom","start_time":1,"end_time":2}}`,
		"get_auto_off_config":     `{"delay_min":120,"enable":false}`,
		"get_energy_usage":        `{"today_energy":46,"month_energy":430,"current_power":8962}`,
	}}
}

// clock is a time that a test moves.
type clock struct {
	mu sync.Mutex
	t  time.Time
}

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.t
}

func (c *clock) sleep(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.t = c.t.Add(d)
}
