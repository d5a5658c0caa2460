package cli

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"sync"
	"syscall"
	"time"

	"golang.org/x/term"

	"wattle"
)

// globals are the flags that every command takes.
type globals struct {
	config, profile, output string
	via, hub                string
	json, quiet, verbose    bool
	debug, noColor, noInput bool
	timeout                 time.Duration
}

// app is one run of the program: its streams, flags and what was loaded so
// far. It is used by one goroutine, except where a method says otherwise.
type app struct {
	in       io.Reader
	out, err io.Writer
	getenv   func(string) string
	environ  func() []string

	inTTY, outTTY, errTTY bool
	outStyle, errStyle    style

	flags  globals
	csv    bool // --csv of the command that runs
	set    *settings
	prof   *profile
	memory *book

	loadAccount sync.Once
	credentials wattle.Credentials
	accountErr  error
	cloudOf     cloudAccount
	hubOf       hubs
	serving     bool            // this is the hub
	settle      func(*settings) // has the last word on settings, nil: nobody
	log         *slog.Logger
	timeout     time.Duration // of the whole command; 0: none
}

// Main runs the program on the process's own streams and gives its exit
// status. The first Ctrl-C (or SIGTERM) ends the command; the second kills.
func Main() int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop)
	a := &app{in: os.Stdin, out: os.Stdout, err: os.Stderr, getenv: os.Getenv, environ: os.Environ}
	return int(a.run(ctx, os.Args[1:]))
}

// run is one command from its arguments to its exit code.
func (a *app) run(ctx context.Context, args []string) Code {
	_, a.outTTY = terminal(a.out)
	_, a.errTTY = terminal(a.err)
	if f, ok := a.in.(*os.File); ok {
		a.inTTY = term.IsTerminal(int(f.Fd()))
	}
	a.log = slog.New(slog.DiscardHandler)
	a.errStyle = colourful(a.err, false, a.getenv)
	a.outStyle = colourful(a.out, false, a.getenv)
	root := newRoot(a, onlyCommand(args))
	root.SetArgs(args)
	err := root.ExecuteContext(ctx)
	if err == nil {
		return CodeOK
	}
	code := exitCode(err)
	if code == CodeInterrupted {
		// Who pressed Ctrl-C knows why it ended; a program wants to be told.
		if a.jsonWanted() {
			a.report(&fault{err: err, code: code})
		}
		return code
	}
	a.log.Debug("command failed", "code", int(code), "err", err)
	a.report(err)
	return code
}

// prepare runs before each command: it settles what flags, environment and
// configuration file say together.
func (a *app) prepare() error {
	set, err := a.settings()
	if err != nil {
		return err
	}
	if f := set.text("output"); !contains(formats, f) {
		return usagef("", "--output %q: want one of %s", f, list(formats))
	}
	if v := set.text("via"); !contains(policies, v) {
		return usagef(meant(v, policies), "--via %q: want %s", v, list(policies))
	}
	never := a.flags.noColor
	switch set.text("color") {
	case "never":
		never = true
	case "always":
		if !a.flags.noColor && a.getenv("NO_COLOR") == "" {
			a.outStyle, a.errStyle = true, true
		}
	}
	if never {
		a.outStyle, a.errStyle = false, false
	}
	a.timeout = set.duration("timeout")
	a.log = a.newLogger()
	return nil
}

// format is how results are printed.
func (a *app) format() string {
	switch {
	case a.flags.json:
		return formatJSON
	case a.csv:
		return formatCSV
	}
	if a.set != nil {
		return a.set.text("output")
	}
	if a.flags.output != "" {
		return a.flags.output
	}
	return formatTable
}

func (a *app) jsonWanted() bool { return a.format() == formatJSON }

// limit is the context of a command that has an end of its own: it ends
// earlier when --timeout says so.
func (a *app) limit(ctx context.Context) (context.Context, context.CancelFunc) {
	if a.timeout <= 0 {
		return context.WithCancel(ctx)
	}
	return context.WithTimeoutCause(ctx, a.timeout, &timeoutError{a.timeout})
}

// fileLog logs at debug level to the file that WATTLE_LOG_FILE names; nil where it
// names none. The end of the process closes it.
func (a *app) fileLog() slog.Handler {
	path := a.getenv("WATTLE_LOG_FILE")
	if path == "" {
		return nil
	}
	f, err := os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		a.warn(fmt.Errorf("WATTLE_LOG_FILE: %w", err))
		return nil
	}
	return slog.NewTextHandler(f, &slog.HandlerOptions{Level: slog.LevelDebug})
}

// newLogger writes debug lines to stderr with --debug, and to the file that
// WATTLE_LOG_FILE names; without both it is silent.
func (a *app) newLogger() *slog.Logger {
	options := &slog.HandlerOptions{Level: slog.LevelDebug}
	var handlers []slog.Handler
	if a.flags.debug {
		handlers = append(handlers, slog.NewTextHandler(a.err, options))
	}
	if h := a.fileLog(); h != nil {
		handlers = append(handlers, h)
	}
	if len(handlers) == 0 {
		return slog.New(slog.DiscardHandler)
	}
	return slog.New(slog.NewMultiHandler(handlers...))
}

// say tells a person what was done; not with --quiet.
func (a *app) say(format string, args ...any) {
	if !a.flags.quiet {
		fmt.Fprintln(a.err, oneLine(fmt.Sprintf(format, args...)))
	}
}

// detail says more with --verbose.
func (a *app) detail(format string, args ...any) {
	if a.flags.verbose && !a.flags.quiet {
		fmt.Fprintln(a.err, a.errStyle.dim(oneLine(fmt.Sprintf(format, args...))))
	}
}

// warn tells of something that went wrong beside the matter.
func (a *app) warn(err error) {
	if !a.flags.quiet {
		fmt.Fprintf(a.err, "%s %s\n", a.errStyle.yellow("wattle: note:"), oneLine(err.Error()))
	}
}
