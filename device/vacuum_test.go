package device_test

import (
	"errors"
	"testing"
	"testing/synctest"

	"wattle"
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
			{"dock", "GoingHome", func() error { return v.ReturnHome(t.Context()) }},
			{"rooms", "Cleaning", func() error { return v.Clean(t.Context(), 7, 5, 6) }},
		} {
			if err := step.do(); err != nil {
				t.Errorf("%s: %v", step.name, err)
			}
			s, err := d.Poll(t.Context())
			if err != nil || s.Value("vacuum_status").String() != step.want {
				t.Errorf("after %s: %v (%v)", step.name, s.Value("vacuum_status"), err)
			}
		}
		const want = `{"clean_mode":3,"clean_on":true,"clean_order":true,"force_clean":false,"map_id":7,"room_list":[5,6],"start_type":1}`
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
	if _, _, err := v.Rooms(t.Context()); !errors.Is(err, wattle.ErrNotFound) {
		t.Errorf("without a map: %v", err)
	}
}
