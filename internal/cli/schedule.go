package cli

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"wattle"
	"wattle/device"
	"wattle/rule"
)

func newSchedule(a *app) *cobra.Command {
	cmd := group(&cobra.Command{
		Use:   "schedule",
		Short: "Show and change what devices do at set times",
		Example: `wattle schedule list "Desk lamp"
wattle schedule add "Desk lamp" --at 18:30 --days mon-fri --on --brightness 40
wattle schedule add heater --at sunset-30m --days daily --off
wattle schedule add heater --at 7:00 --once 2026-12-24 --on
wattle schedule export "Desk lamp" --out lamp.yaml
wattle schedule copy "Desk lamp" "Floor lamp"`,
		Long: `Schedules are kept and carried out by the device itself, by its own clock, with or
without a network. RULE is the number or the id that "list" shows. Outlets have
schedules of their own: name them as STRIP/OUTLET. Kasa and Tapo devices have the same
kind of rules; what one cannot carry out of another's is told.`,
		GroupID: groupSwitch,
	})
	cmd.AddCommand(newScheduleList(a), newScheduleAdd(a), newScheduleEdit(a), newScheduleSwitch(a, true), newScheduleSwitch(a, false),
		newScheduleDelete(a), newScheduleExport(a), newScheduleImport(a), newScheduleDiff(a), newScheduleCopy(a))
	return cmd
}

// scheduleView is a rule as programs see it.
type scheduleView struct {
	Number   int               `json:"number,omitempty"`
	ID       string            `json:"id,omitempty"`
	Name     string            `json:"name,omitempty"`
	Enabled  bool              `json:"enabled"`
	Days     string            `json:"days,omitempty"`
	Once     string            `json:"once,omitempty"` // a date, or "unknown"
	At       string            `json:"at"`
	Computed string            `json:"computed_time,omitempty"` // of the sun, as the device computed it
	Action   actionView        `json:"action"`
	Until    string            `json:"until,omitempty"`
	Then     *actionView       `json:"then,omitempty"`
	Unknown  map[string]string `json:"unknown_fields,omitempty"`
	Text     string            `json:"text"`
}

// actionView is what a rule does; times are in milliseconds.
type actionView struct {
	Do         string `json:"do"`
	Brightness *int   `json:"brightness,omitempty"`
	ColorTemp  *int   `json:"color_temperature,omitempty"`
	Hue        *int   `json:"hue,omitempty"`
	Saturation *int   `json:"saturation,omitempty"`
	Transition *int   `json:"transition_ms,omitempty"`
}

func viewAction(x *rule.Action) actionView {
	pick := func(n int, ok bool) *int {
		if !ok {
			return nil
		}
		return &n
	}
	v := actionView{
		Do: string(x.Do), Brightness: pick(x.Brightness.Get()), ColorTemp: pick(x.ColorTemp.Get()),
		Hue: pick(x.Hue.Get()), Saturation: pick(x.Saturation.Get()), Transition: pick(x.Transition.Get()),
	}
	if x.Do == rule.Nothing {
		v.Do = "nothing"
	}
	return v
}

func viewSchedule(number int, s *rule.Schedule) scheduleView {
	v := scheduleView{
		Number: number, ID: s.ID, Name: s.Name, Enabled: s.Enabled, Days: s.Days.String(), At: s.At.String(),
		Action: viewAction(&s.Action), Text: s.String(),
	}
	if s.Once {
		v.Once = "unknown"
		if !s.Date.IsZero() {
			v.Once = s.Date.String()
		}
	}
	if m, ok := s.Computed.Get(); ok {
		v.Computed = rule.At{Minute: m}.String()
	}
	if s.End != nil {
		then := viewAction(&s.End.Action)
		v.Until, v.Then = s.End.At.String(), &then
	}
	for key, raw := range s.Extra {
		if v.Unknown == nil {
			v.Unknown = map[string]string{}
		}
		v.Unknown[key] = string(raw)
	}
	return v
}

func viewSchedules(list []rule.Schedule) []scheduleView {
	out := make([]scheduleView, len(list))
	for i := range list {
		out[i] = viewSchedule(i+1, &list[i])
	}
	return out
}

// scheduleList is the schedules of one device.
type scheduleList struct {
	Device    string         `json:"device"`
	MAC       string         `json:"mac,omitempty"`
	Enabled   bool           `json:"enabled"`
	Max       int            `json:"max,omitempty"`
	Schedules []scheduleView `json:"schedules"`
	Next      *nextView      `json:"next,omitempty"`
}

type nextView struct {
	Kind   rule.Kind  `json:"kind"`
	ID     string     `json:"id,omitempty"`
	At     time.Time  `json:"at"`
	Action actionView `json:"action"`
}

func newScheduleList(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "list DEVICE...",
		Short: "Show the schedules of devices",
		Example: `wattle schedule list "Desk lamp"
wattle schedule list all --json`,
		Long: `Times are those of the device's clock. For a rule by the sun the time that the device
computed is in brackets. "all" shows every known device that has schedules.`,
		Args:              atLeast(1, "the name of a device"),
		ValidArgsFunction: a.completeDevices,
		RunE: func(cmd *cobra.Command, args []string) error {
			ctx, cancel := a.limit(cmd.Context())
			defer cancel()
			targets, err := a.resolve(ctx, args)
			if err != nil {
				return err
			}
			lists, errs := visit(ctx, a, targets, readScheduleList)
			rows := []scheduleList{}
			for i := range lists {
				if isUnsupported(errs[i]) && targets[i].every {
					errs[i] = nil
					continue
				}
				if errs[i] == nil {
					lists[i].Device, lists[i].MAC = targets[i].name(), targets[i].mac()
					rows = append(rows, lists[i])
				}
			}
			if err := a.printSchedules(rows); err != nil {
				return err
			}
			return join(errs)
		},
	}
}

func readScheduleList(ctx context.Context, d *opened) (scheduleList, error) {
	s, err := d.dev.Schedules(ctx)
	if err != nil {
		return scheduleList{}, err
	}
	out := scheduleList{Enabled: s.Enabled, Max: s.Max, Schedules: viewSchedules(s.List)}
	if next, err := d.dev.NextAction(ctx); err == nil && next != nil {
		out.Next = &nextView{next.Kind, next.ID, next.At, viewAction(&next.Action)}
	}
	return out, nil
}

func (a *app) printSchedules(rows []scheduleList) error {
	t := &table{head: []string{"#", "days", "time", "action", "enabled", "name", "id"}}
	if len(rows) > 1 {
		t.head = append([]string{"device"}, t.head...)
	}
	for _, row := range rows {
		for _, s := range row.Schedules {
			cells := scheduleCells(&s)
			if len(rows) > 1 {
				cells = append([]cell{plain(row.Device)}, cells...)
			}
			t.add(cells...)
		}
	}
	if len(t.rows) > 0 || a.format() != formatTable {
		if err := a.print(rows, t); err != nil || a.format() != formatTable {
			return err
		}
	}
	for _, row := range rows {
		switch {
		case len(row.Schedules) == 0:
			a.say("%s has no schedules", row.Device)
		case !row.Enabled:
			a.say("%s: all schedules are off; \"wattle schedule enable %q --all\" switches them on", row.Device, row.Device)
		case row.Next != nil:
			a.say("%s: next %s by its %s", row.Device, row.Next.At.Format("Mon 2006-01-02 15:04"), row.Next.Kind)
		}
	}
	return nil
}

func scheduleCells(s *scheduleView) []cell {
	days := s.Days
	if s.Once != "" {
		days = strings.TrimSuffix("once "+s.Once, " unknown")
	}
	at := s.At
	if s.Computed != "" {
		at += " (" + s.Computed + ")"
	}
	_, action, _ := strings.Cut(s.Text, s.At+" ")
	action = strings.TrimSuffix(action, " (disabled)")
	enabled := cell{"yes", style.green}
	if !s.Enabled {
		enabled = dimmed("no")
	}
	return []cell{plain(itoa(s.Number)), plain(days), plain(at), plain(action), enabled, plain(s.Name), dimmed(s.ID)}
}

// pickRules finds rules by number, id, or the beginning of an id.
func pickRules(present *device.Schedules, refs []string) ([]rule.Schedule, error) {
	var out []rule.Schedule
	for _, ref := range refs {
		found, err := pickRule(present.List, ref)
		if err != nil {
			return nil, err
		}
		out = append(out, *found)
	}
	return out, nil
}

func pickRule(list []rule.Schedule, ref string) (*rule.Schedule, error) {
	var found []*rule.Schedule
	for i := range list {
		switch {
		case list[i].ID == ref, ref == itoa(i+1):
			return &list[i], nil
		case len(ref) >= 2 && strings.HasPrefix(strings.ToUpper(list[i].ID), strings.ToUpper(ref)):
			found = append(found, &list[i])
		}
	}
	switch len(found) {
	case 1:
		return found[0], nil
	case 0:
		return nil, &fault{err: fmt.Errorf("no schedule %q", ref), code: CodeNotFound, hint: `"wattle schedule list" shows numbers and ids`}
	}
	return nil, usagef("give more of the id", "%d schedules begin with %q", len(found), ref)
}

// one runs do on the one device that is named.
func one[T any](ctx context.Context, a *app, ref string, do func(context.Context, *opened) (T, error)) (T, target, error) {
	var none T
	targets, err := a.resolve(ctx, []string{ref})
	if err != nil {
		return none, target{}, err
	}
	if len(targets) != 1 {
		return none, target{}, usagef("name one device", "%q is %d devices", ref, len(targets))
	}
	results, errs := visit(ctx, a, targets, do)
	return results[0], targets[0], errs[0]
}

func isUnsupported(err error) bool { return err != nil && exitCode(err) == CodeUnsupported }

// usage makes a wrong value a mistake on the command line.
func usage(flag string, err error) error {
	if err == nil {
		return nil
	}
	return usagef("", "%s: %s", flag, strings.TrimPrefix(err.Error(), wattle.ErrParam.Error()+": "))
}
