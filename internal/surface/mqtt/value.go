package mqtt

import (
	"encoding/json"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"wattle/feature"
	"wattle/hub"
)

// unknown is how Home Assistant is told that a value is not known.
const unknown = "None"

// longest is how many bytes a text may have: Home Assistant takes no longer ones.
const longest = 255

// shown is the payload of a feature's topic.
func shown(v *hub.View, id string) string {
	if v.State == nil {
		return unknown
	}
	r, ok := v.State.Reading(id)
	if !ok {
		return unknown
	}
	text := payload(&r)
	if start := begins(id); start != nil && r.Total && r.Unit == feature.KilowattHour {
		return withReset(text, start(v.State.DeviceTime()))
	}
	return text
}

// payload is a value as text.
func payload(r *feature.Reading) string {
	switch x := r.Value.Any().(type) {
	case nil:
		return unknown
	case bool:
		return onOff(x)
	case int:
		return strconv.Itoa(x)
	case float64:
		if r.Precision > 0 {
			digits := math.Pow10(r.Precision)
			x = math.Round(x*digits) / digits
		}
		return strconv.FormatFloat(x, 'f', -1, 64)
	case time.Duration:
		return strconv.FormatFloat(x.Seconds(), 'f', -1, 64)
	case time.Time:
		if x.IsZero() {
			return unknown
		}
		return x.Format(time.RFC3339)
	case string:
		if r.Kind == feature.Choice && len(r.Choices) > 0 && !slices.Contains(r.Choices, x) {
			return unknown
		}
		return short(x)
	case feature.HSV:
		return x.String()
	}
	return unknown // a secret
}

// short is a text that Home Assistant takes.
func short(text string) string {
	text = strings.ToValidUTF8(text, "�")
	if len(text) <= longest {
		if text == "" {
			return unknown // an empty message would delete the topic
		}
		return text
	}
	cut := longest - len("…")
	for cut > 0 && !utf8.RuneStart(text[cut]) {
		cut--
	}
	return text[:cut] + "…"
}

func onOff(on bool) string {
	if on {
		return "ON"
	}
	return "OFF"
}

// begins says when the sum of a day or a month began, by the clock of the device;
// nil for a feature that is no such sum.
func begins(id string) func(time.Time) time.Time {
	switch {
	case strings.HasSuffix(id, "_today"):
		return func(t time.Time) time.Time {
			return time.Date(t.Year(), t.Month(), t.Day(), 0, 0, 0, 0, t.Location())
		}
	case strings.HasSuffix(id, "_this_month"):
		return func(t time.Time) time.Time { return time.Date(t.Year(), t.Month(), 1, 0, 0, 0, 0, t.Location()) }
	}
	return nil
}

// withReset is the sum of a day or month with its beginning.
func withReset(number string, start time.Time) string {
	var value any
	if number != unknown {
		value = json.Number(number)
	}
	return text(map[string]any{"value": value, "last_reset": start.Format(time.RFC3339)})
}

// text is an object as JSON.
func text(object map[string]any) string {
	b, err := json.Marshal(object)
	if err != nil {
		panic(err) // texts, numbers and lists only
	}
	return string(b)
}
