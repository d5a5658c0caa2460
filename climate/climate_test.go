package climate_test

import (
	"encoding/json"
	"os"
	"testing"
	"time"

	"wattle/climate"
	"wattle/internal/recorded"
	"wattle/method/smart"
)

func read(t *testing.T, raw string) climate.Series {
	t.Helper()
	r, err := smart.GetRecords.Decode(json.RawMessage(raw))
	if err != nil {
		t.Fatal(err)
	}
	return climate.Read(r, time.FixedZone("", 3600))
}

func TestRead(t *testing.T) {
	// 1713550233 is 18:10:33 UTC: the newest step is that of 18:00.
	s := read(t, `{"local_time":1713550233,"temp_unit":"celsius","past24h_temp":[-1000,215,-5,null],
		"past24h_temp_exception":[-1000,0,-4,0],"past24h_humidity":[50,"x",-1000],"past24h_humidity_exception":[3,0,0]}`)
	got, err := json.Marshal(s)
	if err != nil {
		t.Fatal(err)
	}
	const want = `{"temperature_unit":"celsius","points":[` +
		`{"time":"2024-04-19T18:15:00+01:00","temperature":null,"humidity":null},` +
		`{"time":"2024-04-19T18:30:00+01:00","temperature":21.5,"humidity":50,"temperature_deviation":0,"humidity_deviation":3},` +
		`{"time":"2024-04-19T18:45:00+01:00","temperature":-0.5,"humidity":null,"temperature_deviation":-0.4,"humidity_deviation":0},` +
		`{"time":"2024-04-19T19:00:00+01:00","temperature":null,"humidity":null,"temperature_deviation":0,"humidity_deviation":0}]}`
	if string(got) != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	if trimmed := s.Trim(); len(trimmed.Points) != 3 {
		t.Errorf("trimmed to %d", len(trimmed.Points))
	}
	if newer := s.Since(s.Points[2].Time); len(newer.Points) != 2 {
		t.Errorf("%d points since the third", len(newer.Points))
	}
}

func TestReadLittle(t *testing.T) {
	for _, raw := range []string{`{}`, `null`, `{"local_time":0,"past24h_temp":[1]}`, `{"local_time":1713550233}`, `{"past24h_temp":[200]}`} {
		if s := read(t, raw); len(s.Points) != 0 || s.Points == nil {
			t.Errorf("%s: %+v", raw, s)
		}
	}
	if s := read(t, `{"local_time":1713550233,"temp_unit":"fahrenheit","past24h_temp":[701]}`); s.Unit != "fahrenheit" || *s.Points[0].Temperature != 70.1 {
		t.Errorf("%+v", s)
	}
}

// TestCaptures: 96 steps each; of those that cannot measure nothing is known.
func TestCaptures(t *testing.T) {
	n, known := 0, 0
	for _, file := range recorded.Files(t, "smart/child") {
		b, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var f struct {
			Records json.RawMessage `json:"get_temp_humidity_records"`
			Info    struct {
				Temperature *float64 `json:"current_temp"`
			} `json:"get_device_info"`
		}
		if err := json.Unmarshal(b, &f); err != nil {
			t.Fatal(err)
		}
		if f.Records == nil {
			continue
		}
		n++
		s := read(t, string(f.Records))
		if len(s.Points) != 96 || s.Points[95].Time.Sub(s.Points[0].Time) != 95*climate.Step {
			t.Errorf("%s: %d points", file, len(s.Points))
		}
		some := false
		for _, p := range s.Points {
			if p.Known() {
				some = true
				known++
			}
			if p.Temperature != nil && (*p.Temperature < -40 || *p.Temperature > 120) {
				t.Errorf("%s: %v degrees", file, *p.Temperature)
			}
		}
		if some != (f.Info.Temperature != nil) {
			t.Errorf("%s: records %t, measures %t", file, some, f.Info.Temperature != nil)
		}
	}
	t.Logf("%d records with %d known steps", n, known)
}

func FuzzRead(f *testing.F) {
	f.Add([]byte(`{"local_time":1713550233,"temp_unit":"celsius","past24h_temp":[-1000,215],"past24h_humidity":[50]}`))
	f.Add([]byte(`{"local_time":-9e18,"past24h_temp":[1e308,null,"x",{}]}`))
	f.Fuzz(func(t *testing.T, raw []byte) {
		r, _ := smart.GetRecords.Decode(raw)
		if r == nil {
			return
		}
		s := climate.Read(r, nil)
		for i := 1; i < len(s.Points); i++ {
			if s.Points[i].Time.Sub(s.Points[i-1].Time) != climate.Step {
				t.Fatal("a hole")
			}
		}
		_ = s.Trim().Since(time.Now())
	})
}
