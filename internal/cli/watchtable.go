package cli

import (
	"cmp"
	"errors"
	"slices"
	"strings"
	"time"

	"wattle/feature"
)

// tableWatcher draws a table in place.
type tableWatcher struct {
	a       *app
	live    *live
	targets []target
	rows    map[string]*watched
	// above and below are lines around the table, noted is one below.
	above, below []string
	noted        string
}

type watched struct {
	shape shape
	at    time.Time
	err   error
}

func (w *tableWatcher) show(s sample) error {
	row := w.rows[s.target.name()]
	if row == nil {
		row = &watched{}
		w.rows[s.target.name()] = row
	}
	row.err = s.err
	if s.err == nil {
		row.shape, row.at = s.shape, s.at
	}
	w.draw()
	return nil
}

func (w *tableWatcher) note(text string) {
	w.noted = oneLine(text)
	w.draw()
}

func (w *tableWatcher) draw() {
	width, _ := size(w.a.out)
	lines := append(slices.Clone(w.above), w.table().lines(w.a.outStyle, width)...)
	var below []string
	if w.noted != "" {
		below = append(below, w.a.outStyle.yellow(clip(w.noted, width)))
	}
	for _, l := range w.below {
		below = append(below, w.a.outStyle.dim(clip(l, width)))
	}
	w.live.draw(lines, below...)
}

func (w *tableWatcher) done() { w.live.done() }

func (w *tableWatcher) table() *table {
	t := &table{head: []string{"device", "state", "readings", "note"}, narrow: true}
	for _, target := range w.targets {
		row := w.rows[target.name()]
		if row == nil {
			t.add(plain(target.name()), dimmed("-"), dimmed(""), dimmed("asking"))
			continue
		}
		note := cell{}
		if row.err != nil {
			note = cell{short(row.err), style.red}
		}
		addWatched(t, target.name(), "", &row.shape, note)
	}
	return t
}

// addWatched adds the row of a device and of its children.
func addWatched(t *table, name, indent string, s *shape, note cell) {
	state := dimmed("-")
	if r, ok := s.read("state"); ok {
		state = painted(r)
	} else if s.readings != nil {
		state = plain("")
	}
	t.add(plain(indent+name), state, plain(s.primary()), note)
	for i := range s.Children {
		addWatched(t, s.Children[i].name(), indent+"  ", &s.Children[i], cell{})
	}
}

// coloured reports whether a reading is the white of a light that shows a
// colour: devices say 0 K then.
func coloured(r feature.Reading) bool {
	n, ok := r.Value.Number()
	return r.Unit == feature.Kelvin && ok && n == 0
}

// primary are the main readings in one line, without the state.
func (s *shape) primary() string {
	var parts []string
	for _, r := range s.readings {
		if r.ID == "state" || r.Category != feature.Primary || !r.Value.Known() || coloured(r) {
			continue
		}
		switch r.Kind {
		case feature.Sensor, feature.Number, feature.Choice:
			parts = append(parts, shortName(r)+valueText(r))
		case feature.BinarySensor, feature.Switch:
			parts = append(parts, strings.ToLower(r.Name)+" "+valueText(r))
		}
	}
	return strings.Join(parts, "  ")
}

// shortName is the name of a reading whose unit does not tell what it is.
func shortName(r feature.Reading) string {
	if r.Unit == feature.Watt || r.Unit == feature.Volt || r.Unit == feature.Ampere || r.Unit == feature.Celsius || r.Unit == feature.Fahrenheit {
		return ""
	}
	return strings.ToLower(r.Name) + " "
}

// short is the cause of an error without the names in front of it.
func short(err error) string {
	for _, row := range classes {
		if errors.Is(err, row.class) {
			return row.class.Error()
		}
	}
	return cmp.Or(err.Error(), "failed")
}
