package session

import (
	"slices"
	"sync"

	"wattle/method"
)

// queue holds the jobs of a session, and has a goroutine serve them as long as
// there are some: a session that rests costs none.
type queue struct {
	mu       sync.Mutex
	commands []*job // ahead of reads
	reads    []*job
	served   chan struct{} // closed when the owner has ended; nil where there is none
	closed   bool
}

// add puts a job in its place, and starts an owner where there is none. It gives
// false after close.
func (q *queue) add(j *job, own func()) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.closed {
		return false
	}
	if effectOf(j.calls) == method.Read {
		q.reads = append(q.reads, j)
	} else {
		q.commands = append(q.commands, j)
	}
	if q.served == nil {
		q.served = make(chan struct{})
		go own() // ends when the queue is empty, for which close waits
	}
	return true
}

// leave takes a job out, and reports whether it still waited.
func (q *queue) leave(j *job) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	for _, list := range []*[]*job{&q.commands, &q.reads} {
		if i := slices.Index(*list, j); i >= 0 {
			*list = slices.Delete(*list, i, i+1)
			return true
		}
	}
	return false
}

// next is the next job for the owner, who ends where it is nil.
func (q *queue) next() *job {
	q.mu.Lock()
	defer q.mu.Unlock()
	if j := take(&q.commands); j != nil {
		return j
	}
	if j := take(&q.reads); j != nil {
		return j
	}
	close(q.served)
	q.served = nil
	return nil
}

// nextCommand is the next job that changes something, nil where there is none.
func (q *queue) nextCommand() *job {
	q.mu.Lock()
	defer q.mu.Unlock()
	return take(&q.commands)
}

// close takes no more jobs, and waits for the owner, who answers to those that
// wait.
func (q *queue) close() {
	q.mu.Lock()
	q.closed = true
	served := q.served
	q.mu.Unlock()
	if served != nil {
		<-served
	}
}

func take(list *[]*job) *job {
	if len(*list) == 0 {
		return nil
	}
	j := (*list)[0]
	*list = slices.Delete(*list, 0, 1)
	if len(*list) == 0 {
		*list = nil
	}
	return j
}
