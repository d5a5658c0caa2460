package mqtt

import (
	"encoding/json"
	"testing"
	"time"

	"wattle/feature"
)

// FuzzCommand reads payloads of all kinds of commands: no panic, and what is taken
// is within its range.
func FuzzCommand(f *testing.F) {
	for _, seed := range []string{
		"ON", "OFF", "PRESS", "", "null", "21.5", "1e999", "-0", "NaN", "0x1p-2", "Turbo", "30,100,80", "#ff8800",
		`{"state":"ON","brightness":80,"transition":2}`, `{"state":"ON","color":{"h":30,"s":90},"effect":"Aurora"}`, `{"color_temp":2700}`,
		`{"state":"ON","tone":"Alarm 1","duration":10,"volume_level":0.5}`, `["1","2"]`, `[3]`, `[[]]`, `{"color":null,"brightness":1e400}`,
	} {
		f.Add(seed)
	}
	number := feature.Reading{Meta: &feature.Meta{ID: "n", Kind: feature.Number}}
	choice := feature.Reading{Meta: &feature.Meta{ID: "c", Kind: feature.Choice, Choices: []string{"Turbo"}}}
	color := feature.Reading{Meta: &feature.Meta{ID: "h", Kind: feature.Color}}
	f.Fuzz(func(t *testing.T, payload string) {
		if c, err := parseLight(payload); err == nil {
			if c.Brightness != nil && (*c.Brightness < 0 || *c.Brightness > 100) || c.Transition < 0 || c.Transition > maxTransition*time.Second ||
				c.Color != nil && c.Color.Check() != nil {
				t.Errorf("light %+v", c)
			}
		}
		if _, how, err := parseSound(payload); err == nil && (how.Duration < 0 || how.Duration > 10*time.Minute) {
			t.Errorf("sound %+v", how)
		}
		if rooms, err := parseRooms(payload); err == nil && (len(rooms) == 0 || len(rooms) > mostRooms) {
			t.Errorf("rooms %v", rooms)
		}
		if n, err := parse(&number, payload); err == nil && n.(float64)-n.(float64) != 0 {
			t.Errorf("number %v", n)
		}
		if c, err := parse(&choice, payload); err == nil && c != "Turbo" {
			t.Errorf("choice %v", c)
		}
		if c, err := parse(&color, payload); err == nil && c.(feature.HSV).Check() != nil {
			t.Errorf("colour %v", c)
		}
		if s := short(payload); len(s) > longest || s == "" || !json.Valid([]byte(text(map[string]any{"t": s}))) {
			t.Errorf("text %q", s)
		}
	})
}

// FuzzTopic takes topics apart.
func FuzzTopic(f *testing.F) {
	for _, seed := range []string{"wattle/0257a710000e/state/set", "wattle//set", "wattle/a/set", "/", "wattle/a/b/c/set", "other/a/b/set"} {
		f.Add(seed)
	}
	s := &Surface{opt: Options{Base: "wattle"}}
	f.Fuzz(func(t *testing.T, topic string) {
		if slug, end, ok := s.device(topic); ok && "wattle/"+slug+"/"+end+"/set" != topic {
			t.Errorf("%q: %q, %q", topic, slug, end)
		}
	})
}
