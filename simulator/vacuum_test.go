package simulator_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"wattle"
	"wattle/simulator"
)

// robot is the vacuum of the home on a clock that the test moves.
type robot struct {
	t   *testing.T
	d   *simulator.Device
	now time.Time
}

func newRobot(t *testing.T) *robot {
	t.Helper()
	r := &robot{t: t, now: time.Date(2026, 1, 15, 12, 0, 0, 0, time.UTC)}
	r.d = device(t, "RV30", simulator.DeviceOptions{Now: func() time.Time { return r.now }})
	return r
}

// ask gives a part of an answer as text.
func (r *robot) ask(method, path string) string {
	r.t.Helper()
	return show(at(r.t, handle(r.t, r.d, `{"method":"`+method+`","params":{}}`), strings.TrimSuffix("result/"+path, "/")))
}

func (r *robot) do(method, params string) float64 {
	r.t.Helper()
	code, _ := at(r.t, handle(r.t, r.d, `{"method":"`+method+`","params":`+params+`}`), "error_code").(float64)
	return code
}

func (r *robot) must(method, params string) {
	r.t.Helper()
	if code := r.do(method, params); code != 0 {
		r.t.Fatalf("%s %s is refused with %v", method, params, code)
	}
}

func (r *robot) wait(d time.Duration) { r.now = r.now.Add(d) }

// is checks what a few answers say, as "getVacStatus/status=1".
func (r *robot) is(when string, want map[string]string) {
	r.t.Helper()
	for key, value := range want {
		method, path, _ := strings.Cut(key, "/")
		if got := r.ask(method, path); got != value {
			r.t.Errorf("%s: %s is %s, want %s", when, key, got, value)
		}
	}
}

const (
	wholeHome = `{"clean_mode":0,"clean_on":true,"clean_order":true,"force_clean":false}`
	twoRooms  = `{"clean_mode":3,"clean_on":true,"clean_order":true,"force_clean":false,"map_id":1752400100,"room_list":[2,6],"start_type":1}`
)

// TestVacuumRun: 28.1 m² at a square metre a minute, two minutes home, and half
// a percent of the battery a minute.
func TestVacuumRun(t *testing.T) {
	r := newRobot(t)
	r.is("at first", map[string]string{"getVacStatus/status": "6", "getBatteryInfo/battery_percentage": "100", "getCleanInfo/clean_area": "28"})
	r.must("setSwitchClean", wholeHome)
	r.is("begun", map[string]string{
		"getVacStatus/status": "1", "getCleanInfo": `{"clean_area":0,"clean_percent":0,"clean_time":0}`, "getCleanStatus/is_working": "true",
	})
	r.wait(14 * time.Minute)
	r.is("half way", map[string]string{
		"getVacStatus/status": "1", "getCleanInfo": `{"clean_area":14,"clean_percent":49,"clean_time":14}`,
		"getBatteryInfo/battery_percentage": "92", "getConsumablesInfo/filter_time": "1494", "getConsumablesInfo/rag_time": "0",
		"getCleanRecords/total_number": "131",
	})
	r.must("setRobotPause", `{"pause":true}`)
	r.wait(time.Hour)
	r.is("paused", map[string]string{"getVacStatus/status": "7", "getCleanInfo/clean_time": "14", "getBatteryInfo/battery_percentage": "92", "getCleanStatus/is_working": "false"})
	r.must("setRobotPause", `{"pause":false}`)
	r.wait(15 * time.Minute)
	r.is("done", map[string]string{"getVacStatus/status": "4", "getCleanInfo": `{"clean_area":28,"clean_percent":100,"clean_time":28}`})
	r.wait(2 * time.Minute)
	end := time.Date(2026, 1, 15, 13, 28, 0, 0, time.UTC)
	r.is("at the dock", map[string]string{
		"getVacStatus/status": "5", "getCleanRecords/total_number": "132", "getCleanRecords/total_area": "4338",
		"getCleanRecords/record_list_num": "3", "getCleanRecords/record_list/2/clean_area": "28",
		"getCleanRecords/record_list/2/dust_collection": "true", "getCleanRecords/record_list/2/start_type": "1",
	})
	var seconds int64
	if _, err := fmt.Sscan(r.ask("getCleanRecords", "record_list/2/timestamp"), &seconds); err != nil {
		t.Fatal(err)
	}
	if off := time.Unix(seconds, 0).Sub(end); off < 0 || off > 30*time.Second {
		t.Errorf("the run ended %v after %v", off, end)
	}
	r.wait(40 * time.Minute)
	r.is("charged", map[string]string{"getVacStatus/status": "6", "getBatteryInfo/battery_percentage": "100"})
}

// TestVacuumSilence: what happens while nobody asks is the same.
func TestVacuumSilence(t *testing.T) {
	asked, silent := newRobot(t), newRobot(t)
	for _, r := range []*robot{asked, silent} {
		r.must("setCleanAttr", `{"type":"global","suction":5,"clean_number":3}`)
		r.must("setSwitchClean", wholeHome)
	}
	for range 200 {
		asked.wait(time.Minute)
		asked.ask("getVacStatus", "status")
	}
	silent.wait(200 * time.Minute)
	for _, method := range []string{"getVacStatus", "getBatteryInfo", "getCleanInfo", "getConsumablesInfo", "getCleanRecords"} {
		if a, b := asked.ask(method, ""), silent.ask(method, ""); a != b {
			t.Errorf("%s: %s\nbut where nobody asked %s", method, a, b)
		}
	}
}

func TestVacuumRooms(t *testing.T) {
	r := newRobot(t)
	for _, params := range []string{
		`{"clean_on":true,"clean_mode":3}`,
		`{"clean_on":true,"clean_mode":3,"map_id":1752400100,"room_list":[]}`,
		`{"clean_on":true,"clean_mode":3,"map_id":1752400100,"room_list":[99]}`,
		`{"clean_on":true,"clean_mode":3,"map_id":7,"room_list":[2]}`,
		`{"clean_on":true,"clean_mode":4,"map_id":1752400100,"area_list":[301]}`,
		`{"clean_on":true,"clean_mode":9}`, `{"clean_mode":0}`,
	} {
		if code := r.do("setSwitchClean", params); code != -1008 {
			t.Errorf("%s is answered with %v", params, code)
		}
	}
	dock := r.ask("getMapData", "real_vac_coor")
	r.must("setSwitchClean", twoRooms)
	r.wait(4 * time.Minute)
	if place := r.ask("getMapData", "real_vac_coor"); place == dock {
		t.Errorf("it is at %s still", place)
	}
	// The kitchen has 5.8 m², the bathroom 1.7.
	r.is("under way", map[string]string{"getCleanStatus": `{"clean_status":3,"is_mapping":false,"is_relocating":false,"is_working":true}`, "getCleanInfo/clean_percent": "52"})
	r.wait(time.Hour)
	r.is("done", map[string]string{"getCleanInfo/clean_area": "8", "getMapData/real_vac_coor": dock, "getCleanRecords/record_list/2/task_type": "3"})
	r.must("setSwitchClean", `{"clean_on":true,"clean_mode":4,"map_id":1752400100,"area_list":[501]}`)
	r.wait(time.Minute)
	r.is("a zone of 1.0 m²", map[string]string{"getCleanStatus/clean_status": "4"})
	if code := r.do("getMapData", `{"map_id":3,"type":0}`); code != -1008 {
		t.Errorf("a map that is not there is answered with %v", code)
	}
}

func TestVacuumDock(t *testing.T) {
	r := newRobot(t)
	r.must("setSwitchCharge", `{"switch_charge":true}`)
	r.is("at the dock already", map[string]string{"getVacStatus/status": "6"})
	r.must("setSwitchClean", wholeHome)
	r.wait(30 * time.Second)
	r.must("setSwitchCharge", `{"switch_charge":true}`)
	r.must("setSwitchCharge", `{"switch_charge":false}`)
	r.is("stopped", map[string]string{"getVacStatus/status": "0"})
	r.wait(time.Hour)
	r.is("still", map[string]string{"getVacStatus/status": "0"})
	r.must("setSwitchCharge", `{"switch_charge":true}`)
	r.wait(3 * time.Minute)
	// Half a minute is no run to remember.
	r.is("home", map[string]string{"getVacStatus/status": "5", "getCleanRecords/total_number": "131"})
	r.must("setSwitchDustCollection", `{"switch_dust_collection":true}`)
}

// TestVacuumBattery: it goes home with 15 %, and does not begin with less.
func TestVacuumBattery(t *testing.T) {
	r := newRobot(t)
	if err := r.d.Poke("", "battery", "20"); err != nil {
		t.Fatal(err)
	}
	r.is("with little", map[string]string{"getVacStatus/status": "5", "getBatteryInfo/battery_percentage": "20"})
	r.must("setSwitchClean", wholeHome)
	r.wait(10 * time.Minute)
	r.is("with too little", map[string]string{"getVacStatus/status": "4", "getCleanInfo": `{"clean_area":9,"clean_percent":32,"clean_time":9}`})
	r.wait(70 * time.Second)
	r.is("at the dock", map[string]string{"getVacStatus/status": "5", "getBatteryInfo/battery_percentage": "14"})
	if code := r.do("setSwitchClean", wholeHome); code != -3001 {
		t.Errorf("it begins with too little: %v", code)
	}
	r.wait(3 * time.Hour)
	r.is("charged", map[string]string{"getVacStatus/status": "6", "getCleanRecords/record_list/2/clean_area": "9"})
	if err := r.d.Poke("", "battery", "120"); !errors.Is(err, wattle.ErrParam) {
		t.Errorf("120 %%: %v", err)
	}
}

func TestVacuumStuck(t *testing.T) {
	r := newRobot(t)
	r.must("setSwitchClean", wholeHome)
	r.wait(5 * time.Minute)
	if err := r.d.Fire("", "stuck", "sidebrushstuck"); err != nil {
		t.Fatal(err)
	}
	r.wait(time.Hour)
	r.is("stuck", map[string]string{"getVacStatus/err_status": "[2]", "getCleanInfo/clean_time": "5"})
	if err := r.d.Fire("", "free", ""); err != nil {
		t.Fatal(err)
	}
	r.wait(5 * time.Minute)
	r.is("free", map[string]string{"getVacStatus/err_status": "[0]", "getCleanInfo/clean_time": "10"})
	r.must("setSwitchCharge", `{"switch_charge":true}`)
	if err := r.d.Fire("", "stuck", ""); err != nil {
		t.Fatal(err)
	}
	r.wait(time.Hour)
	r.is("stuck on the way", map[string]string{"getVacStatus/err_status": "[6]", "getVacStatus/status": "4"})
	if err := r.d.Fire("", "free", ""); err != nil {
		t.Fatal(err)
	}
	r.wait(time.Minute)
	r.is("nearly home", map[string]string{"getVacStatus/status": "4"})
	r.wait(90 * time.Second)
	r.is("home", map[string]string{"getVacStatus/status": "5"})
	if err := r.d.Fire("", "stuck", "somewhere"); !errors.Is(err, wattle.ErrParam) {
		t.Errorf("stuck somewhere: %v", err)
	}
	if err := device(t, "P110(EU)", simulator.DeviceOptions{}).Fire("", "stuck", ""); !errors.Is(err, wattle.ErrUnsupported) {
		t.Errorf("a plug: %v", err)
	}
}

// TestVacuumQuiet: at night the dock does not empty the dust bin.
func TestVacuumQuiet(t *testing.T) {
	for _, tt := range []struct{ hour, quiet, want string }{
		{"23:00", "true", "false"}, {"23:00", "false", "true"}, {"07:00", "true", "false"}, {"08:00", "true", "true"},
	} {
		r := newRobot(t)
		begin, err := time.Parse("15:04", tt.hour)
		if err != nil {
			t.Fatal(err)
		}
		r.now = time.Date(2026, 1, 16, begin.Hour(), 0, 0, 0, time.UTC)
		r.must("setDoNotDisturb", `{"do_not_disturb":`+tt.quiet+`}`)
		r.must("setSwitchClean", twoRooms)
		r.wait(20 * time.Minute)
		if got := r.ask("getCleanRecords", "record_list/2/dust_collection"); got != tt.want {
			t.Errorf("at %s with quiet %s: emptied is %s", tt.hour, tt.quiet, got)
		}
	}
}

// TestVacuumRecords: only thirty runs are remembered.
func TestVacuumRecords(t *testing.T) {
	r := newRobot(t)
	r.must("remove_schedule_rules", `{"remove_all":true}`)
	for range 32 {
		r.must("setSwitchClean", `{"clean_mode":2,"clean_on":true}`)
		r.wait(time.Hour)
	}
	r.is("after 32 more", map[string]string{"getCleanRecords/total_number": "163", "getCleanRecords/record_list_num": "30", "getCleanRecords/record_list/30": "null"})
}

// TestVacuumSchedule: a rule of the device begins a run.
func TestVacuumSchedule(t *testing.T) {
	r := newRobot(t)
	r.must("add_schedule_rule", `{"enable":true,"mode":"repeat","week_day":127,"s_min":780,"year":2026,"month":1,"day":15,"clean_attr":{"cistern":2,"clean_mode":0,"clean_number":1,"clean_order":false,"suction":2}}`)
	r.wait(61 * time.Minute)
	r.is("a minute after 13:00", map[string]string{"getVacStatus/status": "1", "getCleanInfo/clean_time": "1"})
	r.wait(time.Hour)
	r.is("an hour later", map[string]string{"getCleanRecords/record_list/2/start_type": "4"})
}

func TestVacuumRefusals(t *testing.T) {
	r := newRobot(t)
	for method, params := range map[string]string{
		"setVolume": `{"volume":101}`, "setCleanAttr": `{"type":"global","suction":6}`, "setCarpetClean": `{"carpet_clean_prefer":"never"}`,
		"setDoNotDisturb": `{"s_min":1440}`, "setDustCollectionInfo": `{"dust_collection_mode":4}`, "playSelectAudio": `{}`,
		"setRobotPause": `{}`, "setSwitchCharge": `{"switch_charge":"yes"}`, "resetConsumablesTime": `{"reset_list":["wheels"]}`,
		"setSwitchDustCollection": `{}`,
	} {
		if code := r.do(method, params); code != -1008 {
			t.Errorf("%s %s is answered with %v", method, params, code)
		}
	}
	plug := &robot{t: t, d: device(t, "P110(EU)", simulator.DeviceOptions{})}
	for _, method := range []string{"setSwitchClean", "setRobotPause", "setSwitchCharge", "playSelectAudio"} {
		if code := plug.do(method, `{"clean_on":true,"pause":true,"switch_charge":true,"audio_type":"x"}`); code != -1002 {
			t.Errorf("a plug answers %s with %v", method, code)
		}
	}
}
