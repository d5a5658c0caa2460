package device

import (
	"bytes"
	"encoding/json"
	"sync"

	"wattle/method"
	"wattle/method/smart"
)

// alike are the lists of components that devices have given, by their words: all
// devices of a model and firmware give the same, and a hub keeps it once.
var alike = struct {
	sync.Mutex
	lists map[string]*list
}{lists: map[string]*list{}}

// list is one of them, decoded.
type list struct {
	raw      json.RawMessage
	value    *smart.ComponentList
	versions map[string]int
}

const (
	// mostAlike bounds how many lists devices can make us keep, and longestAlike how
	// long one may be, in bytes. Others belong to one device each.
	mostAlike    = 256
	longestAlike = 8 << 10
)

// alikeTo gives the list with these words, nil where they are not one.
func alikeTo(raw json.RawMessage) *list {
	alike.Lock()
	l := alike.lists[string(raw)]
	alike.Unlock()
	if l != nil {
		return l
	}
	value, err := smart.ComponentNego.Decode(raw)
	if err != nil {
		return nil
	}
	l = &list{bytes.Clone(raw), value, value.Versions()}
	alike.Lock()
	defer alike.Unlock()
	if other := alike.lists[string(raw)]; other != nil { // it came meanwhile
		return other
	}
	if len(alike.lists) < mostAlike && len(raw) <= longestAlike {
		alike.lists[string(raw)] = l
	}
	return l
}

// understand decodes an answer into a, with a raw text of its own.
func understand(a *method.Answer, q method.Query, raw json.RawMessage) {
	if q.Key() == smart.ComponentNego.Key() {
		if l := alikeTo(raw); l != nil {
			a.Raw, a.Value = l.raw, l.value
			return
		}
	}
	a.Raw = bytes.Clone(raw)
	a.Value, a.Err = q.Decode(a.Raw)
}

// versionsOf are the components in a snapshot, nil where they are not known. They
// may be those of other devices as well: do not change them.
func versionsOf(s *method.Snapshot) map[string]int {
	a := smart.ComponentNego.Answer(s)
	if a == nil || a.Value == nil {
		return nil
	}
	if l := alikeTo(a.Raw); l != nil {
		return l.versions
	}
	return a.Value.(*smart.ComponentList).Versions()
}
