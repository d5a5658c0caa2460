package mqtt

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"time"

	"wattle"
	"wattle/device"
	"wattle/feature"
	"wattle/hub"
)

// vacuumStates are the words of Home Assistant for those of vacuum_status.
var vacuumStates = map[string]string{
	"Idle": "idle", "Cleaning": "cleaning", "Mapping": "cleaning", "GoingHome": "returning", "Charging": "docked", "Charged": "docked",
	"Paused": "paused", "Undocked": "idle", "Error": "error",
}

// vacuum is a robot: what it does, how strongly it cleans, and where to.
func vacuum(b *builder) {
	if _, ok := b.has("vacuum_status"); !ok {
		return
	}
	features := []string{"status"}
	c := component{
		"state_topic": b.topic("vacuum"), "command_topic": b.set("vacuum"),
		"clean_segments_command_topic": b.set("vacuum_rooms"),
	}
	for _, a := range vacuumActs {
		if _, ok := b.has(a.action); ok {
			features = append(features, a.feature)
			c[a.field] = a.payload
		}
	}
	if speed, ok := b.settable("vacuum_fan_speed"); ok && len(speed.Choices) > 0 {
		features = append(features, "fan_speed")
		c["fan_speed_list"], c["set_fan_speed_topic"] = speed.Choices, b.set("vacuum_fan_speed")
		b.cover("vacuum_fan_speed")
	}
	c["supported_features"] = features
	b.cover("vacuum_status", "vacuum_start", "vacuum_pause", "vacuum_return_home", "locate")
	b.add("vacuum", "vacuum", nil, c)
	b.states["vacuum"] = func(v *hub.View) string { return vacuumState(v, nil) }
	b.commands["vacuum"] = command{do: drive, shows: []string{"vacuum"}}
	b.commands["vacuum_rooms"] = command{do: cleanRooms, shows: []string{"vacuum"}}
}

// vacuumActs are what a vacuum can be told, where it has the action.
var vacuumActs = []struct{ action, feature, field, payload string }{
	{"vacuum_start", "start", "payload_start", "start"},
	{"vacuum_pause", "pause", "payload_pause", "pause"},
	{"vacuum_return_home", "return_home", "payload_return_to_base", "return_to_base"},
	{"locate", "locate", "payload_locate", "locate"},
}

// vacuumState is what a vacuum does; rooms by id are left out while they are not
// known.
func vacuumState(v *hub.View, rooms map[string]string) string {
	out := map[string]any{"state": nil}
	if status, known := feature.As[string](v.Value("vacuum_status")); known {
		if word := vacuumStates[status]; word != "" {
			out["state"] = word
		}
	}
	if speed, known := feature.As[string](v.Value("vacuum_fan_speed")); known {
		out["fan_speed"] = speed
	}
	if len(rooms) > 0 {
		out["segments"] = rooms
	}
	return text(out)
}

func drive(ctx context.Context, s *Surface, id hub.ID, payload string) error {
	for _, a := range vacuumActs {
		if payload == a.payload {
			return s.hub.Act(ctx, id, a.action)
		}
	}
	return fmt.Errorf("%w: %q: write start, pause, return_to_base or locate", wattle.ErrParam, shortened(payload))
}

// mostRooms is more than a map has.
const mostRooms = 100

// parseRooms reads a list of ids, as texts or numbers.
func parseRooms(payload string) ([]int, error) {
	var list []json.RawMessage
	if err := json.Unmarshal([]byte(payload), &list); err != nil || len(list) == 0 || len(list) > mostRooms {
		return nil, fmt.Errorf(`%w: write a list of rooms: ["1","2"]`, wattle.ErrParam)
	}
	out := make([]int, 0, len(list))
	for _, raw := range list {
		var word string
		if json.Unmarshal(raw, &word) != nil {
			word = string(raw)
		}
		n, err := strconv.Atoi(word)
		if err != nil || n < 0 {
			return nil, fmt.Errorf("%w: %q is no id of a room", wattle.ErrParam, shortened(word))
		}
		out = append(out, n)
	}
	return out, nil
}

func cleanRooms(ctx context.Context, s *Surface, id hub.ID, payload string) error {
	rooms, err := parseRooms(payload)
	if err != nil {
		return err
	}
	v, err := s.vacuum(ctx, id)
	if err != nil {
		return err
	}
	mapID, _, err := v.Rooms(ctx)
	if err != nil {
		return err
	}
	return v.Clean(ctx, mapID, rooms...)
}

func (s *Surface) vacuum(ctx context.Context, id hub.ID) (*device.Vacuum, error) {
	d, err := s.hub.Device(ctx, id)
	if err != nil {
		return nil, err
	}
	return d.Vacuum()
}

// rooms asks a vacuum for the rooms of its map, by id.
func (s *Surface) rooms(ctx context.Context, id hub.ID) (map[string]string, error) {
	v, err := s.vacuum(ctx, id)
	if err != nil {
		return nil, err
	}
	_, rooms, err := v.Rooms(ctx)
	out := map[string]string{}
	for _, r := range rooms {
		name := r.Name
		if name == "" {
			name = "Room " + strconv.Itoa(r.ID)
		}
		out[strconv.Itoa(r.ID)] = name
	}
	return out, err
}

const roomsFor = 6 * time.Hour

func (l *link) askRooms(p *published, v *hub.View) {
	if p.plan.components["vacuum"] == nil || !v.Online || time.Since(p.asked) < roomsFor {
		return
	}
	p.asked = time.Now()
	l.commands.running.Go(func() {
		ctx, cancel := context.WithTimeout(l.ctx, commandTimeout)
		defer cancel()
		rooms, err := l.surface.rooms(ctx, v.ID)
		if err != nil || len(rooms) == 0 {
			return // it has no map, or does not answer: asked again later
		}
		l.mu.Lock()
		p.rooms = rooms
		l.mu.Unlock()
		if now, err := l.surface.hub.View(v.ID); err == nil {
			_ = l.show(now, false)
		}
	})
}
