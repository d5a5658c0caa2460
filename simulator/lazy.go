package simulator

import (
	"errors"
	"net"
	"sync"
	"time"
)

// lazyListener is the port of a device that may sleep: then nobody listens and
// connections are refused, as by firmware of 2025 after a power cut until a
// discovery probe arrives or some minutes have passed.
type lazyListener struct {
	own    *ownFaults
	listen func() (net.Listener, error) // at the same address again
	addr   net.Addr

	mu     sync.Mutex
	ln     net.Listener // nil while it sleeps
	err    error        // of listening again
	ready  *sync.Cond   // ln, err or closed has changed
	closed bool

	over     chan struct{}
	watching sync.WaitGroup
}

// newLazyListener takes over ln, which it closes while the device sleeps.
func newLazyListener(ln net.Listener, own *ownFaults, listen func() (net.Listener, error)) *lazyListener {
	l := &lazyListener{own: own, listen: listen, addr: ln.Addr(), ln: ln, over: make(chan struct{})}
	l.ready = sync.NewCond(&l.mu)
	left, changed := own.asleep()
	l.obey(left)
	l.watching.Go(func() { l.watch(left, changed) })
	return l
}

// watch opens and closes the port as the device wakes and sleeps.
func (l *lazyListener) watch(left time.Duration, changed <-chan struct{}) {
	for {
		timer := time.NewTimer(max(left, 0))
		wakes := timer.C
		if left <= 0 {
			wakes = nil // it is awake
		}
		select {
		case <-l.over:
			timer.Stop()
			return
		case <-changed:
		case <-wakes:
		}
		timer.Stop()
		left, changed = l.own.asleep()
		l.obey(left)
	}
}

// obey opens or closes the port.
func (l *lazyListener) obey(left time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case l.closed:
	case left > 0 && l.ln != nil:
		_ = l.ln.Close()
		l.ln = nil
	case left <= 0 && l.ln == nil:
		l.ln, l.err = l.listen()
		l.ready.Broadcast()
	}
}

// Accept waits for a connection, while the device sleeps for it to wake.
func (l *lazyListener) Accept() (net.Conn, error) {
	for {
		l.mu.Lock()
		for l.ln == nil && l.err == nil && !l.closed {
			l.ready.Wait()
		}
		ln, err, closed := l.ln, l.err, l.closed
		l.mu.Unlock()
		switch {
		case closed:
			return nil, net.ErrClosed
		case err != nil:
			return nil, err
		}
		conn, err := ln.Accept()
		if err == nil || !errors.Is(err, net.ErrClosed) {
			return conn, err
		}
		l.mu.Lock()
		gone := l.ln == ln // it was closed by others
		l.mu.Unlock()
		if gone {
			return nil, err
		}
	}
}

// Close ends Accept.
func (l *lazyListener) Close() error {
	l.mu.Lock()
	if l.closed {
		l.mu.Unlock()
		return net.ErrClosed
	}
	l.closed = true
	var err error
	if l.ln != nil {
		err = l.ln.Close()
		l.ln = nil
	}
	l.ready.Broadcast()
	close(l.over)
	l.mu.Unlock()
	l.watching.Wait()
	return err
}

// Addr is where it listens when the device is awake.
func (l *lazyListener) Addr() net.Addr { return l.addr }
