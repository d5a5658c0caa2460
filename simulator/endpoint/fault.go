package endpoint

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"wattle"
)

// Faults are what goes wrong at an endpoint, to be switched while it serves.
// The zero value is none. It is safe for concurrent use, and a nil *Faults
// behaves as an empty one that cannot be set. See docs/protocol/transports.md
// section 7.
type Faults struct {
	kinds  FaultKinds   // those of an endpoint where nil
	active atomic.Int32 // how many are set: most of the time none
	mu     sync.Mutex
	set    map[string]*fault
}

// fault is one that is set.
type fault struct {
	spec  string
	n     int           // of a count
	d     time.Duration // of a time
	word  string        // of a choice
	hits  int
	until time.Time // of a lock-out
}

// The arguments, short.
const (
	none     = ArgumentNone
	count    = ArgumentCount
	number   = ArgumentNumber
	duration = ArgumentDuration
	choice   = ArgumentChoice
)

// faultKinds are the faults of an endpoint.
var faultKinds = FaultKinds{
	"slow":         {duration, "2s", nil, "every answer waits"},
	"trickle":      {duration, "10ms", nil, "bytes of an answer come one by one, with a pause after each"},
	"chop":         {none, "", nil, "every byte of an answer is a segment of its own"},
	"drop":         {count, "1", nil, "every Nth request is dropped with its connection, not carried out"},
	"drop-after":   {count, "1", nil, "every Nth request is carried out and its connection dropped"},
	"close":        {none, "", nil, "connections are closed after each answer, without notice"},
	"session-loss": {count, "1", nil, "a session is forgotten after N requests"},
	"lockout":      {count, "0", nil, "no login is accepted; with =N none for 30 minutes after N wrong ones in a row"},
	"busy":         {count, "0", nil, "requests are answered with a code that is worth a retry, N of them or all"},
	"code":         {number, "", nil, "every request is answered with this error code"},
	"garble":       {none, "", nil, "answers cannot be decoded"},
	"plain":        {none, "", nil, "answers are not encrypted (aes, tpap)"},
	"signature":    {none, "", nil, "answers are signed wrongly (klap)"},
	"sequence":     {none, "", nil, "answers carry another number than their request (tpap)"},
	"http":         {number, "500", nil, "every request is answered with this HTTP status"},
	"html":         {none, "", nil, "every request is answered with an HTML page"},
	"flaky":        {count, "1", nil, "the next N handshakes are refused in their second half (klap, tpap)"},
	"flaky-first":  {count, "1", nil, "the first request of the next N sessions is refused (klap, tpap)"},
	"tpc-off":      {none, "", nil, "third-party compatibility is off: 403 at handshake1, 1003 elsewhere"},
	"xor-off":      {none, "", nil, "the xor port is closed"},
	"cookie":       {choice, "", []string{"none", "two", "old"}, "no session cookie, two headers, or the name that old firmware uses"},
	"timeout":      {number, "1440", nil, "the TIMEOUT of the session cookie in seconds"},
	"credentials":  {choice, "wrong", []string{"wrong", "setup-kasa", "setup-tapo", "blank"}, "the device holds another account"},
}

// FaultNames lists what [Faults.Set] knows, sorted.
func FaultNames() []string { return faultKinds.Names() }

// FaultHelp says in one line what a fault does, "" for an unknown one.
func FaultHelp(name string) string { return faultKinds[name].Help }

// Set switches a fault on, as in "slow=2s" or "chop"; one that is on already
// gets the new argument. A [wattle.ErrParam] names what is wrong and lists what
// there is.
func (f *Faults) Set(spec string) error {
	name, text, given := strings.Cut(spec, "=")
	kinds := f.kinds
	if kinds == nil {
		kinds = faultKinds
	}
	kind, ok := kinds[name]
	if !ok {
		return fmt.Errorf("unknown fault %q, known are %s: %w", name, strings.Join(kinds.Names(), ", "), wattle.ErrParam)
	}
	if !given {
		text = kind.IfAbsent
	}
	set := &fault{spec: name}
	if text != "" {
		set.spec = name + "=" + text
	}
	if err := set.parse(kind.Argument, text, kind.Words); err != nil {
		return fmt.Errorf("fault %q: %w: %w", spec, err, wattle.ErrParam)
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.set == nil {
		f.set = make(map[string]*fault)
	}
	f.set[name] = set
	f.active.Store(int32(len(f.set)))
	return nil
}

// parse reads the argument of a fault.
func (s *fault) parse(kind Argument, text string, words []string) error {
	var err error
	switch kind {
	case none:
		if text != "" {
			return fmt.Errorf("takes no argument")
		}
	case count:
		if s.n, err = strconv.Atoi(text); err != nil || s.n < 0 {
			return fmt.Errorf("want a count such as 3")
		}
	case number:
		if s.n, err = strconv.Atoi(text); err != nil {
			return fmt.Errorf("want a number")
		}
	case duration:
		if s.d, err = time.ParseDuration(text); err != nil || s.d < 0 {
			return fmt.Errorf("want a time such as 2s")
		}
	case choice:
		if s.word = text; !slices.Contains(words, text) {
			return fmt.Errorf("want one of %s", strings.Join(words, ", "))
		}
	}
	return nil
}

// Clear switches a fault off, or all of them for "".
func (f *Faults) Clear(name string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if name == "" {
		clear(f.set)
	} else {
		delete(f.set, name)
	}
	f.active.Store(int32(len(f.set)))
}

// Active lists what is on, as [Faults.Set] takes it, sorted.
func (f *Faults) Active() []string {
	if f == nil {
		return nil
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	specs := make([]string, 0, len(f.set))
	for _, set := range f.set {
		specs = append(specs, set.spec)
	}
	slices.Sort(specs)
	return specs
}

// get gives a copy of a fault, false when it is off.
func (f *Faults) get(name string) (fault, bool) {
	if f == nil || f.active.Load() == 0 {
		return fault{}, false
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if set := f.set[name]; set != nil {
		return *set, true
	}
	return fault{}, false
}

func (f *Faults) on(name string) bool { _, ok := f.get(name); return ok }

func (f *Faults) duration(name string) time.Duration { set, _ := f.get(name); return set.d }

func (f *Faults) word(name string) string { set, _ := f.get(name); return set.word }

func (f *Faults) number(name string) (int, bool) { set, ok := f.get(name); return set.n, ok }

// every counts a request and reports whether it is an Nth one.
func (f *Faults) every(name string) bool {
	if f == nil || f.active.Load() == 0 {
		return false
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	set := f.set[name]
	if set == nil {
		return false
	}
	set.hits++
	return set.hits%max(set.n, 1) == 0
}

// locked reports whether no login is taken now.
func (f *Faults) locked() bool {
	set, on := f.get("lockout")
	return on && (set.n == 0 || time.Now().Before(set.until))
}

// counted counts a login for "lockout": wrong ones in a row lock the device.
func (f *Faults) counted(accepted bool) {
	if f == nil || f.active.Load() == 0 {
		return
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	set := f.set["lockout"]
	if set == nil || set.n == 0 {
		return
	}
	if set.hits++; accepted {
		set.hits = 0
	}
	if set.hits >= set.n {
		set.hits, set.until = 0, time.Now().Add(lockTime)
	}
}

// next reports whether a fault for the next N requests is still on, and takes
// one away. N of 0 goes on for ever.
func (f *Faults) next(name string) bool {
	if f == nil || f.active.Load() == 0 {
		return false
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	set := f.set[name]
	if set == nil {
		return false
	}
	if set.n == 0 {
		return true
	}
	if set.n--; set.n == 0 {
		delete(f.set, name)
		f.active.Store(int32(len(f.set)))
	} else {
		set.spec = name + "=" + strconv.Itoa(set.n)
	}
	return true
}
