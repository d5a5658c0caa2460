package cli

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"wattle/device"
	"wattle/feature"
	"wattle/floor"
	"wattle/method/smart"
	"wattle/rule"
)

// areaText is an area as the vacuum counts it.
func areaText(n *int, unit feature.Unit) string {
	if n == nil {
		return "-"
	}
	return itoa(*n) + " " + unitText(unit)
}

// hours is a number of minutes for a person.
func hours(minutes *int) string {
	if minutes == nil {
		return "-"
	}
	return rule.FormatDuration(time.Duration(*minutes) * time.Minute)
}

func numberText[T any](n *T, after string) string {
	if n == nil {
		return "-"
	}
	return fmt.Sprint(*n) + after
}

// status shows what the vacuum does.
func (r *vacuumRun) status(ctx context.Context) error {
	s, err := r.v.State(ctx)
	if err != nil {
		return err
	}
	t := &table{head: []string{"what", "value"}, bare: true}
	row := func(name string, c cell) { t.add(dimmed(name), c) }
	status := plain(s.Status)
	switch {
	case s.Problem != nil:
		status.paint = style.red
	case s.Mode != "":
		status = cell{s.Status + " (" + s.Mode + ")", style.green}
	case s.Status == "":
		status = dimmed("-")
	}
	row("status", status)
	if s.Problem != nil {
		row("problem", plain(s.Problem.Text))
	}
	battery := plain(numberText(s.Battery, " %"))
	if s.Battery != nil && *s.Battery <= 20 {
		battery.paint = style.red
	}
	row("battery", battery)
	row(map[bool]string{true: "run", false: "last run"}[s.Mode != ""],
		plain(areaText(s.Area, s.Unit)+" in "+hours(s.Minutes)+", "+numberText(s.Percent, " %")))
	suction := s.Suction
	if s.Passes != nil && *s.Passes > 1 {
		suction += fmt.Sprintf(", %d passes", *s.Passes)
	}
	if s.Boost != nil && *s.Boost {
		suction += ", more on carpets"
	}
	row("suction", plain(suction))
	if s.Water != "" {
		mop := "water " + strings.ToLower(s.Water)
		if s.Mop != nil && !*s.Mop {
			mop = "not attached, " + mop
		}
		row("mop", plain(mop))
	}
	if s.Dustbin != "" {
		row("dust bin", plain(strings.ToLower(s.Dustbin)))
	}
	if s.Volume != nil {
		row("volume", plain(numberText(s.Volume, " %")))
	}
	r.print = func() error { return r.app.print(s, t) }
	return nil
}

// clean cleans rooms or zones that are named.
func (r *vacuumRun) clean(ctx context.Context) error {
	p, err := r.v.Map(ctx, 0)
	if p == nil {
		return err
	}
	if len(r.args) == 0 {
		return usagef("for example: clean kitchen; \"rooms\" lists them", "which room?")
	}
	var rooms, zones []int
	var names []string
	zoned := zonesOf(p)
	for _, name := range r.args {
		id, err := device.FindRoom(p.Rooms, name)
		if err == nil {
			rooms, names = append(rooms, id), append(names, name)
			continue
		}
		if zone, also := device.FindRoom(zoned, name); also == nil {
			zones, names = append(zones, zone), append(names, name)
			continue
		}
		var known []string
		for _, each := range append(append([]floor.Room{}, p.Rooms...), zoned...) {
			known = append(known, each.Name)
		}
		return usagef(meant(name, known), "%w", err)
	}
	r.said = "it cleans " + strings.Join(names, ", ")
	switch {
	case len(rooms) > 0 && len(zones) > 0:
		return usagef("clean the ones and then the others", "rooms and zones cannot be cleaned in one run")
	case len(zones) > 0:
		return r.v.CleanZones(ctx, p.ID, zones...)
	}
	return r.v.Clean(ctx, p.ID, rooms...)
}

// zonesOf are the zones of a map as things that can be named like rooms.
func zonesOf(p *floor.Plan) []floor.Room {
	var out []floor.Room
	for i := range p.Marks {
		if m := &p.Marks[i]; m.Kind == smart.AreaZone {
			out = append(out, floor.Room{ID: m.ID, Name: m.Name, Area: m.Area()})
		}
	}
	return out
}

// placeView is a room or a zone as programs see it.
type placeView struct {
	Kind string `json:"kind"` // room or zone
	floor.Room
}

func (r *vacuumRun) rooms(ctx context.Context) error {
	p, err := r.v.Map(ctx, 0)
	if p == nil {
		return err
	}
	list := []placeView{}
	for _, room := range p.Rooms {
		list = append(list, placeView{"room", room})
	}
	for _, zone := range zonesOf(p) {
		list = append(list, placeView{"zone", zone})
	}
	t := &table{head: []string{"id", "name", "kind", "area", "suction", "mop", "passes"}}
	for i := range list {
		t.add(append([]cell{plain(itoa(list[i].ID)), plain(list[i].Name), plain(list[i].Kind)}, placeCells(&list[i].Room)...)...)
	}
	r.print = func() error { return r.app.print(list, t) }
	return nil // names are there even where the pixels are not
}

// placeCells are the size of a room and how it is cleaned.
func placeCells(room *floor.Room) []cell {
	area := dimmed("-")
	if room.Area > 0 {
		area = plain(strconv.FormatFloat(room.Area, 'f', 1, 64) + " m²")
	}
	words := []cell{area}
	for _, text := range []string{room.Suction, room.Water} {
		if text == "" {
			words = append(words, dimmed("-"))
		} else {
			words = append(words, plain(strings.ToLower(text)))
		}
	}
	if room.Passes == 0 {
		return append(words, dimmed("-"))
	}
	return append(words, plain(itoa(room.Passes)))
}

func (r *vacuumRun) maps(ctx context.Context) error {
	list, err := r.v.Maps(ctx)
	if err != nil {
		return err
	}
	t := &table{head: []string{"id", "name", "used now", "updated"}}
	for i := range list {
		used := dimmed("no")
		if list[i].Current {
			used = cell{"yes", style.green}
		}
		t.add(plain(itoa(list[i].ID)), plain(list[i].Name), used, plain(dateText(list[i].Updated)))
	}
	if len(list) == 0 {
		r.said = "it has no map yet; let it clean once"
	}
	r.print = func() error { return r.app.print(list, t) }
	return nil
}

func dateText(t time.Time) string {
	if t.IsZero() {
		return "-"
	}
	return t.Format("2006-01-02 15:04")
}

func (r *vacuumRun) records(ctx context.Context) error {
	runs, err := r.v.Runs(ctx)
	if err != nil {
		return err
	}
	runs.List = runs.List[:min(len(runs.List), r.flags.number)]
	t := &table{head: []string{"end", "time", "area", "what", "by", "dust bin", "result"}}
	for i := range runs.List {
		run := &runs.List[i]
		by := "hand"
		if run.Scheduled {
			by = "schedule"
		}
		emptied, result := dimmed("-"), plain("done")
		if run.Emptied {
			emptied = plain("emptied")
		}
		switch {
		case run.Error == nil:
			result = dimmed("-")
		case *run.Error != 0:
			result = cell{"error " + itoa(*run.Error), style.red}
		}
		t.add(plain(dateText(run.End)), plain(hours(run.Minutes)), plain(areaText(run.Area, runs.Unit)), plain(run.Mode), plain(by), emptied, result)
	}
	r.said = fmt.Sprintf("%s runs in all, %s in %s", numberText(runs.Count, ""), areaText(runs.Area, runs.Unit), hours(runs.Minutes))
	r.print = func() error { return r.app.print(runs, t) }
	return nil
}

func (r *vacuumRun) consumables(ctx context.Context) error {
	if len(r.args) > 0 {
		if r.args[0] != "reset" {
			return usagef("for example: consumables reset filter", "consumables %s: want reset and the names of parts", r.args[0])
		}
		names := r.args[1:]
		for _, name := range names {
			if !contains(device.PartNames(), name) {
				return usagef(meant(name, device.PartNames()), "no part is called %q; there are %s", name, list(device.PartNames()))
			}
		}
		if len(names) == 0 {
			return usagef("", "consumables reset: which part? There are %s", list(device.PartNames()))
		}
		r.said = "counts anew: " + strings.Join(names, ", ")
		if err := r.v.ResetParts(ctx, names...); err != nil {
			return err
		}
	}
	parts, err := r.v.Parts(ctx)
	if err != nil {
		return err
	}
	t := &table{head: []string{"part", "used", "left", "of"}}
	for i := range parts {
		p := &parts[i]
		left, life := dimmed("-"), dimmed("-")
		if p.Life > 0 {
			left, life = plain(hours(new(p.Left()))), plain(hours(&p.Life))
			if 10*p.Left() < p.Life {
				left.paint = style.red
			}
		}
		t.add(plain(p.Name), plain(hours(&p.Used)), left, life)
	}
	r.print = func() error { return r.app.print(parts, t) }
	return nil
}

// quietView are the quiet hours as programs see them.
type quietView struct {
	On   bool   `json:"on"`
	From string `json:"from"` // 22:00
	To   string `json:"to"`
}

func (r *vacuumRun) quiet(ctx context.Context) error {
	if len(r.args) == 1 {
		want, err := parseQuiet(r.args[0])
		if err != nil {
			return err
		}
		if err := r.v.SetDoNotDisturb(ctx, want); err != nil {
			return err
		}
	}
	q, err := r.v.DoNotDisturb(ctx)
	if err != nil {
		return err
	}
	v := quietView{q.On, formatClock(q.Start), formatClock(q.End)}
	text := "quiet from " + v.From + " to " + v.To
	if !v.On {
		text = "off (" + v.From + " to " + v.To + ")"
	}
	r.show(v, text)
	return nil
}

func parseQuiet(text string) (device.QuietHours, error) {
	switch strings.ToLower(text) {
	case "on":
		return device.QuietHours{On: true}, nil
	case "off":
		return device.QuietHours{}, nil
	}
	from, to, ok := strings.Cut(text, "-")
	if !ok {
		return device.QuietHours{}, usagef("for example 22:00-7:30", "%q is neither on, nor off, nor a part of the day", text)
	}
	q := device.QuietHours{On: true}
	var err error
	if q.Start, err = clockTime(from); err != nil {
		return q, err
	}
	if q.End, err = clockTime(to); err == nil && q.Start == q.End {
		err = usagef("for example 22:00-7:30", "%q is no part of the day", text)
	}
	return q, err
}
