package automation

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"

	"wattle"
	"wattle/hub"
)

// Match says what an item has to be like so that it may be replaced or deleted:
// its revision, or one of the words below.
type Match uint64

// The words.
const (
	Any    Match = 0         // whatever is there, or nothing
	Absent Match = 1<<64 - 1 // nothing may be there
)

// ErrChanged: the item has another revision than was expected. Read it again.
var ErrChanged = errors.New("it was changed meanwhile")

// Limits of what is stored: more is a mistake, or an attack.
const (
	maxItems   = 1000
	maxName    = 64
	maxDevices = 1000
	maxSteps   = 100
)

// kept is what a shelf holds: *Group, *Scene or *Rule.
type kept interface {
	name() string
	revision() *uint64
}

func (g *Group) name() string      { return g.Name }
func (g *Group) revision() *uint64 { return &g.Rev }
func (s *Scene) name() string      { return s.Name }
func (s *Scene) revision() *uint64 { return &s.Rev }
func (r *Rule) name() string       { return r.Name }
func (r *Rule) revision() *uint64  { return &r.Rev }

// Shelf holds all groups, scenes or rules. Names are told apart whatever their
// case. It is safe for concurrent use. What it gives out may be changed freely.
type Shelf[T any] struct {
	what string // group, scene, rule
	keep hub.Keep
	// check makes an item good to be stored, or says what is wrong. changed is told
	// after a change; gone before an item is deleted, and may refuse.
	check   func(*T) error
	changed func()
	gone    func(name string) error

	writing sync.Mutex // held over a change, disk included
	mu      sync.Mutex
	items   map[string]*T // by folded name
	rev     uint64        // of the last change
}

// stored is the file of a shelf.
type stored[T any] struct {
	Rev   uint64 `json:"rev"`
	Items []T    `json:"items"`
}

func fold(name string) string { return strings.ToLower(strings.TrimSpace(name)) }

func as[T any](item *T) kept { return any(item).(kept) }

// through is a deep copy by way of JSON, in which it is stored: numbers are
// float64 then.
func through[T any](item *T) (T, error) {
	var out T
	raw, err := json.Marshal(item)
	if err == nil {
		err = json.Unmarshal(raw, &out)
	}
	if err != nil {
		return out, wrong("", "it cannot be stored: %w", err)
	}
	return out, nil
}

// copied is a copy of an item that was stored once.
func copied[T any](item *T) T {
	out, _ := through(item)
	return out
}

// List gives all items in the order of their names.
func (s *Shelf[T]) List() []T {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := make([]T, 0, len(s.items))
	for _, key := range slices.Sorted(maps.Keys(s.items)) {
		out = append(out, copied(s.items[key]))
	}
	return out
}

// Get gives one item. The error wraps [wattle.ErrNotFound].
func (s *Shelf[T]) Get(name string) (T, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if item := s.items[fold(name)]; item != nil {
		return copied(item), nil
	}
	var none T
	return none, s.missing(name)
}

func (s *Shelf[T]) missing(name string) error {
	return fmt.Errorf("%w: no %s %q", wattle.ErrNotFound, s.what, clip(name))
}

// Put stores an item in place of the one of its name, and gives it as it was
// stored, with its new revision. It returns when it is on disk. Errors are a
// [*FieldError], or wrap [ErrChanged] where match does not fit, or
// [wattle.ErrNotFound] where a revision is asked for and nothing is there.
func (s *Shelf[T]) Put(ctx context.Context, item T, match Match) (T, error) {
	var none T
	next, err := through(&item)
	if err != nil {
		return none, err
	}
	s.writing.Lock()
	defer s.writing.Unlock()
	if err := s.check(&next); err != nil {
		return none, err
	}
	key := fold(as(&next).name())
	items, err := s.matching(key, match)
	if err != nil {
		return none, err
	}
	if items[key] == nil && len(items) >= maxItems {
		return none, wrong("", "there are %d already: delete one first", maxItems)
	}
	rev := s.rev + 1
	*as(&next).revision() = rev
	items[key] = &next
	if err := s.save(ctx, items, rev); err != nil {
		return none, err
	}
	return copied(&next), nil
}

// Delete removes an item. Errors wrap [wattle.ErrNotFound], [ErrChanged], or
// [wattle.ErrParam] where others need it.
func (s *Shelf[T]) Delete(ctx context.Context, name string, match Match) error {
	s.writing.Lock()
	defer s.writing.Unlock()
	key := fold(name)
	items, err := s.matching(key, match)
	if err != nil {
		return err
	}
	if items[key] == nil {
		return s.missing(name)
	}
	if s.gone != nil {
		if err := s.gone(key); err != nil {
			return err
		}
	}
	delete(items, key)
	return s.save(ctx, items, s.rev+1)
}

// matching gives a copy of the items, if match fits the one of a name.
func (s *Shelf[T]) matching(key string, match Match) (map[string]*T, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	old := s.items[key]
	switch {
	case match == Any:
	case match == Absent && old != nil:
		return nil, fmt.Errorf("%w: there is a %s %q already", ErrChanged, s.what, as(old).name())
	case match == Absent:
	case old == nil:
		return nil, s.missing(key)
	case *as(old).revision() != uint64(match):
		return nil, fmt.Errorf("%w: %s %q has revision %d, not %d: read it again", ErrChanged, s.what, as(old).name(), *as(old).revision(), match)
	}
	items := maps.Clone(s.items)
	if items == nil {
		items = map[string]*T{}
	}
	return items, nil
}

// save writes the items and then shows them; it is called with writing held.
func (s *Shelf[T]) save(ctx context.Context, items map[string]*T, rev uint64) error {
	file := stored[T]{Rev: rev}
	for _, key := range slices.Sorted(maps.Keys(items)) {
		file.Items = append(file.Items, *items[key])
	}
	if s.keep != nil {
		raw, err := json.Marshal(file)
		if err != nil {
			return err
		}
		if err := s.keep.Save(ctx, "automation/"+s.what+"s", raw); err != nil {
			return fmt.Errorf("%s was not stored: %w", s.what, err)
		}
	}
	s.mu.Lock()
	s.items, s.rev = items, rev
	s.mu.Unlock()
	if s.changed != nil {
		s.changed()
	}
	return nil
}

// change is a change of a shelf that is made ready, and the way back.
type change struct{ do, undo func(context.Context) error }

// adding makes ready to store checked items at once; replace removes all others
// first. It is called with writing held until the change is made.
func (s *Shelf[T]) adding(list []T, replace bool) (change, error) {
	before := s.present()
	items := maps.Clone(before)
	if items == nil || replace {
		items = map[string]*T{}
	}
	rev := s.rev
	for i := range list {
		rev++
		*as(&list[i]).revision() = rev
		items[fold(as(&list[i]).name())] = &list[i]
	}
	if len(items) > maxItems {
		return change{}, wrong("", "these would be %d %ss: want up to %d", len(items), s.what, maxItems)
	}
	if len(list) == 0 && len(items) == len(before) {
		nothing := func(context.Context) error { return nil }
		return change{nothing, nothing}, nil
	}
	return change{
		do:   func(ctx context.Context) error { return s.save(ctx, items, rev+1) },
		undo: func(ctx context.Context) error { return s.save(ctx, before, rev+2) },
	}, nil
}

// load reads what was stored. It is not checked against the home: a device may be
// away for now.
func (s *Shelf[T]) load(ctx context.Context) error {
	if s.keep == nil {
		return nil
	}
	raw, err := s.keep.Load(ctx, "automation/"+s.what+"s")
	if err != nil || raw == nil {
		return err
	}
	var file stored[T]
	if err := json.Unmarshal(raw, &file); err != nil {
		return fmt.Errorf("%w: the stored %ss cannot be read: %w", wattle.ErrParam, s.what, err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.items, s.rev = map[string]*T{}, file.Rev
	for i := range file.Items {
		s.items[fold(as(&file.Items[i]).name())] = &file.Items[i]
	}
	return nil
}

// present are the items as they are, by folded name. They must not be changed;
// the shelf replaces the map and never changes it.
func (s *Shelf[T]) present() map[string]*T {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.items
}

// checkName keeps names good for URLs, topics and files.
func checkName(name string) error {
	good := strings.TrimSpace(name) == name && name != "" && len([]rune(name)) <= maxName && strings.ToValidUTF8(name, "\x00") == name
	for _, r := range name {
		good = good && r >= ' ' && r != 0x7f && !strings.ContainsRune(`/\@"#?%&<>`, r)
	}
	if !good || fold(name) == "all" || name == "." || name == ".." {
		return wrong("name", "%q is no name: want up to %d characters without / \\ @ \" # ? %% & < >", clip(name), maxName)
	}
	return nil
}

// set replaces an item without checking it against the home: it was stored before,
// and one of its devices may be gone by now.
func (s *Shelf[T]) set(ctx context.Context, item T) (T, error) {
	s.writing.Lock()
	defer s.writing.Unlock()
	key := fold(as(&item).name())
	items, err := s.matching(key, Match(*as(&item).revision()))
	if err != nil {
		return item, err
	}
	rev := s.rev + 1
	*as(&item).revision() = rev
	items[key] = &item
	return copied(&item), s.save(ctx, items, rev)
}
