package feature

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"

	"wattle"
)

// colors are the names of colours that people type most.
var colors = map[string]HSV{
	"red": {0, 100, 100}, "orange": {30, 100, 100}, "amber": {45, 100, 100}, "yellow": {60, 100, 100},
	"lime": {90, 100, 100}, "green": {120, 100, 100}, "mint": {150, 60, 100}, "teal": {180, 100, 50},
	"turquoise": {174, 72, 88}, "cyan": {180, 100, 100}, "sky": {200, 60, 100}, "azure": {210, 100, 100},
	"blue": {240, 100, 100}, "navy": {240, 100, 50}, "indigo": {255, 90, 70}, "violet": {265, 80, 100},
	"purple": {270, 100, 100}, "lavender": {255, 40, 100}, "magenta": {300, 100, 100}, "fuchsia": {300, 100, 100},
	"rose": {330, 90, 100}, "pink": {330, 60, 100}, "crimson": {348, 91, 86}, "coral": {16, 69, 100},
	"salmon": {10, 50, 98}, "gold": {48, 100, 100}, "brown": {25, 75, 60}, "white": {0, 0, 100},
}

// temperatures are the names of whites, in K.
var temperatures = map[string]int{
	"candle": 2000, "warm": 2700, "soft": 3000, "neutral": 4000, "cool": 6500, "daylight": 6500, "cold": 6500,
}

// ColorNames are the names that [ParseHSV] knows, in alphabetic order.
func ColorNames() []string { return slices.Sorted(maps.Keys(colors)) }

// TemperatureNames are the names that [ParseKelvin] knows, in alphabetic order.
func TemperatureNames() []string { return slices.Sorted(maps.Keys(temperatures)) }

// ParseKelvin reads a colour temperature: 2700, 2700K, or a name such as
// warm. named tells that it was a name, which means the nearest that a light
// can do.
func ParseKelvin(text string) (kelvin int, named bool, err error) {
	text = strings.ToLower(strings.TrimSpace(text))
	if k, ok := temperatures[text]; ok {
		return k, true, nil
	}
	k, err := strconv.Atoi(strings.TrimSpace(strings.TrimSuffix(text, "k")))
	if err != nil || k < 0 {
		return 0, false, fmt.Errorf("%w: %q is not a colour temperature: write 2700 (in K) or %s", wattle.ErrParam, text,
			strings.Join(TemperatureNames(), ", "))
	}
	return k, false, nil
}

// ParseHSV reads a colour: "30,100,80" or "hsv(30,100,80)" as hue, saturation
// and value, "#ff8800", "ff8800", "#f80" or "rgb(255,136,0)" as red, green and
// blue, or a name such as "orange".
func ParseHSV(text string) (HSV, error) {
	text = strings.ToLower(strings.TrimSpace(text))
	if c, ok := colors[text]; ok {
		return c, nil
	}
	if inner, ok := strings.CutPrefix(text, "rgb("); ok {
		n, err := three(text, strings.TrimSuffix(inner, ")"))
		if err != nil {
			return HSV{}, err
		}
		for _, v := range n {
			if v < 0 || v > 255 {
				return HSV{}, fmt.Errorf("%w: %d in the colour %q is not in 0 to 255", wattle.ErrParam, v, text)
			}
		}
		return FromRGB(uint8(n[0]), uint8(n[1]), uint8(n[2])), nil
	}
	if inner := strings.TrimSuffix(strings.TrimPrefix(text, "hsv("), ")"); strings.Count(inner, ",") == 2 {
		n, err := three(text, inner)
		if err != nil {
			return HSV{}, err
		}
		c := HSV{n[0], n[1], n[2]}
		return c, c.Check()
	}
	hex := strings.TrimPrefix(text, "#")
	if len(hex) == 3 {
		hex = string([]byte{hex[0], hex[0], hex[1], hex[1], hex[2], hex[2]})
	}
	rgb, err := strconv.ParseUint(hex, 16, 32)
	if err != nil || len(hex) != 6 {
		return HSV{}, fmt.Errorf("%w: %q is not a colour: write hue,saturation,value (30,100,80), #rrggbb, rgb(255,136,0) or a name such as orange", wattle.ErrParam, text)
	}
	return FromRGB(uint8(rgb>>16), uint8(rgb>>8), uint8(rgb)), nil
}

// three reads three whole numbers with commas between.
func three(text, inner string) (n [3]int, err error) {
	parts := strings.Split(inner, ",")
	if len(parts) != 3 {
		return n, fmt.Errorf("%w: the colour %q has %d numbers instead of 3", wattle.ErrParam, text, len(parts))
	}
	for i, part := range parts {
		if n[i], err = strconv.Atoi(strings.TrimRight(strings.TrimSpace(part), "%°")); err != nil {
			return n, fmt.Errorf("%w: %q in the colour %q is not a whole number", wattle.ErrParam, part, text)
		}
	}
	return n, nil
}

// Check says what is wrong with the colour; the error wraps
// [wattle.ErrParam].
func (c HSV) Check() error {
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

// RGB is the colour as red, green and blue, to show it on a screen.
func (c HSV) RGB() (red, green, blue uint8) {
	h, s, v := float64(c.Hue)/60, float64(c.Saturation)/100, float64(c.Value)/100
	channel := func(n float64) uint8 {
		k := math.Mod(n+h, 6)
		return uint8(math.Round(255 * min(max(v-v*s*max(0, min(k, 4-k, 1)), 0), 1)))
	}
	return channel(5), channel(3), channel(1)
}

// KelvinRGB is about the colour of a white of that temperature, to show it on
// a screen.
func KelvinRGB(kelvin int) (red, green, blue uint8) {
	t := float64(min(max(kelvin, 1000), 12000)) / 100
	clip := func(x float64) uint8 { return uint8(math.Round(min(max(x, 0), 255))) }
	if t <= 66 {
		b := 0.0
		if t > 19 {
			b = 138.5177312231*math.Log(t-10) - 305.0447927307
		}
		return 255, clip(99.4708025861*math.Log(t) - 161.1195681661), clip(b)
	}
	return clip(329.698727446 * math.Pow(t-60, -0.1332047592)), clip(288.1221695283 * math.Pow(t-60, -0.0755148492)), 255
}
