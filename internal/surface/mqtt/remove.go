package mqtt

import (
	"maps"
	"slices"

	"wattle/hub"
)

func (l *link) remove(id hub.ID) error {
	l.mu.Lock()
	p := l.devices[id]
	delete(l.devices, id)
	l.mu.Unlock()
	l.look.Lock()
	delete(l.index, hub.Slug(id))
	l.look.Unlock()
	var ends []string
	if p != nil {
		ends = slices.Collect(maps.Keys(p.states))
	}
	return l.clear(hub.Slug(id), ends)
}

func (l *link) takeBack() error {
	here := map[string]bool{}
	for _, v := range l.surface.hub.Views() {
		here[hub.Slug(v.ID)] = true
		if v.State == nil { // its children are not known yet
			for _, slug := range l.surface.memory.children(hub.Slug(v.ID)) {
				here[slug] = true
			}
		}
	}
	for _, slug := range l.surface.memory.devices() {
		if here[slug] {
			continue
		}
		if err := l.clear(slug, slices.Collect(maps.Keys(l.surface.memory.missing(slug, nil)))); err != nil {
			return err
		}
	}
	return nil
}

func (l *link) clear(slug string, ends []string) error {
	if err := l.publish(l.surface.configTopic(slug), "", true); err != nil {
		return err
	}
	slices.Sort(ends)
	for _, end := range append(ends, "availability") {
		if err := l.publish(l.surface.opt.Base+"/"+slug+"/"+end, "", true); err != nil {
			return err
		}
	}
	l.surface.memory.forget(l.ctx, slug)
	return nil
}
