package history_test

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"flag"
	"iter"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"wattle"
	"wattle/feature"
	"wattle/history"
)

var update = flag.Bool("update", false, "rewrite the golden files")

func records(list ...history.Record) iter.Seq2[history.Record, error] {
	return func(yield func(history.Record, error) bool) {
		for _, r := range list {
			if !yield(r, nil) {
				return
			}
		}
	}
}

func samples() iter.Seq2[history.Record, error] {
	device := history.Device{MAC: wattle.MAC{0xAB, 0, 0, 0, 0, 1}, Child: "outlet 2,=x"}
	var list []history.Record
	for i, v := range []feature.Value{
		feature.ValueOf(21.5), feature.ValueOf(3), feature.ValueOf(true), {}, feature.ValueOf("say \"hi\", a\\b\nc"),
		feature.ValueOf(noon), feature.ValueOf(90 * time.Second), feature.ValueOf(feature.HSV{Hue: 1, Saturation: 2, Value: 3}),
	} {
		list = append(list, history.Record{Sample: history.Sample{
			Key: history.Key{Device: device, Feature: "a_feature"}, Unit: "°C", Time: noon.Add(time.Duration(i) * 1500 * time.Millisecond), Value: v,
		}})
	}
	list[4].Event, list[4].Source = `id"7`, history.Cloud
	return records(list...)
}

func rollups() iter.Seq2[history.Record, error] {
	one := history.Sample{Key: history.Key{Device: plug, Feature: "current_consumption"}, Unit: feature.Watt}
	return records(
		history.Record{Sample: one, Bucket: &history.Bucket{Start: noon, End: noon.Add(time.Hour), Min: 1, Max: 3, Mean: 2.25, Last: 1.5, Count: 7, Known: time.Hour}},
		history.Record{Sample: one, Bucket: &history.Bucket{Start: noon.Add(time.Hour), End: noon.Add(2 * time.Hour)}},
	)
}

func TestExport(t *testing.T) {
	for _, tt := range []struct {
		format  history.Format
		buckets bool
	}{{history.CSV, false}, {history.CSV, true}, {history.JSON, false}, {history.JSON, true}, {history.Influx, false}, {history.Influx, true}} {
		source, name := samples(), "samples."
		if tt.buckets {
			source, name = rollups(), "buckets."
		}
		var out bytes.Buffer
		if _, err := history.Export(&out, tt.format, tt.buckets, source); err != nil {
			t.Fatal(err)
		}
		path := filepath.Join("testdata", name+string(tt.format))
		if *update {
			if err := os.WriteFile(path, out.Bytes(), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(want, out.Bytes()) {
			t.Errorf("%s: got\n%swant\n%s", path, out.String(), want)
		}
		if tt.format == history.JSON && !json.Valid(out.Bytes()) {
			t.Errorf("%s is no JSON", path)
		}
	}
	for format, want := range map[history.Format]string{history.CSV: "time,device,feature,unit,source,event,value\n", history.JSON: "[]\n", history.Influx: ""} {
		var out bytes.Buffer
		if n, err := history.Export(&out, format, false, records()); err != nil || n != 0 || out.String() != want {
			t.Errorf("%s of nothing: %q, %v", format, out.String(), err)
		}
	}
	failed := errors.New("away")
	broken := func(yield func(history.Record, error) bool) { yield(history.Record{}, failed) }
	if _, err := history.Export(&bytes.Buffer{}, history.CSV, false, broken); !errors.Is(err, failed) {
		t.Error(err)
	}
}

// FuzzExport: whatever a text holds, CSV and JSON give it back, and line protocol
// stays one line with its parts where they belong.
func FuzzExport(f *testing.F) {
	f.Add("a_feature", "child", "text", "17")
	f.Add("a,b=c d", "x=y, z\\", "say \"hi\"\r\n\\", "")
	f.Fuzz(func(t *testing.T, name, child, text, event string) {
		s := history.Sample{Key: history.Key{Device: history.Device{MAC: plug.MAC, Child: child}, Feature: name}, Time: noon, Value: feature.ValueOf(text), Event: event}
		if s.Check() != nil {
			return
		}
		if d, err := history.ParseDevice(s.Device.String()); err != nil || d != s.Device {
			t.Fatalf("%q became %q, %v", s.Device, d, err)
		}
		write := func(format history.Format) string {
			var out bytes.Buffer
			if _, err := history.Export(&out, format, false, records(history.Record{Sample: s})); err != nil {
				t.Fatal(err)
			}
			return out.String()
		}
		rows, err := csv.NewReader(strings.NewReader(write(history.CSV))).ReadAll()
		if want := strings.ReplaceAll(text, "\r\n", "\n"); err != nil || len(rows) != 2 || rows[1][2] != name || rows[1][6] != want && rows[1][6] != text {
			t.Fatalf("%q, %v", rows, err)
		}
		var objects []struct{ Feature, Value, Event string }
		if err := json.Unmarshal([]byte(write(history.JSON)), &objects); err != nil || objects[0].Feature != name || objects[0].Value != text || objects[0].Event != event {
			t.Fatalf("%+v, %v", objects, err)
		}
		line := write(history.Influx)
		rest, quoted, escaped, spaces := strings.TrimSuffix(line, "\n"), false, false, 0
		for _, r := range rest {
			switch {
			case escaped:
				escaped = false
			case r == '\\':
				escaped = true
			case r == '"' && spaces > 0:
				quoted = !quoted
			case r == ' ' && !quoted:
				spaces++
			case r == '\n' && !quoted:
				t.Fatalf("%q is more than a line", line)
			}
		}
		if quoted || escaped || spaces != 2 || !strings.HasSuffix(line, " 1795262400000000000\n") {
			t.Fatalf("%q: %d spaces", line, spaces)
		}
	})
}
