package endpoint

import (
	"maps"
	"slices"
	"time"
)

// Argument is what follows the name of a fault.
type Argument int

// The arguments that there are.
const (
	ArgumentNone     Argument = iota
	ArgumentCount             // 0 or more
	ArgumentNumber            // any whole number
	ArgumentDuration          // such as 2s
	ArgumentChoice            // one of some words
)

// FaultKind is a fault that can be switched.
type FaultKind struct {
	Argument Argument
	IfAbsent string   // the argument where none is given; "" is required
	Words    []string // of a choice
	Help     string   // what it does, in one line
}

// FaultKinds are the faults that a server knows, by name.
type FaultKinds map[string]FaultKind

// Names lists them, sorted.
func (k FaultKinds) Names() []string { return slices.Sorted(maps.Keys(k)) }

// NewFaults makes faults of other kinds than those of an endpoint, for a server
// that is no device. None is on.
func NewFaults(kinds FaultKinds) *Faults { return &Faults{kinds: kinds} }

// On reports whether a fault is on.
func (f *Faults) On(name string) bool { return f.on(name) }

// Duration is the argument of a fault that takes a time, 0 while it is off.
func (f *Faults) Duration(name string) time.Duration { return f.duration(name) }

// Word is the argument of a fault that takes a word, "" while it is off.
func (f *Faults) Word(name string) string { return f.word(name) }

// Number is the argument of a fault that takes a count or a number; ok is false
// while it is off.
func (f *Faults) Number(name string) (n int, ok bool) { return f.number(name) }

// Every counts a request and reports whether it is an Nth one.
func (f *Faults) Every(name string) bool { return f.every(name) }

// Next reports whether a fault for the next N requests is on, and takes one
// away. N of 0 goes on for ever.
func (f *Faults) Next(name string) bool { return f.next(name) }
