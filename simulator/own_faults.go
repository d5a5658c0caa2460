package simulator

import (
	"maps"
	"slices"
	"sync"
	"time"
)

// ownFaults are the faults of a device that its endpoints do not know. The
// zero value is none.
type ownFaults struct {
	mu      sync.Mutex
	names   map[string]ownFault
	wakes   time.Time     // a lazy device takes no connections before
	changed chan struct{} // closed at the next change, nil if nobody waits
}

// ownFault is the argument of one that is set.
type ownFault struct {
	d    time.Duration
	text string
}

func (f *ownFaults) set(name string, argument ownFault) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.names == nil {
		f.names = map[string]ownFault{}
	}
	f.names[name] = argument
	if name == faultLazy {
		f.wakes = time.Now().Add(argument.d)
	}
	f.tellLocked()
}

// clear switches one off, or all of them with name "".
func (f *ownFaults) clear(name string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if name == "" {
		f.names = nil
	}
	delete(f.names, name)
	f.tellLocked()
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
		argument := f.names[name]
		if argument.d > 0 {
			argument.text = argument.d.String()
		}
		if argument.text != "" {
			name += "=" + argument.text
		}
		list = append(list, name)
	}
	return list
}

// restarted closes a lazy device again.
func (f *ownFaults) restarted() {
	f.mu.Lock()
	defer f.mu.Unlock()
	if lazy, ok := f.names[faultLazy]; ok {
		f.wakes = time.Now().Add(lazy.d)
		f.tellLocked()
	}
}

// probed opens a lazy device.
func (f *ownFaults) probed() {
	f.mu.Lock()
	defer f.mu.Unlock()
	if _, ok := f.names[faultLazy]; ok && time.Now().Before(f.wakes) {
		f.wakes = time.Time{}
		f.tellLocked()
	}
}

// asleep tells for how long connections are not accepted, 0 or less if they
// are, and what is closed when that changes.
func (f *ownFaults) asleep() (left time.Duration, changed <-chan struct{}) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.changed == nil {
		f.changed = make(chan struct{})
	}
	if _, lazy := f.names[faultLazy]; lazy {
		left = time.Until(f.wakes)
	}
	return left, f.changed
}

func (f *ownFaults) tellLocked() {
	if f.changed != nil {
		close(f.changed)
		f.changed = nil
	}
}
