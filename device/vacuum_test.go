package device_test

import (
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"wattle"
	"wattle/device"
	"wattle/feature"
	"wattle/floor"
	"wattle/simulator"
)

func TestVacuum(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d, w := alive(t, "RV30", simulator.Quirks{})
		if _, err := d.Poll(t.Context()); err != nil {
			t.Fatal(err)
		}
		v, err := d.Vacuum()
		if err != nil {
			t.Fatal(err)
		}
		for _, step := range []struct {
			name, want string
			do         func() error
		}{
			{"start", "Cleaning", func() error { return v.Start(t.Context()) }},
			{"pause", "Paused", func() error { return v.Pause(t.Context()) }},
			{"resume", "Cleaning", func() error { return v.Resume(t.Context()) }},
			{"pause again", "Paused", func() error { return v.Pause(t.Context()) }},
			{"start after a pause", "Cleaning", func() error { return v.Start(t.Context()) }},
			{"dock on the way", "GoingHome", func() error { return v.ReturnHome(t.Context()) }},
			{"pause on the way", "Idle", func() error { return v.Pause(t.Context()) }},
			{"zones", "Cleaning", func() error { return v.CleanZones(t.Context(), 1752400100, 501) }},
			{"spot", "Cleaning", func() error { return v.CleanSpot(t.Context()) }},
			{"dock", "GoingHome", func() error { return v.ReturnHome(t.Context()) }},
			{"rooms", "Cleaning", func() error { return v.Clean(t.Context(), 1752400100, 2, 6) }},
		} {
			if err := step.do(); err != nil {
				t.Errorf("%s: %v", step.name, err)
			}
			s, err := d.Poll(t.Context())
			if err != nil || s.Value("vacuum_status").String() != step.want {
				t.Errorf("after %s: %v (%v)", step.name, s.Value("vacuum_status"), err)
			}
		}
		if n := w.said(`"method":"setSwitchClean"`); n != 4 {
			t.Errorf("it was made to begin %d times", n)
		}
		if err := v.Clean(t.Context(), 1752400100, 2, 6); err != nil {
			t.Error(err)
		}
		const want = `{"clean_mode":3,"clean_on":true,"clean_order":true,"force_clean":false,"map_id":1752400100,"room_list":[2,6],"start_type":1}`
		if w.said(want) != 1 {
			t.Error("the rooms were not sent as they should be")
		}
		if err := v.Clean(t.Context(), 7); !errors.Is(err, wattle.ErrParam) {
			t.Errorf("no rooms: %v", err)
		}
	})
}

func TestVacuumRooms(t *testing.T) {
	f := &fake{answers: map[string]any{
		"component_nego":  `{"component_list":[{"id":"clean","ver_code":3},{"id":"map","ver_code":2}]}`,
		"get_device_info": `{"device_id":"80","type":"SMART.TAPOROBOVAC","model":"RV30","mac":"02-00-00-00-00-09","nickname":"Um9iYm8="}`,
		"getMapInfo":      `{"current_map_id":9,"map_list":[{"map_id":9,"map_name":"SG9tZQ=="}]}`,
		"getMapData": `{"map_id":9,"area_list":[{"id":5,"type":"room","name":"S2l0Y2hlbg=="},{"id":401,"type":"virtual_wall"},
			7,{"type":"room"},{"id":6,"type":"room"}]}`,
	}}
	d, _ := openFake(t, f, nil)
	v, err := d.Vacuum()
	if err != nil {
		t.Fatal(err)
	}
	id, rooms, err := v.Rooms(t.Context())
	if err != nil || id != 9 || len(rooms) != 2 || rooms[0].ID != 5 || rooms[0].Name != "Kitchen" || rooms[1].ID != 6 || rooms[1].Name != "" {
		t.Errorf("map %d, rooms %+v (%v)", id, rooms, err)
	}
	f.set("getMapInfo", `{"current_map_id":0,"map_list":[]}`)
	if _, _, err := v.Rooms(t.Context()); !errors.Is(err, device.ErrNoMap) {
		t.Errorf("without a map: %v", err)
	}
	if _, err := v.Map(t.Context(), 9); !errors.Is(err, device.ErrNoMap) {
		t.Errorf("without a map: %v", err)
	}
	f.set("getMapInfo", `{"current_map_id":9,"map_list":[{"map_id":9,"map_name":"SG9tZQ=="}]}`)
	if _, err := v.Map(t.Context(), 8); !errors.Is(err, wattle.ErrParam) || !strings.Contains(err.Error(), "9 (Home)") {
		t.Errorf("another map: %v", err)
	}
	if p, err := v.Map(t.Context(), 9); !errors.Is(err, wattle.ErrProtocol) || p == nil || p.Name != "Home" || len(p.Rooms) != 2 {
		t.Errorf("a map without pixels: %+v, %v", p, err)
	}
}

// TestVacuumState: what is asked of a vacuum in one look, over a run.
func TestVacuumState(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(12 * time.Hour) // at night it is quiet
		d, w := alive(t, "RV30", simulator.Quirks{})
		v, err := d.Vacuum()
		if err != nil {
			t.Fatal(err)
		}
		now := func() device.VacuumState {
			t.Helper()
			s, err := v.State(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			return s
		}
		s := now()
		if s.Status != "Charged" || s.Problem != nil || *s.Battery != 100 || *s.Area != 28 || s.Unit != feature.SquareMetre || *s.Minutes != 42 || *s.Percent != 100 ||
			s.Suction != "Standard" || *s.Passes != 1 || !*s.Boost || *s.Mop || s.Water != "Medium" || *s.Volume != 60 || s.Dustbin != "Balanced" || s.Mode != "" || *s.Working {
			t.Errorf("at first %+v", s)
		}
		if err := v.Clean(t.Context(), 1752400100, 3); err != nil {
			t.Fatal(err)
		}
		time.Sleep(5 * time.Minute)
		if s = now(); s.Status != "Cleaning" || s.Mode != "rooms" || !*s.Working || *s.Minutes != 5 || *s.Area != 5 || *s.Battery >= 100 {
			t.Errorf("under way %+v", s)
		}
		p, err := v.Map(t.Context(), 0)
		if err != nil || p.Robot == nil || p.At(p.Pixel(p.Robot.Point)).Room != 3 {
			t.Errorf("it is at %+v (%v)", p.Robot, err)
		}
		if err := w.device.Fire("", "stuck", "WheelBlocked"); err != nil {
			t.Fatal(err)
		}
		if s = now(); s.Status != "Error" || s.Problem == nil || s.Problem.Code != 4 || s.Problem.Name != "WheelBlocked" || !strings.Contains(s.Problem.Text, "wheel") {
			t.Errorf("stuck %+v %+v", s, s.Problem)
		}
		if err := w.device.Fire("", "stuck", "999"); err != nil {
			t.Fatal(err)
		}
		if s = now(); s.Problem == nil || s.Problem.Name != "" || !strings.Contains(s.Problem.Text, "999") {
			t.Errorf("stuck for a reason that nobody knows: %+v", s.Problem)
		}
		if err := w.device.Fire("", "free", ""); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Hour)
		runs, err := v.Runs(t.Context())
		if err != nil || *runs.Count != 132 || len(runs.List) != 3 || runs.Unit != feature.SquareMetre {
			t.Fatalf("%+v (%v)", runs, err)
		}
		// The clock of a bubble stands long before the runs of the capture.
		if r := runs.List[2]; r.Mode != "rooms" || *r.Area != 9 || *r.Minutes != 9 || !r.Emptied || r.Scheduled || *r.Error != 0 || time.Since(r.End) > time.Hour {
			t.Errorf("the run is remembered as %+v", r)
		}
		if !runs.List[1].Scheduled || !runs.List[1].End.Before(runs.List[0].End) {
			t.Errorf("runs %+v", runs.List)
		}
		if err := w.device.Poke("", "battery", "5"); err != nil {
			t.Fatal(err)
		}
		var refused *wattle.DeviceError
		if err := v.Start(t.Context()); !errors.As(err, &refused) || refused.Code != -3001 {
			t.Errorf("with an empty battery: %v", err)
		}
	})
}

func TestVacuumParts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d, _ := alive(t, "RV30", simulator.Quirks{})
		v, err := d.Vacuum()
		if err != nil {
			t.Fatal(err)
		}
		if err := v.ResetParts(t.Context(), "filter", "side_brush"); err != nil {
			t.Fatal(err)
		}
		list, err := v.Parts(t.Context())
		if err != nil || len(list) != 7 {
			t.Fatalf("%+v (%v)", list, err)
		}
		for _, p := range list {
			want := map[string]int{"main_brush": 24000 - 3110, "side_brush": 12000, "filter": 12000, "sensor": 1800 - 620, "charging_contacts": 1800 - 620}[p.Name]
			if p.Left() != want {
				t.Errorf("%s lasts %d minutes, want %d", p.Name, p.Left(), want)
			}
		}
		for _, names := range [][]string{nil, {"wheels"}} {
			if err := v.ResetParts(t.Context(), names...); !errors.Is(err, wattle.ErrParam) {
				t.Errorf("%v: %v", names, err)
			}
		}
	})
}

func TestVacuumQuiet(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d, w := alive(t, "RV30", simulator.Quirks{})
		v, err := d.Vacuum()
		if err != nil {
			t.Fatal(err)
		}
		for _, tt := range []struct{ set, want device.QuietHours }{
			{device.QuietHours{On: true, Start: 21 * time.Hour, End: 6*time.Hour + 30*time.Minute}, device.QuietHours{On: true, Start: 21 * time.Hour, End: 6*time.Hour + 30*time.Minute}},
			{device.QuietHours{}, device.QuietHours{Start: 21 * time.Hour, End: 6*time.Hour + 30*time.Minute}},
			{device.QuietHours{On: true, Start: 0, End: time.Minute}, device.QuietHours{On: true, End: time.Minute}},
		} {
			if err := v.SetDoNotDisturb(t.Context(), tt.set); err != nil {
				t.Fatal(err)
			}
			if got, err := v.DoNotDisturb(t.Context()); err != nil || got != tt.want {
				t.Errorf("after %+v it is %+v (%v)", tt.set, got, err)
			}
		}
		if n := w.said(`"params":{"do_not_disturb":true,"s_min":0,"e_min":1}`); n != 1 {
			t.Errorf("the hours were sent %d times", n)
		}
		for _, q := range []device.QuietHours{{Start: 24 * time.Hour}, {End: -time.Minute}, {End: time.Second}} {
			if err := v.SetDoNotDisturb(t.Context(), q); !errors.Is(err, wattle.ErrParam) {
				t.Errorf("%+v: %v", q, err)
			}
		}
	})
}

// TestVacuumLittle: a vacuum that has next to nothing says so, and what it does
// not know is not zero.
func TestVacuumLittle(t *testing.T) {
	f := &fake{answers: map[string]any{
		"component_nego":  `{"component_list":[{"id":"clean","ver_code":3}]}`,
		"get_device_info": `{"device_id":"80","type":"SMART.TAPOROBOVAC","model":"RV9","mac":"02-00-00-00-00-09","nickname":"Um9iYm8="}`,
		"getVacStatus":    `{"status":77}`,
		"getAreaUnit":     `{"area_unit":1}`,
		"getCleanRecords": `{"record_list":[{"timestamp":1700000000},{"timestamp":"x"},{"timestamp":1800000000,"task_type":9}]}`,
	}}
	d, _ := openFake(t, f, nil)
	v, err := d.Vacuum()
	if err != nil {
		t.Fatal(err)
	}
	s, err := v.State(t.Context())
	if err != nil || s.Status != "UnknownInternal" || s.Problem != nil || s.Battery != nil || s.Area != nil || s.Minutes != nil || s.Working != nil || s.Suction != "" {
		t.Errorf("%+v (%v)", s, err)
	}
	runs, err := v.Runs(t.Context())
	if err != nil || runs.Count != nil || runs.Unit != feature.SquareFoot || len(runs.List) != 3 || runs.List[0].Mode != "mode 9" || !runs.List[2].End.IsZero() {
		t.Errorf("%+v (%v)", runs, err)
	}
	for name, do := range map[string]func() error{
		"maps":  func() error { _, err := v.Maps(t.Context()); return err },
		"rooms": func() error { _, _, err := v.Rooms(t.Context()); return err },
		"dock":  func() error { return v.EmptyDustbin(t.Context()) },
		"parts": func() error { _, err := v.Parts(t.Context()); return err },
		"reset": func() error { return v.ResetParts(t.Context(), "filter") },
		"quiet": func() error { return v.SetDoNotDisturb(t.Context(), device.QuietHours{On: true}) },
		"water": func() error { return v.SetWater(t.Context(), "Low") },
	} {
		if err := do(); !errors.Is(err, wattle.ErrUnsupported) && !errors.Is(err, wattle.ErrNotFound) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestFindRoom(t *testing.T) {
	rooms := []floor.Room{{ID: 2, Name: "Kitchen"}, {ID: 3, Name: "Bed"}, {ID: 4, Name: "bed"}, {ID: 5}}
	for _, tt := range []struct {
		name string
		id   int
		err  error
	}{
		{"kitchen", 2, nil}, {" Kitchen ", 2, nil}, {"5", 5, nil}, {"3", 3, nil},
		{"bed", 0, wattle.ErrParam}, {"Attic", 0, wattle.ErrParam}, {"", 0, wattle.ErrParam}, {"9", 0, wattle.ErrParam},
	} {
		if id, err := device.FindRoom(rooms, tt.name); id != tt.id || !errors.Is(err, tt.err) {
			t.Errorf("%q is %d (%v)", tt.name, id, err)
		}
	}
}
