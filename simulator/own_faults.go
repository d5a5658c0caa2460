package simulator

import (
	"maps"
	"net"
	"slices"
	"sync"
	"time"
)

// ownFaults are the faults of a device that its endpoints do not know. The
// zero value is none.
type ownFaults struct {
	mu    sync.Mutex
	names map[string]time.Duration
	until time.Time // a lazy device is open until then
}

func (f *ownFaults) set(name string, d time.Duration) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.names == nil {
		f.names = map[string]time.Duration{}
	}
	f.names[name] = d
	f.until = time.Time{}
}

// clear switches one off, or all of them with name "".
func (f *ownFaults) clear(name string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if name == "" {
		f.names = nil
	}
	delete(f.names, name)
}

func (f *ownFaults) has(name string) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	_, ok := f.names[name]
	return ok
}

// active lists the faults as they would be set.
func (f *ownFaults) active() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	list := []string{}
	for _, name := range slices.Sorted(maps.Keys(f.names)) {
		if d := f.names[name]; d > 0 {
			name += "=" + d.String()
		}
		list = append(list, name)
	}
	return list
}

// probed opens a lazy device for a while.
func (f *ownFaults) probed() {
	f.mu.Lock()
	defer f.mu.Unlock()
	if d, ok := f.names[faultLazy]; ok {
		f.until = time.Now().Add(d)
	}
}

// open tells whether connections are accepted.
func (f *ownFaults) open() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	_, lazy := f.names[faultLazy]
	return !lazy || time.Now().Before(f.until)
}

// lazyListener closes connections at once while the device is not open.
type lazyListener struct {
	net.Listener
	open func() bool
}

func (l *lazyListener) Accept() (net.Conn, error) {
	for {
		conn, err := l.Listener.Accept()
		if err != nil || l.open() {
			return conn, err
		}
		_ = conn.Close()
	}
}
