package store

import (
	"context"
	"fmt"
	"slices"
	"sync"

	"wattle"
	"wattle/history"
)

// job is work for the writer: a batch, or something else that writes.
type job struct {
	batch *history.Batch
	work  func(ctx context.Context, w *writer) error // where batch is nil
	ctx   context.Context                            // of work
	size  int

	taken   bool // guarded by queue.mu
	done    chan struct{}
	written history.Written
	err     error
}

func (j *job) finish(err error) {
	j.err = err
	close(j.done)
}

// queue holds what waits for the writer, bounded by the number of samples and
// readings.
type queue struct {
	limit int

	mu     sync.Mutex
	jobs   []*job
	size   int
	closed bool
	room   chan struct{} // closed and replaced when something is taken
	wake   chan struct{} // has one when something was put
}

func newQueue(limit int) *queue {
	return &queue{limit: limit, room: make(chan struct{}), wake: make(chan struct{}, 1)}
}

// put adds a job, or says why not and what to wait for.
func (q *queue) put(j *job) (room <-chan struct{}, err error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.closed {
		return nil, fmt.Errorf("%w: nothing is written any more", history.ErrClosed)
	}
	if j.size > q.limit {
		return nil, fmt.Errorf("%w: a batch of %d: want at most %d, cut it up", wattle.ErrParam, j.size, q.limit)
	}
	if j.size > 0 && q.size+j.size > q.limit {
		return q.room, fmt.Errorf("%w: %d of %d: is the database locked, or the disk too slow?", history.ErrQueueFull, q.size, q.limit)
	}
	q.jobs = append(q.jobs, j)
	q.size += j.size
	select {
	case q.wake <- struct{}{}:
	default:
	}
	return nil, nil
}

// take gives the next jobs: batches of up to most samples together, or one job
// of another kind. Nothing is there if the list is empty.
func (q *queue) take(most int) (jobs []*job, closed bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	n, size := 0, 0
	for n < len(q.jobs) {
		j := q.jobs[n]
		if n > 0 && (j.batch == nil || q.jobs[0].batch == nil || size+j.size > most) {
			break
		}
		j.taken = true
		size += j.size
		n++
	}
	jobs = slices.Clone(q.jobs[:n])
	q.jobs = slices.Delete(q.jobs, 0, n)
	q.free(size)
	return jobs, q.closed
}

func (q *queue) free(size int) {
	q.size -= size
	if size > 0 {
		close(q.room)
		q.room = make(chan struct{})
	}
}

// drop takes a job out again that nobody waits for any more, unless it is being
// written.
func (q *queue) drop(j *job) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	i := slices.Index(q.jobs, j)
	if j.taken || i < 0 {
		return false
	}
	q.jobs = slices.Delete(q.jobs, i, i+1)
	q.free(j.size)
	return true
}

// close refuses further jobs; those that are there are still taken.
func (q *queue) close() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.closed = true
	close(q.room)
	q.room = make(chan struct{})
	select {
	case q.wake <- struct{}{}:
	default:
	}
}

// waiting is how many samples and readings wait.
func (q *queue) waiting() int {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.size
}

// Receipt is the promise to keep a batch.
type Receipt struct{ job *job }

// Done is closed when the batch is on disk, or never will be.
func (r *Receipt) Done() <-chan struct{} { return r.job.done }

// Written says what became of the batch. It may be asked when Done is closed.
func (r *Receipt) Written() (history.Written, error) {
	<-r.job.done
	return r.job.written, r.job.err
}

// Submit puts a batch into the queue and returns at once: it never waits for
// the disk. The batch belongs to the store from then on. Errors wrap
// [history.ErrQueueFull], [history.ErrClosed], [history.ErrReadOnly] or
// [wattle.ErrParam]; then nothing was taken.
func (s *Store) Submit(b history.Batch) (*Receipt, error) {
	j, _, err := s.submit(&b)
	if err != nil {
		return nil, err
	}
	return &Receipt{j}, nil
}

func (s *Store) submit(b *history.Batch) (*job, <-chan struct{}, error) {
	if s.queue == nil {
		return nil, nil, fmt.Errorf("%w: it was opened for reading", history.ErrReadOnly)
	}
	if err := b.Check(); err != nil {
		return nil, nil, err
	}
	j := &job{batch: b, size: max(1, b.Len()), done: make(chan struct{})}
	room, err := s.queue.put(j)
	return j, room, err
}

// Write returns when the batch is on disk. It waits for room in the queue, for
// locks and for the disk as long as ctx allows. If ctx ends first the error
// tells whether the batch is not kept, or may be. Writing the same batch again
// does no harm: samples and readings that are there stay as they are. Errors
// wrap those of [Store.Submit], and [history.ErrDiskFull].
func (s *Store) Write(ctx context.Context, b history.Batch) (history.Written, error) {
	for {
		j, room, err := s.submit(&b)
		if err == nil {
			return s.await(ctx, j)
		}
		if room == nil {
			return history.Written{}, err
		}
		select {
		case <-room:
		case <-ctx.Done():
			return history.Written{}, fmt.Errorf("%w; not written: %w", err, ctx.Err())
		}
	}
}

func (s *Store) await(ctx context.Context, j *job) (history.Written, error) {
	select {
	case <-j.done:
		return j.written, j.err
	case <-ctx.Done():
	}
	if s.queue.drop(j) {
		return history.Written{}, fmt.Errorf("history: not written: %w", ctx.Err())
	}
	select {
	case <-j.done:
		return j.written, j.err
	default:
		return history.Written{}, fmt.Errorf("history: perhaps written: %w", ctx.Err())
	}
}

// run lets the writer do something in a transaction, and waits for it.
func (s *Store) run(ctx context.Context, work func(ctx context.Context, w *writer) error) error {
	if s.queue == nil {
		return fmt.Errorf("%w: it was opened for reading", history.ErrReadOnly)
	}
	j := &job{work: work, ctx: ctx, done: make(chan struct{})}
	if _, err := s.queue.put(j); err != nil {
		return err
	}
	_, err := s.await(ctx, j)
	return err
}
