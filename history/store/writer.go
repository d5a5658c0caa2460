package store

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"fmt"
	"strings"
	"time"

	"wattle/history"
)

// group is how many samples go into one transaction at most.
const group = 20_000

// writer is the one that writes. It runs in a goroutine of its own and is the
// only one that touches what is below.
type writer struct {
	*Store
	conn  *sql.Conn
	stmts map[string]*sql.Stmt

	// What is known of the database, forgotten whenever a transaction fails.
	series map[history.Key]*series
	dirty  map[mark]int64
	meters map[history.Device]*meter
}

func newWriter(ctx context.Context, s *Store) (*writer, error) {
	w := &writer{Store: s}
	w.forget()
	return w, w.connect(ctx)
}

func (w *writer) forget() {
	w.series, w.dirty, w.meters = map[history.Key]*series{}, map[mark]int64{}, map[history.Device]*meter{}
}

// connect gets a connection, a new one where the old one broke.
func (w *writer) connect(ctx context.Context) (err error) {
	w.disconnect()
	if w.conn, err = w.writers.Conn(ctx); err != nil {
		w.conn = nil
		return err
	}
	w.stmts = map[string]*sql.Stmt{}
	return nil
}

func (w *writer) disconnect() {
	for _, stmt := range w.stmts {
		_ = stmt.Close()
	}
	if w.conn != nil {
		_ = w.conn.Close()
	}
	w.stmts, w.conn = nil, nil
}

// discard ends a connection that may be broken; the next attempt makes another.
func (w *writer) discard() {
	if w.conn != nil {
		_ = w.conn.Raw(func(any) error { return driver.ErrBadConn })
	}
	w.disconnect()
}

// run writes what comes into the queue until it is closed and empty, or ctx
// ends. Whatever is left then is refused.
func (w *writer) run(ctx context.Context) {
	defer w.disconnect()
	for {
		jobs, closed := w.queue.take(group)
		switch {
		case len(jobs) > 0:
			w.do(ctx, jobs)
			continue
		case closed:
			return
		}
		select {
		case <-w.queue.wake:
		case <-ctx.Done():
			w.queue.close()
		}
	}
}

// do carries jobs out, and tells those who wait. Batches share a transaction;
// where that fails for another reason than the state of the database each gets
// one of its own, so that one batch does not fail the others.
func (w *writer) do(ctx context.Context, jobs []*job) {
	err := w.commit(ctx, jobs)
	if err != nil && len(jobs) > 1 && ctx.Err() == nil && problemOf(err) == other {
		for i := range jobs {
			w.do(ctx, jobs[i:i+1])
		}
		return
	}
	for _, j := range jobs {
		if err != nil {
			j.written = history.Written{}
		}
		j.finish(w.explain("write", err))
	}
}

// commit carries jobs out in one transaction, again and again while the database
// is locked or away. It gives up when ctx ends, or that of a single job.
func (w *writer) commit(ctx context.Context, jobs []*job) error {
	if jobs[0].batch == nil {
		both, cancel := context.WithCancel(ctx)
		defer context.AfterFunc(jobs[0].ctx, cancel)()
		defer cancel()
		ctx = both
	}
	const longest = 500 * time.Millisecond
	for wait := 5 * time.Millisecond; ; wait = min(2*wait, longest) {
		err := w.try(ctx, jobs)
		if err == nil {
			return nil
		}
		w.forget()
		if ctx.Err() != nil && jobs[0].ctx != nil && jobs[0].ctx.Err() != nil {
			return jobs[0].ctx.Err()
		}
		if ctx.Err() != nil {
			return fmt.Errorf("%w: not written: %w", history.ErrClosed, err)
		}
		if problemOf(err) != again {
			return err
		}
		timer := time.NewTimer(wait)
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
		}
	}
}

// try is one attempt. After a failure the connection has no transaction.
func (w *writer) try(ctx context.Context, jobs []*job) (err error) {
	if w.conn == nil {
		if err := w.connect(ctx); err != nil {
			return err
		}
	}
	defer func() {
		if err == nil {
			return
		}
		clean, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
		defer cancel()
		if _, e := w.conn.ExecContext(clean, "ROLLBACK"); w.numbered && (e != nil || problemOf(err) == again) {
			w.discard()
		}
	}()
	if _, err := w.conn.ExecContext(ctx, w.begin(false)); err != nil {
		return err
	}
	for _, j := range jobs {
		if j.batch != nil {
			j.written, err = w.write(ctx, j.batch)
		} else {
			err = j.work(ctx, w)
		}
		if err != nil {
			return err
		}
	}
	// Once this is under way there is no way back: it is not interrupted.
	_, err = w.conn.ExecContext(context.WithoutCancel(ctx), "COMMIT")
	return err
}

// prepared gives a statement that is prepared once for each connection: what is
// rolled up asks the same questions thousands of times, and parsing them costs
// more than answering.
func (w *writer) prepared(ctx context.Context, query string) (*sql.Stmt, error) {
	if stmt := w.stmts[query]; stmt != nil {
		return stmt, nil
	}
	stmt, err := w.conn.PrepareContext(ctx, query)
	if err != nil {
		return nil, err
	}
	w.stmts[query] = stmt
	return stmt, nil
}

// exec runs a statement.
func (w *writer) exec(ctx context.Context, query string, args ...any) error {
	stmt, err := w.prepared(ctx, w.bind(query))
	if err != nil {
		return err
	}
	_, err = stmt.ExecContext(ctx, args...)
	return err
}

// QueryContext makes the writer a querier, see there.
func (w *writer) QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	stmt, err := w.prepared(ctx, query)
	if err != nil {
		return nil, err
	}
	return stmt.QueryContext(ctx, args...)
}

// QueryRowContext makes the writer a querier, see there.
func (w *writer) QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row {
	stmt, err := w.prepared(ctx, query)
	if err != nil { // there is no other way to make a row of an error
		return w.conn.QueryRowContext(ctx, query, args...)
	}
	return stmt.QueryRowContext(ctx, args...)
}

// table is what rows are put into. The key comes first in its columns.
type table struct {
	name    string
	columns []string
	key     int
	change  string // what follows ON CONFLICT (key)
}

func newTable(name string, key int, columns ...string) table {
	sets := make([]string, 0, len(columns))
	for _, c := range columns[key:] {
		sets = append(sets, c+" = excluded."+c)
	}
	return table{name, columns, key, "DO UPDATE SET " + strings.Join(sets, ", ")}
}

func (t *table) statement(rows int) string {
	one := "(?" + strings.Repeat(", ?", len(t.columns)-1) + ")"
	return "INSERT INTO " + t.name + " (" + strings.Join(t.columns, ", ") + ") VALUES " + one + strings.Repeat(", "+one, rows-1) +
		" ON CONFLICT (" + strings.Join(t.columns[:t.key], ", ") + ") " + t.change
}

// insert puts n rows into a table, many with each statement. No two have the
// same key. row fills one in.
func (w *writer) insert(ctx context.Context, t *table, n int, row func(i int, into []any)) error {
	width := len(t.columns)
	args := make([]any, 0, width*w.sizes[0])
	for i := 0; i < n; {
		size := 1
		for _, s := range w.sizes {
			if s <= n-i {
				size = s
				break
			}
		}
		args = args[:size*width]
		for k := range size {
			row(i+k, args[k*width:(k+1)*width])
		}
		if err := w.exec(ctx, t.statement(size), args...); err != nil {
			return err
		}
		i += size
	}
	return nil
}
