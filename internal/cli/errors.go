package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"wattle"
	"wattle/connect"
	"wattle/internal/hubapi"
)

// fault is an error with everything that the command line adds: whose it is,
// which exit code it has, and what a person can do about it.
type fault struct {
	subject string // device, file or "" for the command itself
	err     error
	code    Code // 0: by the class of err
	hint    string
	told    bool // err names the subject and the remedy itself
}

func (f *fault) Error() string {
	text := f.err.Error()
	if f.subject == "" || f.told || strings.HasPrefix(text, f.subject) {
		return text
	}
	return f.subject + ": " + text
}

func (f *fault) Unwrap() error { return f.err }

func (f *fault) exitCode() Code {
	if f.code != 0 {
		return f.code
	}
	return exitCode(f.err)
}

// usagef is a mistake on the command line.
func usagef(hint, format string, args ...any) error {
	return &fault{err: fmt.Errorf(format, args...), code: CodeUsage, hint: hint}
}

// of puts the name of a device or file in front of an error; nil stays nil.
func of(subject string, err error) error {
	if err == nil {
		return nil
	}
	if f, ok := errors.AsType[*fault](err); ok && f.subject == subject {
		return err
	}
	_, told := errors.AsType[*connect.Error](err)
	return &fault{subject: subject, err: err, told: told}
}

// timeoutError is the end of the time that the user gave.
type timeoutError struct{ after time.Duration }

func (e *timeoutError) Error() string { return fmt.Sprintf("not done within %v", e.after) }
func (e *timeoutError) Unwrap() error { return context.DeadlineExceeded }

// ended gives the reason for which ctx ended in place of an error that is only
// its consequence.
func ended(ctx context.Context, err error) error {
	if err != nil && ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return err
}

// several are the failures of a command over several devices. Its exit code
// is [CodePartial] when some succeeded, else the code that all share.
type several struct {
	errs  []error
	total int
}

// join gives nil for no failure, the failure itself for one of one, and
// [several] otherwise. errs may hold nil for those that succeeded.
func join(errs []error) error {
	var bad []error
	for _, err := range errs {
		if err != nil {
			bad = append(bad, err)
		}
	}
	switch {
	case len(bad) == 0:
		return nil
	case len(errs) == 1:
		return bad[0]
	}
	return &several{errs: bad, total: len(errs)}
}

func (s *several) Error() string {
	return fmt.Sprintf("%d of %d failed", len(s.errs), s.total)
}

func (s *several) Unwrap() []error { return s.errs }

func (s *several) exitCode() Code {
	if len(s.errs) < s.total {
		// An interrupt is an interrupt, whatever was done before it.
		for _, err := range s.errs {
			if exitCode(err) == CodeInterrupted {
				return CodeInterrupted
			}
		}
		return CodePartial
	}
	first := exitCode(s.errs[0])
	for _, err := range s.errs[1:] {
		if exitCode(err) != first {
			return CodeGeneral
		}
	}
	return first
}

// hintOf finds what a person can do about an error, or "".
func hintOf(err error) string {
	for f, ok := errors.AsType[*fault](err); ok; f, ok = errors.AsType[*fault](f.err) {
		if f.hint != "" {
			return f.hint
		}
		if f.told {
			return ""
		}
	}
	if h, ok := errors.AsType[interface {
		error
		Hint() string
	}](err); ok && h.Hint() != "" {
		return h.Hint()
	}
	if p, ok := errors.AsType[*hubapi.Problem](err); ok && p.Hint != "" {
		return p.Hint // that a device or the cloud gave to the hub
	}
	switch {
	case errors.Is(err, wattle.ErrAuth):
		return `run "wattle auth login"; the case of the e-mail counts`
	case errors.Is(err, wattle.ErrLockout):
		return "wait some minutes before the next try, and stop other programs that log in with a wrong password"
	case errors.Is(err, wattle.ErrAccess):
		return "in the Tapo or Kasa app open Me > Third-Party Services, switch Third-Party Compatibility off and on again, and retry"
	case errors.Is(err, wattle.ErrNotFound):
		return `"wattle discover" looks for devices, "wattle list" shows the known ones`
	case errors.Is(err, wattle.ErrUnreachable):
		return `is it plugged in and on this network? "wattle discover" shows who answers`
	}
	return ""
}

// jsonError is the shape of an error on stderr with --json.
type jsonError struct {
	Message string      `json:"message"`
	Code    Code        `json:"code"`
	Class   string      `json:"class"`
	Device  string      `json:"device,omitempty"`
	Hint    string      `json:"hint,omitempty"`
	Errors  []jsonError `json:"errors,omitempty"`
}

func toJSON(err error) jsonError {
	code := exitCode(err)
	out := jsonError{Message: oneLine(err.Error()), Code: code, Class: code.name()}
	if s, ok := errors.AsType[*several](err); ok {
		for _, e := range s.errs {
			out.Errors = append(out.Errors, toJSON(e))
		}
		return out
	}
	if f, ok := errors.AsType[*fault](err); ok {
		out.Device = f.subject
	}
	out.Hint = hintOf(err)
	return out
}

// report prints an error for a person: one line each, and a hint below where
// one helps; or as one JSON object.
func (a *app) report(err error) {
	if a.jsonWanted() {
		b, jerr := json.Marshal(map[string]jsonError{"error": toJSON(err)})
		if jerr == nil {
			fmt.Fprintf(a.err, "%s\n", b)
			return
		}
	}
	list := []error{err}
	if s, ok := errors.AsType[*several](err); ok {
		list = s.errs
	}
	red := a.errStyle.red("wattle:")
	var last string
	for i, e := range list {
		hint := hintOf(e)
		fmt.Fprintf(a.err, "%s %s\n", red, oneLine(e.Error()))
		// One hint for a run of failures that have the same remedy.
		if i+1 < len(list) && hintOf(list[i+1]) == hint {
			continue
		}
		if hint != "" && hint != last {
			fmt.Fprintf(a.err, "%s %s\n", a.errStyle.dim("hint:"), oneLine(hint))
		}
		last = hint
	}
}

// oneLine keeps foreign text (names and messages of devices) from breaking
// the line or moving the cursor.
func oneLine(s string) string { return strings.TrimSpace(printable(s)) }

// printable replaces what is not for a screen.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\n' || r == '\t' || r == '\r':
			return ' '
		case r < 0x20 || r == 0x7f || (r >= 0x80 && r < 0xa0):
			return '\uFFFD'
		}
		return r
	}, s)
}
