package device_test

import (
	"encoding/json"
	"errors"
	"reflect"
	"strings"
	"testing"
	"time"

	"wattle"
	"wattle/device"
	"wattle/internal/recorded"
	"wattle/method"
	"wattle/rule"
	"wattle/simulator/homes"
)

// named opens a device of the invented home.
func named(tb testing.TB, name string) *device.Device {
	tb.Helper()
	for _, f := range homes.Demo() {
		if strings.HasPrefix(f.Name, name) {
			d, _ := open(tb, f, homes.Library(), nil)
			return d
		}
	}
	tb.Fatalf("no invented device is called %s", name)
	return nil
}

// evening is a rule that any device with a switch can have.
func evening() rule.Schedule {
	return rule.Schedule{Enabled: true, Days: rule.Workdays, At: rule.At{From: rule.Sunset, Offset: -30}, Action: rule.Action{Do: rule.On}}
}

// everyDevice calls f for devices and children.
func everyDevice(d *device.Device, f func(*device.Device)) {
	f(d)
	for _, c := range d.Children() {
		f(c)
	}
}

// manage adds, lists, changes and deletes rules of all kinds.
func manage(t *testing.T, d *device.Device) (done bool) {
	t.Helper()
	ctx := t.Context()
	must := func(what string, err error) {
		t.Helper()
		if err != nil {
			t.Fatalf("%s: %s: %v", d.Identity().Model, what, err)
		}
	}
	before, err := d.Schedules(ctx)
	if errors.Is(err, wattle.ErrUnsupported) || isParam(err) { // a part without a recording of its own
		return false
	}
	must("schedules", err)
	if d.RuleTarget().Cleans {
		return false
	}
	id, err := d.AddSchedule(ctx, evening())
	must("add", err)
	find := func(id string) *rule.Schedule {
		t.Helper()
		now, err := d.Schedules(ctx)
		must("schedules", err)
		for i := range now.List {
			if now.List[i].ID == id {
				return &now.List[i]
			}
		}
		return nil
	}
	want := evening()
	s := find(id)
	if s == nil || !rule.Same(&want, s) {
		t.Fatalf("%s: added %s, lists %v", d.Identity().Model, &want, s)
	}
	must("disable", d.EnableSchedule(ctx, id, false))
	if s = find(id); s.Enabled {
		t.Errorf("%s: it is still enabled", d.Identity().Model)
	}
	s.Days, s.At, s.Action, s.Enabled = 0, rule.ClockTime(23, 5), rule.Action{Do: rule.Off}, true
	s.Once, s.Date = true, rule.Date{Year: 2026, Month: 12, Day: 24}
	must("edit", d.EditSchedule(ctx, *s))
	if again := find(id); !rule.Same(s, again) {
		t.Errorf("%s: %s came back as %s", d.Identity().Model, s, again)
	}
	if next, err := d.NextAction(ctx); err != nil || next == nil {
		t.Errorf("%s: next action %v (%v)", d.Identity().Model, next, err)
	}
	must("all off", d.SetSchedulesEnabled(ctx, false))
	if now, err := d.Schedules(ctx); err != nil || now.Enabled || len(now.List) != len(before.List)+1 {
		t.Errorf("%s: %+v (%v)", d.Identity().Model, now, err)
	}
	must("delete", d.DeleteSchedules(ctx, id))
	if find(id) != nil {
		t.Errorf("%s: it is still there", d.Identity().Model)
	}
	if err := d.DeleteSchedules(ctx, id); !errors.Is(err, wattle.ErrParam) {
		t.Errorf("%s: deleting it again: %v", d.Identity().Model, err)
	}
	must("delete all", d.DeleteAllSchedules(ctx))

	must("timer", d.SetTimer(ctx, 90*time.Minute, false))
	must("another timer", d.SetTimer(ctx, time.Minute, true))
	timers, err := d.Timer(ctx)
	must("timer", err)
	if m := timers.Timer; m == nil || m.Delay != time.Minute || m.Action.Do != rule.On || !m.Running() {
		t.Errorf("%s: %+v", d.Identity().Model, m)
	}
	must("clear", d.ClearTimer(ctx))
	if timers, err = d.Timer(ctx); err != nil || timers.Timer != nil {
		t.Errorf("%s: %+v (%v)", d.Identity().Model, timers, err)
	}

	if _, err := d.Away(ctx); err == nil {
		away := rule.Away{Enabled: true, Days: rule.Daily, Start: rule.At{From: rule.Sunset}, End: rule.ClockTime(23, 0)}
		must("away", d.SetAway(ctx, away))
		away.Days = rule.Weekend
		must("away again", d.SetAway(ctx, away))
		must("away off", d.EnableAway(ctx, false))
		now, err := d.Away(ctx)
		must("away", err)
		if len(now.List) != 1 || now.List[0].When() != "sat,sun sunset to 23:00" || now.List[0].Enabled {
			t.Errorf("%s: %+v", d.Identity().Model, now)
		}
		must("clear away", d.ClearAway(ctx))
	}
	if _, err := d.AutoOff(ctx); err == nil {
		must("auto-off", d.SetAutoOff(ctx, true, 45*time.Minute))
		if a, err := d.AutoOff(ctx); err != nil || !a.Enabled || a.Delay != 45*time.Minute {
			t.Errorf("%s: %+v (%v)", d.Identity().Model, a, err)
		}
	}
	rules, err := d.Rules(ctx)
	if must("rules", err); rules.Schedules == nil || rules.Timer == nil {
		t.Errorf("%s: %+v", d.Identity().Model, rules)
	}
	return true
}

// isParam: a child without a recording answers everything so.
func isParam(err error) bool {
	var refused *wattle.DeviceError
	return errors.As(err, &refused) && refused.Code == -1008
}

func TestManageRules(t *testing.T) {
	done := 0
	for _, f := range homes.Demo() {
		d, _ := open(t, f, homes.Library(), nil)
		everyDevice(d, func(d *device.Device) {
			if manage(t, d) {
				done++
			}
		})
	}
	if done < 15 {
		t.Errorf("only %d devices and outlets have rules", done)
	}
	t.Logf("%d devices and outlets", done)
}

func TestManageRulesCaptures(t *testing.T) {
	dir := recorded.Folder(t)
	done := 0
	for _, name := range names(t, folders...) {
		t.Run(name, func(t *testing.T) {
			f, library := load(t, dir, name)
			d, _ := open(t, f, library, nil)
			everyDevice(d, func(d *device.Device) {
				if manage(t, d) {
					done++
				}
			})
		})
	}
	t.Logf("%d devices and outlets", done)
}

func TestNoRules(t *testing.T) {
	for _, name := range []string{"KP303(EU)", "P300(EU)", "H100(EU)"} {
		d := named(t, name)
		for what, err := range map[string]error{
			"schedules": second(d.Schedules(t.Context())), "timer": d.SetTimer(t.Context(), time.Hour, true),
			"away": d.ClearAway(t.Context()), "rules": second(d.Rules(t.Context())), "auto-off": d.SetAutoOff(t.Context(), true, 0),
		} {
			if !errors.Is(err, wattle.ErrUnsupported) {
				t.Errorf("%s: %s: %v", name, what, err)
			}
		}
	}
	plug := named(t, "HS100(EU)")
	dim := evening()
	dim.Action.Brightness = method.Some(30)
	if _, err := plug.AddSchedule(t.Context(), dim); !errors.Is(err, wattle.ErrUnsupported) || !strings.Contains(err.Error(), "cannot be dimmed") {
		t.Error(err)
	}
	if _, err := plug.AddSchedule(t.Context(), rule.Schedule{}); !errors.Is(err, wattle.ErrParam) {
		t.Error(err)
	}
	if err := plug.SetTimer(t.Context(), 25*time.Hour, true); !errors.Is(err, wattle.ErrParam) {
		t.Error(err)
	}
	if err := plug.EnableAway(t.Context(), true); !errors.Is(err, wattle.ErrParam) {
		t.Error(err)
	}
	if _, err := plug.AutoOff(t.Context()); !errors.Is(err, wattle.ErrUnsupported) {
		t.Error(err)
	}
}

func second[T any](_ T, err error) error { return err }

// TestUnknownFields: what we do not know of a rule survives switching it.
func TestUnknownFields(t *testing.T) {
	f := &fake{answers: plug().answers}
	f.answers["component_nego"] = `{"component_list":[{"id":"device","ver_code":2},{"id":"schedule","ver_code":2}]}`
	f.answers["get_schedule_rules"] = `{"enable":true,"start_index":0,"sum":1,"schedule_rule_max_count":1,"rule_list":[
		{"id":"S7","enable":true,"mode":"repeat","week_day":3,"year":2025,"month":2,"day":1,"s_type":"normal","s_min":7,"time_offset":0,"e_type":"normal","e_min":0,"e_action":"none","desired_states":{"on":true,"new":[1]},"newer":{"x":null}}]}`
	d, err := device.New(t.Context(), f, wattle.SMART, &device.Options{Now: now})
	if err != nil {
		t.Fatal(err)
	}
	if err := d.EnableSchedule(t.Context(), "S7", false); err != nil {
		t.Fatal(err)
	}
	method, params, _ := strings.Cut(f.last(), " ")
	var sent, want map[string]any
	if err := json.Unmarshal([]byte(params), &sent); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal([]byte(`{"id":"S7","enable":false,"mode":"repeat","week_day":3,"year":2025,"month":2,"day":1,"s_type":"normal","s_min":7,"time_offset":0,"e_type":"normal","e_min":0,"e_action":"none","desired_states":{"on":true,"new":[1]},"newer":{"x":null}}`), &want); err != nil {
		t.Fatal(err)
	}
	if method != "edit_schedule_rule" || !reflect.DeepEqual(sent, want) {
		t.Errorf("sent %s", f.last())
	}
	if _, err := d.AddSchedule(t.Context(), evening()); !errors.Is(err, wattle.ErrRefused) {
		t.Errorf("a full table: %v", err)
	}
}

// TestCopy: from one family to the other and back, with what is lost told.
func TestCopy(t *testing.T) {
	ctx := t.Context()
	kasa, tapo, socket := named(t, "KL130(EU)"), named(t, "L530(EU)"), named(t, "HS100(EU)")
	warm := evening()
	warm.Action.Brightness, warm.Action.ColorTemp, warm.Action.Transition = method.Some(40), method.Some(2700), method.Some(60_000)
	night := rule.Schedule{Enabled: true, Days: rule.Daily, At: rule.ClockTime(23, 0), Action: rule.Action{Do: rule.Off}, Name: "Night"}
	for _, s := range []rule.Schedule{warm, night} {
		if _, err := kasa.AddSchedule(ctx, s); err != nil {
			t.Fatal(err)
		}
	}
	list := func(d *device.Device) []rule.Schedule {
		t.Helper()
		s, err := d.Schedules(ctx)
		if err != nil {
			t.Fatal(err)
		}
		return s.List
	}
	transfer := func(from, to *device.Device, replace bool) *device.Plan {
		t.Helper()
		p, err := to.PlanSchedules(ctx, list(from), replace)
		if err == nil {
			err = to.ApplySchedules(ctx, p)
		}
		if err != nil {
			t.Fatal(err)
		}
		return p
	}
	p := transfer(kasa, tapo, false)
	if len(p.Added) != 2 || len(p.Losses) != 1 || p.Losses[0].Field != "name" || len(p.Skipped) != 0 {
		t.Errorf("to Tapo: %+v", p)
	}
	if d := rule.Diff(list(kasa), list(tapo)); !d.Empty() {
		t.Errorf("they differ: %+v", d)
	}
	if p := transfer(kasa, tapo, true); !p.Empty() {
		t.Errorf("again: %+v", p)
	}
	p = transfer(tapo, socket, false)
	if len(p.Added) != 2 || len(p.Losses) != 3 {
		t.Errorf("to a plug: %+v", p)
	}
	if err := socket.EnableSchedule(ctx, list(socket)[0].ID, false); err != nil {
		t.Fatal(err)
	}
	if _, err := socket.AddSchedule(ctx, rule.Schedule{Enabled: true, Days: 1, Action: rule.Action{Do: rule.On}}); err != nil {
		t.Fatal(err)
	}
	p = transfer(tapo, socket, true)
	if len(p.Changed) != 1 || len(p.Removed) != 1 || len(p.Added) != 0 || len(list(socket)) != 2 {
		t.Errorf("replacing: %+v", p)
	}
	vacuum := rule.Schedule{Enabled: true, Days: 1, Action: rule.Action{Do: rule.Other}, Family: wattle.SMART}
	if p, err := socket.PlanSchedules(ctx, []rule.Schedule{vacuum}, false); err != nil || len(p.Skipped) != 1 || len(p.Losses) != 1 {
		t.Errorf("%+v (%v)", p, err)
	}
}
