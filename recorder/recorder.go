package recorder

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"wattle"
	"wattle/energy"
	"wattle/history"
	"wattle/hub"
)

// Sink is where a history goes; *store.Store is one.
type Sink interface {
	// Write returns when all of the batch is kept, or why it is not. Writing the
	// same batch again does no harm.
	Write(ctx context.Context, b history.Batch) (history.Written, error)
	// Maintain does what is due once in a while.
	Maintain(ctx context.Context) error
	Meters(ctx context.Context) ([]history.Device, error)
	Books(ctx context.Context, d history.Device, from, to time.Time) ([]history.Entry, []history.Span, error)
	Reconcile(ctx context.Context, d history.Device, own *energy.Series) error
	// Size is how many bytes the history takes.
	Size(ctx context.Context) (int64, error)
}

// Options are settings of a recorder; all but Sink may be left out.
type Options struct {
	Sink Sink
	// Every is how often batches are made; 0 means 1 s.
	Every time.Duration
	// Limit is how many samples and readings may wait to be written; 0 means
	// 50,000, which are about 10 MB.
	Limit int
	// Grace is for how long the end of Run waits for what is not written yet;
	// 0 means 20 s.
	Grace time.Duration
	// Kept is told what was written and is on disk, from one goroutine. nil:
	// nobody wants to know.
	Kept func(history.Batch)
	// Logger gets one line when something is lost, refused or filled in; nil
	// means none.
	Logger *slog.Logger
}

const (
	defaultEvery = time.Second
	defaultLimit = 50_000
	defaultGrace = 20 * time.Second
	// maxIntake is how many polls and events may wait to become samples.
	maxIntake = 10_000
	// maxBatch is how much is written at once.
	maxBatch = 5_000
)

// Stats are what a recorder has done in this run.
type Stats struct {
	Samples  uint64 `json:"samples"`  // states and events that are on disk
	Readings uint64 `json:"readings"` // of meters
	// Lost could not be kept: too much waited. TooOld are from before the time of
	// which single samples are kept. Refused make no sense.
	Lost    uint64 `json:"lost"`
	TooOld  uint64 `json:"too_old"`
	Refused uint64 `json:"refused"`
	Waiting int    `json:"waiting"` // samples and readings that are not on disk yet
	// Written is when something was written last, zero if never.
	Written time.Time `json:"written,omitzero"`
	// Err is why the last try to write failed, nil if it did not.
	Err   error  `json:"-"`
	Error string `json:"error,omitempty"` // the same as text
	Size  int64  `json:"size"`            // bytes, once a minute; 0 where it is not known
	// Filled is how often the books of a device were reconciled with its own
	// history.
	Filled uint64 `json:"reconciled"`
}

// Recorder takes what a hub tells. Make it with [New].
type Recorder struct {
	options Options
	log     *slog.Logger
	hub     atomic.Pointer[hub.Hub]

	intake intake
	buffer buffer
	maker  maker // of the collecting goroutine
	filler filler
	held   history.Batch // taken from the buffer, of the writing goroutine

	mu    sync.Mutex
	stats Stats
	runs  bool
}

// New makes a recorder. It does nothing before [Recorder.Run], but listens.
func New(o *Options) *Recorder {
	r := &Recorder{options: *o, log: o.Logger}
	if r.log == nil {
		r.log = slog.New(slog.DiscardHandler)
	}
	r.options.Every = cmp.Or(o.Every, defaultEvery)
	r.options.Grace = cmp.Or(o.Grace, defaultGrace)
	r.buffer.limit = cmp.Or(o.Limit, defaultLimit)
	r.buffer.signal = make(chan struct{}, 1)
	r.maker.devices = map[hub.ID]*memory{}
	r.filler.tasks = map[hub.ID]*task{}
	return r
}

// Attach names the hub whose devices are asked for their own history after an
// outage. Without one nobody is asked.
func (r *Recorder) Attach(h *hub.Hub) { r.hub.Store(h) }

// Observe takes the outcome of a poll; it is for [hub.Options.Observe] and returns
// at once.
func (r *Recorder) Observe(o hub.Observation) { r.take(taken{poll: &o}) }

// Happened takes an event; it is for [hub.Options.Happened] and returns at once.
func (r *Recorder) Happened(e hub.Event) {
	now := time.Now()
	r.take(taken{event: &e, at: now})
}

func (r *Recorder) take(t taken) {
	if !r.intake.put(t) {
		r.lose(1)
	}
}

// Stats are what it has done so far.
func (r *Recorder) Stats() Stats {
	r.mu.Lock()
	s := r.stats
	r.mu.Unlock()
	s.Waiting = r.buffer.waiting()
	if s.Err != nil {
		s.Error = s.Err.Error()
	}
	return s
}

// Run makes batches and writes them until ctx ends. Then it writes what it has
// accepted, for as long as [Options.Grace] says, and tells what could not be
// written. End the hub first. It runs once at a time.
func (r *Recorder) Run(ctx context.Context) error {
	r.mu.Lock()
	if r.runs {
		r.mu.Unlock()
		return fmt.Errorf("%w: the recorder runs already", wattle.ErrParam)
	}
	r.runs = true
	r.mu.Unlock()
	defer func() {
		r.mu.Lock()
		r.runs = false
		r.mu.Unlock()
	}()
	var running sync.WaitGroup
	running.Go(func() { r.collect(ctx) })
	running.Go(func() { r.write(ctx) })
	running.Go(func() { r.maintain(ctx) })
	running.Go(func() { r.fill(ctx) })
	running.Wait()
	return r.finish(context.WithoutCancel(ctx))
}

// collect makes samples of what has come, until ctx ends.
func (r *Recorder) collect(ctx context.Context) {
	// The first one comes soon: who has just started a hub looks whether it remembers.
	ticker := time.NewTicker(min(r.options.Every, defaultEvery))
	defer ticker.Stop()
	for first := true; ; first = false {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
			r.digest()
		}
		if first {
			ticker.Reset(r.options.Every)
		}
	}
}

// digest brings what has come into the buffer.
func (r *Recorder) digest() {
	if jumped := r.maker.clock(time.Now()); jumped != 0 {
		r.log.Warn("the clock of this computer was set", slog.Duration("by", jumped))
	}
	b, refused := r.maker.batch(r.intake.take())
	for _, id := range b.back {
		r.filler.want(id, time.Now().Add(afterReturn))
	}
	if refused.count > 0 {
		r.mu.Lock()
		first := r.stats.Refused == 0
		r.stats.Refused += refused.count
		r.mu.Unlock()
		if first {
			r.log.Warn("a sample makes no sense and is not kept; others are counted", slog.Any("err", refused.err))
		}
	}
	if lost := r.buffer.put(b.Batch); lost > 0 {
		r.lose(lost)
	}
}

// lose counts what cannot be kept, and says so once until something is written
// again.
func (r *Recorder) lose(n int) {
	r.mu.Lock()
	first := r.buffer.losing.CompareAndSwap(false, true)
	r.stats.Lost += uint64(n)
	err := r.stats.Err
	r.mu.Unlock()
	if first {
		r.log.Error("too much waits to be written: the oldest samples are lost", slog.Any("err", err))
	}
}

// maintain does the upkeep of the history once a minute.
func (r *Recorder) maintain(ctx context.Context) {
	ticker := time.NewTicker(time.Minute)
	defer ticker.Stop()
	failed := false
	for {
		size, err := r.options.Sink.Size(ctx)
		if err == nil {
			r.mu.Lock()
			r.stats.Size = size
			r.mu.Unlock()
		}
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		err = r.options.Sink.Maintain(ctx)
		if err != nil && ctx.Err() == nil && !failed {
			r.log.Warn("upkeep of the history", slog.Any("err", err))
		}
		failed = err != nil
	}
}
