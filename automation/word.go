package automation

import (
	"errors"
	"fmt"
	"strings"
	"sync"

	"wattle"
	"wattle/hub"
)

// world is what items are checked against.
type world struct {
	find   func(word string) (*hub.View, error)
	views  func() []*hub.View
	places func() []hub.Place // of the views
	groups map[string]*Group
	scenes map[string]*Scene
}

func (e *Engine) world() *world {
	return &world{
		find: e.hub.Find, views: e.hub.Views, groups: e.groups.present(), scenes: e.scenes.present(),
		places: sync.OnceValue(func() []hub.Place { return hub.Places(e.hub.Views()) }),
	}
}

// room gives the room that "room:NAME" means, as a word that is stored. Devices may
// come to it and go from then on.
func (w *world) room(name string) (string, error) {
	room, err := hub.PickRoom(hub.Rooms(w.places()), name)
	return hub.RoomWord + room, err
}

// word checks what names a device, a group or a room, and gives it as it is stored.
func (w *world) word(path, word string) (string, error) {
	if name, ok := hub.CutRoom(word); ok {
		room, err := w.room(name)
		if errors.Is(err, wattle.ErrNotFound) {
			err = fmt.Errorf("%w: %s", wattle.ErrParam, err.Error())
		}
		if err != nil {
			return "", &FieldError{path, err}
		}
		return room, nil
	}
	if name, ok := strings.CutPrefix(word, "@"); ok {
		if fold(name) == "all" {
			return "@all", nil
		}
		g := w.groups[fold(name)]
		if g == nil {
			return "", &FieldError{path, fmt.Errorf("%w: no group %q", wattle.ErrParam, clip(word))}
		}
		return "@" + g.Name, nil
	}
	v, err := w.find(word)
	if errors.Is(err, wattle.ErrNotFound) {
		err = fmt.Errorf("%w: no device %q in the hub", wattle.ErrParam, clip(word))
	}
	if err != nil {
		return "", &FieldError{path, err}
	}
	return hub.Slug(v.ID), nil
}

func (w *world) words(path string, words []string) error {
	if len(words) > maxDevices {
		return wrong(path, "more than %d devices", maxDevices)
	}
	for i := range words {
		slug, err := w.word(fmt.Sprintf("%s[%d]", path, i), words[i])
		if err != nil {
			return err
		}
		words[i] = slug
	}
	return nil
}

// expand gives the devices that words mean now, each once, in their order.
func (w *world) expand(words ...string) []string {
	var out []string
	seen := map[string]bool{}
	var add func(words []string)
	add = func(words []string) {
		for _, word := range words {
			if seen[fold(word)] {
				continue
			}
			seen[fold(word)] = true
			if room, ok := hub.CutRoom(word); ok {
				for _, id := range hub.Within(w.places(), room) {
					add([]string{hub.Slug(id)})
				}
				continue
			}
			name, isGroup := strings.CutPrefix(word, "@")
			switch {
			case !isGroup:
				out = append(out, word)
			case fold(name) == "all":
				add(w.switches())
			case w.groups[fold(name)] != nil:
				add(w.groups[fold(name)].Devices)
			}
		}
	}
	add(words)
	return out
}

// switches are all devices that can be switched; a strip stands for its outlets.
func (w *world) switches() []string {
	var out []string
	whole := map[wattle.MAC]bool{}
	for _, v := range w.views() { // each child after its parent
		if v.State == nil || !v.Root() && whole[v.ID.MAC] {
			continue
		}
		if r, ok := v.State.Reading("state"); ok && r.Settable {
			out = append(out, hub.Slug(v.ID))
			whole[v.ID.MAC] = whole[v.ID.MAC] || v.Root()
		} else if _, known := v.State.On(); v.Root() && known {
			out = append(out, hub.Slug(v.ID))
			whole[v.ID.MAC] = true
		}
	}
	return out
}
