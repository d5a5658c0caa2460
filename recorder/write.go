package recorder

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"wattle"
	"wattle/history"
)

const (
	firstRetry = time.Second
	lastRetry  = time.Minute
	// patience is how long a write may take before that is said.
	patience = 10 * time.Second
)

var errSlow = fmt.Errorf("no answer for %v: is the database locked, or the disk too slow?", patience)

// write brings what is in the buffer to the disk until ctx ends. What it holds
// then is left for finish.
func (r *Recorder) write(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-r.buffer.signal:
		}
		for r.buffer.waiting() > 0 {
			if !r.writeOne(ctx) {
				return
			}
		}
	}
}

// writeOne writes one batch, however often that has to be tried. It reports
// false when ctx has ended before.
func (r *Recorder) writeOne(ctx context.Context) bool {
	b := r.held
	if b.Len() == 0 {
		b = r.buffer.take(maxBatch)
	}
	if b.Len() == 0 {
		return true
	}
	wait := firstRetry
	for {
		slow := time.AfterFunc(patience, func() { r.failed(errSlow) })
		written, err := r.options.Sink.Write(ctx, clone(b))
		slow.Stop()
		if err == nil || errors.Is(err, wattle.ErrParam) {
			r.held = history.Batch{}
			r.buffer.done()
			r.wrote(b, written, err)
			return true
		}
		if ctx.Err() != nil {
			r.held = b
			return false
		}
		r.failed(err)
		timer := time.NewTimer(wait)
		select {
		case <-ctx.Done():
			timer.Stop()
			r.held = b
			return false
		case <-timer.C:
		}
		wait = min(2*wait, lastRetry)
	}
}

// clone is a batch that may be given away: the sink owns what it gets.
func clone(b history.Batch) history.Batch {
	return history.Batch{
		Samples: append([]history.Sample(nil), b.Samples...),
		Meters:  append([]history.Reading(nil), b.Meters...),
	}
}

// wrote counts a batch that is on disk, or that no try would ever bring there.
func (r *Recorder) wrote(b history.Batch, w history.Written, err error) {
	r.mu.Lock()
	before := r.stats.Err
	r.stats.Err = err
	if err == nil {
		r.stats.Samples += uint64(w.Samples)
		r.stats.Readings += uint64(w.Readings)
		r.stats.TooOld += uint64(w.TooOld)
		r.stats.Written = time.Now()
	} else {
		r.stats.Lost += uint64(b.Len())
	}
	lost := r.stats.Lost
	r.mu.Unlock()
	switch {
	case err != nil:
		r.log.Error("the history refuses a batch, which is lost", slog.Any("err", err), slog.Int("size", b.Len()))
		return
	case r.buffer.losing.CompareAndSwap(true, false):
		r.log.Warn("the history is written again", slog.Uint64("lost_so_far", lost))
	case before != nil:
		r.log.Info("the history is written again")
	}
	if r.options.Kept != nil {
		r.options.Kept(b)
	}
}

// failed notes an error, and logs the first of a row.
func (r *Recorder) failed(err error) {
	r.mu.Lock()
	first := r.stats.Err == nil
	r.stats.Err = err
	r.mu.Unlock()
	if first {
		r.log.Warn("the history cannot be written; samples wait", slog.Any("err", err))
	}
}

// finish writes what is left when Run ends.
func (r *Recorder) finish(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, r.options.Grace)
	defer cancel()
	r.digest()
	for r.buffer.waiting() > 0 {
		if !r.writeOne(ctx) {
			r.mu.Lock()
			err := r.stats.Err
			r.mu.Unlock()
			if err == nil {
				err = context.Cause(ctx)
			}
			return fmt.Errorf("%d samples and readings could not be written within %v: %w", r.buffer.waiting(), r.options.Grace, err)
		}
	}
	return nil
}
