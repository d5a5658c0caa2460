package rest

import (
	"errors"
	"fmt"
	"strings"

	"wattle"
	"wattle/internal/hubapi"
)

// missing is a problem of the class [wattle.ErrNotFound] about something that is no
// device: that class speaks of devices.
func missing(what, format string, args ...any) error {
	p := hubapi.ProblemOf(wattle.ErrNotFound)
	p.Title, p.Detail = "no such "+what, fmt.Sprintf(format, args...)
	return p
}

// missingItem is the same of a group, a scene or a rule that was not found; other
// errors stay as they are.
func missingItem(what string, err error) error {
	if !errors.Is(err, wattle.ErrNotFound) {
		return err
	}
	return missing(what, "%s", strings.TrimPrefix(err.Error(), wattle.ErrNotFound.Error()+": "))
}
