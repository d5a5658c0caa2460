package store

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"wattle"
	"wattle/history"
)

// Options say where the history is and how it is kept.
type Options struct {
	// Address is the path of an SQLite file, or a postgres:// URL.
	Address string
	// Zone is whose hours and days roll-ups and energy have; nil for UTC. It is
	// the zone of the home. When it changes, days are computed anew from hours.
	Zone *time.Location
	// Retention is [history.DefaultRetention] where it is the zero value.
	Retention history.Retention
	// QueueLimit is how many samples and readings may wait to be written, 0 for
	// 100,000: about 20 MB.
	QueueLimit int
	// ReadOnly opens what is there for reading, beside a process that writes.
	ReadOnly bool
	// SkipCheck leaves the integrity check of an SQLite file out, which reads
	// all of it.
	SkipCheck bool
	// Now is the clock, nil for time.Now.
	Now func() time.Time
}

// Store is an open history. It is safe for concurrent use.
type Store struct {
	Options
	dialect
	place   string // for people, without passwords
	readers *sql.DB
	writers *sql.DB // one connection; nil when ReadOnly
	unlock  func() error
	queue   *queue
	done    chan struct{} // closed when the writer has ended
	stop    context.CancelFunc
	backup  func(ctx context.Context, path string) error

	keeps   atomic.Pointer[history.Retention]
	horizon horizons
	closing sync.Once
}

// horizons are the times before which single samples are gone. Only the writer
// sets them.
type horizons struct{ raw, states atomic.Int64 }

// Open opens a history, or makes one: it checks that what is there is one and
// whole, and brings its schema up to date. Errors wrap [history.ErrForeign],
// [history.ErrNewer], [history.ErrDamaged], [history.ErrInUse],
// [history.ErrReadOnly] or [history.ErrDiskFull] where they apply, and say what
// to do.
func Open(ctx context.Context, o Options) (*Store, error) {
	if o.Address == "" {
		return nil, fmt.Errorf("%w: no address of a history: want the path of a file, or postgres://…", wattle.ErrParam)
	}
	if o.Zone == nil {
		o.Zone = time.UTC
	}
	if o.Retention == (history.Retention{}) {
		o.Retention = history.DefaultRetention
	}
	if err := o.Retention.Check(); err != nil {
		return nil, err
	}
	if o.QueueLimit <= 0 {
		o.QueueLimit = 100_000
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	s := &Store{Options: o, done: make(chan struct{}), unlock: func() error { return nil }}
	s.keeps.Store(&o.Retention)
	open := s.openLite
	if strings.HasPrefix(o.Address, "postgres://") || strings.HasPrefix(o.Address, "postgresql://") {
		open = s.openPostgres
	}
	if err := open(ctx); err != nil {
		_ = s.release()
		return nil, err
	}
	if err := s.start(ctx); err != nil {
		_ = s.release()
		return nil, err
	}
	return s, nil
}

// start reads what was noted, and lets the writer run.
func (s *Store) start(ctx context.Context) error {
	if err := s.loadHorizons(ctx); err != nil {
		return s.explain("open", err)
	}
	run, stop := context.WithCancel(context.Background())
	s.stop = stop
	if s.ReadOnly {
		close(s.done)
		return nil
	}
	s.queue = newQueue(s.QueueLimit)
	w, err := newWriter(ctx, s)
	if err != nil {
		stop()
		return s.explain("open", err)
	}
	go func() {
		defer close(s.done)
		w.run(run)
	}()
	if err := s.rezone(ctx); err != nil {
		_ = s.Close(ctx)
		return s.explain("open", err)
	}
	return nil
}

// Close writes what waits, for as long as ctx allows, and closes the database.
// What could not be written is told to those who wait for it with
// [history.ErrClosed]. Further calls do nothing.
func (s *Store) Close(ctx context.Context) (err error) {
	s.closing.Do(func() {
		if s.queue != nil {
			s.queue.close()
		}
		select {
		case <-s.done:
		case <-ctx.Done():
			err = fmt.Errorf("history: closed before all was written: %w", ctx.Err())
		}
		s.stop()
		<-s.done
		if e := s.release(); err == nil {
			err = e
		}
	})
	return err
}

func (s *Store) release() error {
	var first error
	for _, db := range []*sql.DB{s.readers, s.writers} {
		if db != nil {
			if err := db.Close(); first == nil {
				first = err
			}
		}
	}
	if err := s.unlock(); first == nil {
		first = err
	}
	return first
}

// Backup copies the history into a new file while everything goes on. The copy
// is whole: as of one moment, checked by opening it, and put in its place in one
// step. PostgreSQL has pg_dump for that; the error says how.
func (s *Store) Backup(ctx context.Context, path string) error { return s.backup(ctx, path) }

// SetRetention changes for how long what is kept, from the next upkeep on: what is
// gone stays gone. The error is that of [history.Retention.Check].
func (s *Store) SetRetention(r history.Retention) error {
	if err := r.Check(); err != nil {
		return err
	}
	s.keeps.Store(&r)
	return nil
}

// Keeps says for how long what is kept.
func (s *Store) Keeps() history.Retention { return *s.keeps.Load() }

// Waiting is how many samples and readings wait to be written.
func (s *Store) Waiting() int {
	if s.queue == nil {
		return 0
	}
	return s.queue.waiting()
}

// snapshot runs a function on one state of the database.
func (s *Store) snapshot(ctx context.Context, fn func(*sql.Conn) error) error {
	conn, err := s.readers.Conn(ctx)
	if err != nil {
		return err
	}
	defer conn.Close()
	if _, err := conn.ExecContext(ctx, s.begin(true)); err != nil {
		return err
	}
	err = fn(conn)
	// The reader's connection goes back to the pool without its transaction,
	// also when ctx has ended.
	if _, e := conn.ExecContext(context.WithoutCancel(ctx), "ROLLBACK"); e != nil && err == nil {
		err = e
	}
	return err
}

func (s *Store) begin(reading bool) string {
	switch {
	case s.numbered && reading:
		return "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"
	case s.numbered, reading:
		return "BEGIN"
	}
	return "BEGIN IMMEDIATE"
}
