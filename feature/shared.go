package feature

import (
	"slices"
	"sync"
)

// narrowed are the metas of a row as devices narrow it: most devices of a model
// say the same, and a hub with thousands of them keeps it once.
type narrowed struct {
	sync.Mutex
	list []*Meta
}

// mostNarrowed bounds what devices can make us keep for one row. Metas beyond it
// belong to one device each.
const mostNarrowed = 32

// narrows reports whether a device may have another Meta than the row.
func (f *Feature) narrows() bool { return f.limits != nil || f.choices != nil || f.unit != nil }

// shared gives one Meta for all that are equal to m: that of the row, the present
// one, or one of another device. m is copied where it is the first of its kind.
func (f *Feature) shared(m, present *Meta) *Meta {
	switch {
	case present != nil && m.equal(present):
		return present
	case m.equal(&f.Meta):
		return &f.Meta
	}
	n := f.narrowed
	if n == nil {
		return new(*m)
	}
	n.Lock()
	defer n.Unlock()
	if i := slices.IndexFunc(n.list, m.equal); i >= 0 {
		return n.list[i]
	}
	own := new(*m)
	if len(n.list) < mostNarrowed {
		n.list = append(n.list, own)
	}
	return own
}

// equal is about what narrowing can change.
func (m *Meta) equal(to *Meta) bool {
	return m.ID == to.ID && m.Unit == to.Unit && m.Min == to.Min && m.Max == to.Max && slices.Equal(m.Choices, to.Choices)
}
