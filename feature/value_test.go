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
	for _, seed := range []string{"30,100,80", "#ff8800", "f80", "orange", ",,", "#"} {
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
