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
	case *wattle.Secret:
		*want = wattle.NewSecret(text)
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
