package hub

import (
	"context"
	"sync"
)

// notebook tells what is worth being remembered, from one goroutine, so that
// nobody waits for a disk. Of each device only the newest is told.
type notebook struct {
	learned func(Entry)
	removed func(ID)
	told    func() // after each of them
	signal  chan struct{}

	mu      sync.Mutex
	pending map[ID]*Entry // nil: removed
	order   []ID
}

func newNotebook(learned func(Entry), removed func(ID), told func()) *notebook {
	return &notebook{learned: learned, removed: removed, told: told, signal: make(chan struct{}, 1), pending: map[ID]*Entry{}}
}

func (n *notebook) learn(e Entry) { n.put(ID{MAC: e.Target.MAC}, &e) }
func (n *notebook) remove(id ID)  { n.put(id, nil) }

func (n *notebook) put(id ID, e *Entry) {
	n.mu.Lock()
	if _, waits := n.pending[id]; !waits {
		n.order = append(n.order, id)
	}
	n.pending[id] = e
	n.mu.Unlock()
	select {
	case n.signal <- struct{}{}:
	default:
	}
}

// run tells until ctx ends, and then what is left.
func (n *notebook) run(ctx context.Context) {
	for {
		n.flush()
		select {
		case <-n.signal:
		case <-ctx.Done():
			n.flush()
			return
		}
	}
}

func (n *notebook) flush() {
	for {
		n.mu.Lock()
		if len(n.order) == 0 {
			n.mu.Unlock()
			return
		}
		id := n.order[0]
		n.order = n.order[1:]
		e := n.pending[id]
		delete(n.pending, id)
		n.mu.Unlock()
		switch {
		case e == nil && n.removed != nil:
			n.removed(id)
		case e != nil && n.learned != nil:
			n.learned(*e)
		}
		n.told()
	}
}
