package feature

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"wattle"
)

// ParseBool reads on/off, true/false, yes/no, 1/0 and enable/disable in any
// case.
func ParseBool(text string) (bool, error) {
	switch strings.ToLower(strings.TrimSpace(text)) {
	case "on", "true", "yes", "y", "1", "enable", "enabled":
		return true, nil
	case "off", "false", "no", "n", "0", "disable", "disabled":
		return false, nil
	}
	return false, fmt.Errorf("%w: %q is neither on nor off", wattle.ErrParam, text)
}

// colors are the names of colours that people type most. Hue in degrees, all
// at full saturation and value except white.
var colors = map[string]HSV{
	"red": {0, 100, 100}, "orange": {30, 100, 100}, "yellow": {60, 100, 100},
	"green": {120, 100, 100}, "cyan": {180, 100, 100}, "blue": {240, 100, 100},
	"purple": {270, 100, 100}, "magenta": {300, 100, 100}, "pink": {330, 60, 100},
	"white": {0, 0, 100},
}

// ParseHSV reads a colour: "30,100,80" as hue, saturation and value, "#ff8800"
// or "ff8800" or "#f80" as red, green and blue, or a name such as "orange".
func ParseHSV(text string) (HSV, error) {
	text = strings.ToLower(strings.TrimSpace(text))
	if c, ok := colors[text]; ok {
		return c, nil
	}
	if parts := strings.Split(strings.TrimSuffix(strings.TrimPrefix(text, "hsv("), ")"), ","); len(parts) == 3 {
		var n [3]int
		for i, part := range parts {
			v, err := strconv.Atoi(strings.TrimRight(strings.TrimSpace(part), "%°"))
			if err != nil {
				return HSV{}, fmt.Errorf("%w: %q in the colour %q is not a whole number", wattle.ErrParam, part, text)
			}
			n[i] = v
		}
		c := HSV{n[0], n[1], n[2]}
		return c, c.check()
	}
	hex := strings.TrimPrefix(text, "#")
	if len(hex) == 3 {
		hex = string([]byte{hex[0], hex[0], hex[1], hex[1], hex[2], hex[2]})
	}
	rgb, err := strconv.ParseUint(hex, 16, 32)
	if err != nil || len(hex) != 6 {
		return HSV{}, fmt.Errorf("%w: %q is not a colour: write hue,saturation,value (30,100,80), #rrggbb or a name such as orange", wattle.ErrParam, text)
	}
	return FromRGB(uint8(rgb>>16), uint8(rgb>>8), uint8(rgb)), nil
}

// check says what is wrong with the colour.
func (c HSV) check() error {
	switch {
	case c.Hue < 0 || c.Hue > 360:
		return fmt.Errorf("%w: hue %d is not in 0 to 360", wattle.ErrParam, c.Hue)
	case c.Saturation < 0 || c.Saturation > 100:
		return fmt.Errorf("%w: saturation %d is not in 0 to 100", wattle.ErrParam, c.Saturation)
	case c.Value < 0 || c.Value > 100:
		return fmt.Errorf("%w: colour value %d is not in 0 to 100", wattle.ErrParam, c.Value)
	}
	return nil
}

// FromRGB is the nearest HSV colour of red, green and blue.
func FromRGB(red, green, blue uint8) HSV {
	r, g, b := float64(red)/255, float64(green)/255, float64(blue)/255
	hi, lo := max(r, g, b), min(r, g, b)
	span := hi - lo
	var hue, saturation float64
	if span > 0 {
		switch hi {
		case r:
			hue = math.Mod((g-b)/span+6, 6)
		case g:
			hue = (b-r)/span + 2
		default:
			hue = (r-g)/span + 4
		}
		saturation = span / hi
	}
	return HSV{int(math.Round(hue*60)) % 360, int(math.Round(saturation * 100)), int(math.Round(hi * 100))}
}

// parse reads a T from what a person typed.
func parse[T Scalar](text string) (T, error) {
	var t T
	var err error
	text = strings.TrimSpace(text)
	switch want := any(&t).(type) {
	case *bool:
		*want, err = ParseBool(text)
	case *int:
		if *want, err = strconv.Atoi(text); err != nil {
			err = fmt.Errorf("%w: %q is not a whole number", wattle.ErrParam, text)
		}
	case *float64:
		if *want, err = strconv.ParseFloat(text, 64); err != nil || math.IsNaN(*want) || math.IsInf(*want, 0) {
			err = fmt.Errorf("%w: %q is not a number", wattle.ErrParam, text)
		}
	case *string:
		*want = text
	case *HSV:
		*want, err = ParseHSV(text)
	case *time.Time:
		if *want, err = time.Parse(time.RFC3339, text); err != nil {
			err = fmt.Errorf("%w: %q is not a time such as 2026-01-15T12:00:00Z", wattle.ErrParam, text)
		}
	case *time.Duration:
		if seconds, numeric := strconv.ParseFloat(text, 64); numeric == nil {
			*want = time.Duration(seconds * float64(time.Second))
		} else if *want, err = time.ParseDuration(text); err != nil {
			err = fmt.Errorf("%w: %q is not a duration such as 90s or 1h30m", wattle.ErrParam, text)
		}
	}
	return t, err
}
