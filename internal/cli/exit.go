package cli

import (
	"context"
	"errors"
	"strings"

	"wattle"
	"wattle/internal/keystore"
)

// Code is the exit status of the process. The numbers are a contract; they
// are listed by "wattle help exit-codes".
type Code int

// The exit codes.
const (
	CodeOK          Code = 0
	CodeGeneral     Code = 1
	CodeUsage       Code = 2
	CodeAuth        Code = 3
	CodeNotFound    Code = 4
	CodeUnreachable Code = 5
	CodeUnsupported Code = 6
	CodePartial     Code = 7
	CodePolicy      Code = 8
	CodeTimeout     Code = 124
	CodeInterrupted Code = 130
)

// codeInfo is the row of one exit code: its name in JSON errors and what the
// manual says about it.
type codeInfo struct {
	code Code
	name string
	text string
}

var codes = []codeInfo{
	{CodeOK, "ok", "Done."},
	{CodeGeneral, "error", "Failed for a reason without a code of its own; the message says which."},
	{CodeUsage, "usage", "The command line, a value or the configuration file is wrong."},
	{CodeAuth, "auth", "The device refused the credentials, or there are none, or it is locked for a while."},
	{CodeNotFound, "not_found", "No such device, feature, file or profile."},
	{CodeUnreachable, "unreachable", "The device does not answer at its address, or not with a transport that it announced."},
	{CodeUnsupported, "unsupported", "This device does not have the feature or method, or its transport is not built yet."},
	{CodePartial, "partial", "Some of several devices (or captures) failed; each failure is on stderr."},
	{CodePolicy, "policy", "Not done for safety: a confirmation is missing, or local access is switched off in the app."},
	{CodeTimeout, "timeout", "The time given by --timeout was over."},
	{CodeInterrupted, "interrupted", "Ended by Ctrl-C or SIGTERM."},
}

func (c Code) name() string {
	for _, info := range codes {
		if info.code == c {
			return info.name
		}
	}
	return "error"
}

// classes maps the error classes of the library to exit codes; the first match counts.
var classes = []struct {
	class error
	code  Code
}{
	{context.Canceled, CodeInterrupted},
	{wattle.ErrNotFound, CodeNotFound},
	{wattle.ErrAuth, CodeAuth},
	{wattle.ErrLockout, CodeAuth},
	{keystore.ErrNone, CodeAuth},
	{wattle.ErrAccess, CodePolicy},
	{wattle.ErrUnsupported, CodeUnsupported},
	{wattle.ErrParam, CodeUsage},
	{wattle.ErrUnreachable, CodeUnreachable},
	{wattle.ErrTransport, CodeUnreachable},
	{wattle.ErrIdentity, CodeUnreachable},
	{context.DeadlineExceeded, CodeTimeout},
}

// coder is an error that knows its own exit code.
type coder interface{ exitCode() Code }

// exitCode is the exit status for an error; nil is [CodeOK].
func exitCode(err error) Code {
	if err == nil {
		return CodeOK
	}
	if c, ok := errors.AsType[interface {
		error
		coder
	}](err); ok {
		return c.exitCode()
	}
	for _, row := range classes {
		if errors.Is(err, row.class) {
			return row.code
		}
	}
	// cobra has no error types for what it finds wrong itself.
	for _, prefix := range []string{"unknown command", "unknown flag", "unknown shorthand", "flag needs an argument", "invalid argument"} {
		if strings.HasPrefix(err.Error(), prefix) {
			return CodeUsage
		}
	}
	return CodeGeneral
}
