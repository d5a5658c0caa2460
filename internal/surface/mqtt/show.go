package mqtt

import (
	"maps"
	"slices"
	"strconv"
	"time"

	"wattle/feature"
	"wattle/hub"
)

type published struct {
	view   *hub.View // that the plan was made of
	plan   *plan
	config string
	rev    uint64
	life   bool // there is a counter in a history
	kinds  int
	online string
	states map[string]string
	times  map[string]feature.Reading // of values that are moments
	rooms  map[string]string
	asked  time.Time // for the rooms
}

func (l *link) show(v *hub.View, again bool) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	p := l.devices[v.ID]
	if p == nil {
		p = &published{states: map[string]string{}, times: map[string]feature.Reading{}}
		l.devices[v.ID] = p
		if v.State == nil {
			l.know(v.ID, nil)
		}
	}
	if v.Rev < p.rev {
		return nil // somebody else was faster
	}
	p.rev = v.Rev
	if again {
		p.config, p.online = "", ""
		clear(p.states)
		clear(p.times)
	}
	base := l.surface.opt.Base + "/" + hub.Slug(v.ID) + "/"
	if v.State != nil {
		if err := l.announce(p, v); err != nil {
			return err
		}
		for _, end := range slices.Sorted(maps.Keys(p.plan.states)) {
			if err := l.state(p, v, base, end); err != nil {
				return err
			}
		}
		if err := l.counter(p, v.ID, base); err != nil {
			return err
		}
		l.askRooms(p, v)
	}
	online := "offline"
	if v.Online && !absent(v) {
		online = "online"
	}
	if p.online == online {
		return nil
	}
	p.online = online
	return l.publish(base+"availability", online, true)
}

func (l *link) know(id hub.ID, p *plan) {
	l.look.Lock()
	defer l.look.Unlock()
	l.index[hub.Slug(id)] = target{id, p}
}

func absent(v *hub.View) bool {
	there, known := v.Value("online").Bool()
	return known && !there
}

func (l *link) announce(p *published, v *hub.View) error {
	s := l.surface
	_, life := s.lifetime(v.ID)
	s.mu.Lock()
	kinds := s.kinds[v.ID]
	s.mu.Unlock()
	if p.plan != nil && p.config != "" && p.life == life && p.kinds == len(kinds) && sameShape(p.view, v) {
		return nil
	}
	p.plan, p.view, p.life, p.kinds = newPlan(v, &s.opt, life, kinds), v, life, len(kinds)
	l.know(v.ID, p.plan)
	slug := hub.Slug(v.ID)
	platforms := p.plan.platforms()
	gone := s.memory.missing(slug, platforms)
	maps.DeleteFunc(gone, func(_, platform string) bool { return platform == "" })
	if len(gone) > 0 {
		if err := l.publish(s.configTopic(slug), string(p.plan.discovery(v, &s.opt, gone)), true); err != nil {
			return err
		}
	}
	config := string(p.plan.discovery(v, &s.opt, nil))
	if config == p.config {
		return nil
	}
	p.config = config
	if err := l.publish(s.configTopic(slug), config, true); err != nil {
		return err
	}
	s.memory.announced(l.ctx, slug, platforms)
	return nil
}

func (s *Surface) configTopic(slug string) string {
	return s.opt.Discovery + "/device/wattle_" + slug + "/config"
}

func (l *link) state(p *published, v *hub.View, base, end string) error {
	if r, ok := v.State.Reading(end); ok {
		if _, moment := r.Zero().(time.Time); moment { // which may waver
			before, had := p.times[end]
			if had && !r.News(&before) {
				return nil
			}
			p.times[end] = r
		}
	}
	payload := p.plan.states[end](v)
	if end == "vacuum" && len(p.rooms) > 0 {
		payload = vacuumState(v, p.rooms)
	}
	if p.states[end] == payload {
		return nil
	}
	p.states[end] = payload
	return l.publish(base+end, payload, true)
}

func (l *link) counter(p *published, id hub.ID, base string) error {
	e, ok := l.surface.lifetime(id)
	if !ok {
		return nil
	}
	payload := strconv.FormatFloat(e.KWh(), 'f', 3, 64)
	if p.states["energy"] == payload {
		return nil
	}
	p.states["energy"] = payload
	return l.publish(base+"energy", payload, true)
}

func (l *link) showEnergy() {
	for _, v := range l.surface.hub.Views() {
		if _, ok := l.surface.lifetime(v.ID); ok {
			if err := l.show(v, false); err != nil {
				return // the connection is given up elsewhere
			}
		}
	}
}

func (l *link) repeat(v *hub.View, ends []string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	p := l.devices[v.ID]
	if p == nil || p.plan == nil || v.State == nil {
		return
	}
	for _, end := range ends {
		if p.plan.states[end] == nil {
			continue
		}
		delete(p.states, end)
		delete(p.times, end)
		if l.state(p, v, l.surface.opt.Base+"/"+hub.Slug(v.ID)+"/", end) != nil {
			return
		}
	}
}

func (l *link) happened(e *hub.Event) error {
	if e.Detail == nil {
		return nil
	}
	l.mu.Lock()
	p := l.devices[e.Device]
	if p == nil || p.plan == nil || p.plan.events == nil {
		l.mu.Unlock()
		return nil
	}
	if !slices.Contains(p.plan.events, e.Kind) {
		s := l.surface
		s.mu.Lock()
		if len(s.kinds[e.Device]) < 20 {
			s.kinds[e.Device] = append(s.kinds[e.Device], e.Kind)
		}
		s.mu.Unlock()
		if err := l.announce(p, p.view); err != nil {
			l.mu.Unlock()
			return err
		}
	}
	l.mu.Unlock()
	return l.publish(l.surface.opt.Base+"/"+hub.Slug(e.Device)+"/event", eventPayload(e), false)
}
