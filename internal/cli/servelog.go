package cli

import (
	"bytes"
	"io"
	"log/slog"
	"slices"
	"sync"
)

// linesKept is how many lines of the log a hub keeps for "wattle hub logs".
const linesKept = 2000

// ring keeps the newest lines of a log, for who asks later.
type ring struct {
	mu      sync.Mutex
	lines   [][]byte // the newest last
	first   uint64   // number of lines[0]
	changed chan struct{}
}

func newRing() *ring { return &ring{changed: make(chan struct{})} }

// Write takes one line; slog's handlers write each record at once.
func (r *ring) Write(p []byte) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.lines) == linesKept {
		r.lines = append(r.lines[:0], r.lines[linesKept/4:]...)
		r.first += linesKept / 4
	}
	r.lines = append(r.lines, bytes.TrimRight(bytes.Clone(p), "\n"))
	close(r.changed)
	r.changed = make(chan struct{})
	return len(p), nil
}

// Tail gives at most n lines from number since on, the newest where there are
// more, and the number of the line that comes next. more is closed when there is one.
func (r *ring) Tail(since uint64, n int) (lines [][]byte, next uint64, more <-chan struct{}) {
	r.mu.Lock()
	defer r.mu.Unlock()
	end := r.first + uint64(len(r.lines))
	from := max(since, r.first)
	if n >= 0 && end-min(from, end) > uint64(n) {
		from = end - uint64(n)
	}
	if from < end {
		lines = slices.Clone(r.lines[from-r.first:])
	}
	return lines, end, r.changed
}

// hubLogger writes to stderr as text or JSON, and into the ring as JSON: there in
// full also where stderr is to be quiet.
func (a *app) hubLogger(format string, kept *ring) *slog.Logger {
	level := slog.LevelInfo
	switch {
	case a.flags.debug:
		level = slog.LevelDebug
	case a.flags.quiet:
		level = slog.LevelWarn
	}
	handler := func(w io.Writer, format string, level slog.Level) slog.Handler {
		o := &slog.HandlerOptions{Level: level}
		if format == formatJSON {
			return slog.NewJSONHandler(w, o)
		}
		return slog.NewTextHandler(w, o)
	}
	handlers := []slog.Handler{handler(a.err, format, level), handler(kept, formatJSON, min(level, slog.LevelInfo))}
	if h := a.fileLog(); h != nil {
		handlers = append(handlers, h)
	}
	return slog.New(slog.NewMultiHandler(handlers...))
}
