package feature_test

import (
	"encoding/json"
	"errors"
	"math"
	"testing"
	"time"

	"wattle"
	"wattle/feature"
)

func TestValue(t *testing.T) {
	at := time.Date(2026, 1, 15, 13, 0, 0, 0, time.FixedZone("", 3600))
	for _, tt := range []struct {
		v          feature.Value
		text, json string
	}{
		{feature.Value{}, "unknown", "null"},
		{feature.ValueOf(true), "on", "true"},
		{feature.ValueOf(false), "off", "false"},
		{feature.ValueOf(0), "0", "0"},
		{feature.ValueOf(21.5), "21.5", "21.5"},
		{feature.ValueOf(1e21), "1000000000000000000000", "1e+21"},
		{feature.ValueOf(math.NaN()), "unknown", "null"},
		{feature.ValueOf(math.Inf(1)), "unknown", "null"},
		{feature.ValueOf("Party"), "Party", `"Party"`},
		{feature.ValueOf(90 * time.Second), "1m30s", "90"},
		{feature.ValueOf(at), "2026-01-15T13:00:00+01:00", `"2026-01-15T13:00:00+01:00"`},
		{feature.ValueOf(feature.HSV{Hue: 30, Saturation: 100, Value: 80}), "30,100,80", `{"hue":30,"saturation":100,"value":80}`},
		{feature.ValueOf(wattle.NewSecret("123-45-678")), "[secret]", `"[secret]"`},
		{feature.ValueOf(wattle.NewSecret("123-45-678")).Reveal(), "123-45-678", `"123-45-678"`},
		{feature.ValueOf(5).Reveal(), "5", "5"},
	} {
		b, err := json.Marshal(tt.v)
		if err != nil || string(b) != tt.json || tt.v.String() != tt.text {
			t.Errorf("%#v is %q and %s (%v), want %q and %s", tt.v.Any(), tt.v, b, err, tt.text, tt.json)
		}
	}
	if !feature.ValueOf(at).Equal(feature.ValueOf(at.UTC())) {
		t.Error("the same moment in two zones differs")
	}
	if feature.ValueOf(0).Equal(feature.Value{}) || feature.ValueOf(false).Equal(feature.Value{}) {
		t.Error("unknown equals 0 or off")
	}
	if n, ok := feature.As[int](feature.ValueOf(50.0)); !ok || n != 50 {
		t.Errorf("50.0 as int: %d, %t", n, ok)
	}
	if _, ok := feature.As[int](feature.ValueOf(50.5)); ok {
		t.Error("50.5 as int")
	}
	if _, ok := feature.As[bool](feature.ValueOf(1)); ok {
		t.Error("1 as bool")
	}
}

func TestParse(t *testing.T) {
	for _, tt := range []struct {
		text string
		want bool
		err  error
	}{
		{"on", true, nil},
		{" YES ", true, nil},
		{"1", true, nil},
		{"true", true, nil},
		{"off", false, nil},
		{"No", false, nil},
		{"0", false, nil},
		{"disabled", false, nil},
		{"", false, wattle.ErrParam},
		{"onn", false, wattle.ErrParam},
		{"2", false, wattle.ErrParam},
	} {
		if got, err := feature.ParseBool(tt.text); got != tt.want || !errors.Is(err, tt.err) {
			t.Errorf("ParseBool(%q) = %t, %v", tt.text, got, err)
		}
	}
	for _, tt := range []struct {
		text string
		want feature.HSV
		err  error
	}{
		{"30,100,80", feature.HSV{Hue: 30, Saturation: 100, Value: 80}, nil},
		{"hsv(30°, 100%, 80%)", feature.HSV{Hue: 30, Saturation: 100, Value: 80}, nil},
		{"#ff8800", feature.HSV{Hue: 32, Saturation: 100, Value: 100}, nil},
		{"FF8800", feature.HSV{Hue: 32, Saturation: 100, Value: 100}, nil},
		{"#f80", feature.HSV{Hue: 32, Saturation: 100, Value: 100}, nil},
		{"#000", feature.HSV{}, nil},
		{"#ffffff", feature.HSV{Value: 100}, nil},
		{"#0000ff", feature.HSV{Hue: 240, Saturation: 100, Value: 100}, nil},
		{"#ff0001", feature.HSV{Hue: 0, Saturation: 100, Value: 100}, nil},
		{"Orange", feature.HSV{Hue: 30, Saturation: 100, Value: 100}, nil},
		{"rgb(255, 136, 0)", feature.HSV{Hue: 32, Saturation: 100, Value: 100}, nil},
		{"rgb(0,0,256)", feature.HSV{}, wattle.ErrParam},
		{"rgb(0,0)", feature.HSV{}, wattle.ErrParam},
		{"rgb(1,2,3", feature.HSV{Hue: 210, Saturation: 67, Value: 1}, nil},
		{"361,0,0", feature.HSV{}, wattle.ErrParam},
		{"0,101,0", feature.HSV{}, wattle.ErrParam},
		{"0,0,-1", feature.HSV{}, wattle.ErrParam},
		{"a,b,c", feature.HSV{}, wattle.ErrParam},
		{"#ff88", feature.HSV{}, wattle.ErrParam},
		{"", feature.HSV{}, wattle.ErrParam},
		{"beige", feature.HSV{}, wattle.ErrParam},
	} {
		got, err := feature.ParseHSV(tt.text)
		if !errors.Is(err, tt.err) || err == nil && got != tt.want {
			t.Errorf("ParseHSV(%q) = %v, %v; want %v, %v", tt.text, got, err, tt.want, tt.err)
		}
	}
}

func FuzzParseHSV(f *testing.F) {
	for _, seed := range []string{"30,100,80", "#ff8800", "f80", "orange", ",,", "#", "rgb(1,2,3)", "hsv(1,2,3)"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		c, err := feature.ParseHSV(text)
		if err != nil {
			return
		}
		again, err := feature.ParseHSV(c.String())
		if err != nil || again != c {
			t.Errorf("%q is %v, which reads as %v (%v)", text, c, again, err)
		}
	})
}

func TestParseKelvin(t *testing.T) {
	for _, tt := range []struct {
		text  string
		want  int
		named bool
		err   error
	}{
		{"2700", 2700, false, nil}, {"2700 K", 2700, false, nil}, {"4000k", 4000, false, nil},
		{" Warm ", 2700, true, nil}, {"daylight", 6500, true, nil},
		{"warmish", 0, false, wattle.ErrParam}, {"", 0, false, wattle.ErrParam}, {"-1", 0, false, wattle.ErrParam},
	} {
		got, named, err := feature.ParseKelvin(tt.text)
		if got != tt.want || named != tt.named || !errors.Is(err, tt.err) {
			t.Errorf("ParseKelvin(%q) = %d, %t, %v", tt.text, got, named, err)
		}
	}
}

// TestRGB: every name of a colour stays what it is, there and back.
func TestRGB(t *testing.T) {
	for _, name := range feature.ColorNames() {
		c, err := feature.ParseHSV(name)
		if err != nil {
			t.Fatal(err)
		}
		r, g, b := c.RGB()
		back := feature.FromRGB(r, g, b)
		if d := (back.Hue - c.Hue + 360) % 360; d > 1 && d < 359 || max(back.Saturation, c.Saturation)-min(back.Saturation, c.Saturation) > 1 || max(back.Value, c.Value)-min(back.Value, c.Value) > 1 {
			t.Errorf("%s: %v became %v", name, c, back)
		}
	}
	if r, g, b := feature.KelvinRGB(2700); r != 255 || g < 150 || g > 190 || b > 120 {
		t.Errorf("2700 K is %d,%d,%d", r, g, b)
	}
	if r, _, b := feature.KelvinRGB(9000); r >= b {
		t.Errorf("9000 K is not blue: %d < %d", r, b)
	}
}

func FuzzParseKelvin(f *testing.F) {
	for _, seed := range []string{"2700", "warm", "3000K", "k", ""} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		k, _, err := feature.ParseKelvin(text)
		if err == nil && k < 0 || err != nil && !errors.Is(err, wattle.ErrParam) {
			t.Errorf("%q: %d, %v", text, k, err)
		}
	})
}
