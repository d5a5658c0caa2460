package catalog

import (
	"slices"
	"time"

	"wattle"
	"wattle/feature"
	"wattle/method"
	"wattle/method/smart"
)

// Words of vacuums (docs/protocol/smart.md section 13).
var (
	fanSpeeds   = smart.Suctions()    // from 1
	waterLevels = smart.WaterLevels() // from 0
	dustModes   = smart.DustModes()   // from 0
)

const dustOff = "Off"

// vacuumRows are robot vacuums.
var vacuumRows = slices.Concat(
	vacuumStateRows, vacuumSettingRows, cleaningRows, dustRows,
	consumable("main_brush", "main brush", "Main brush", "roll_brush", 400,
		func(c *smart.Consumables) method.Opt[int] { return c.MainBrush }),
	consumable("side_brush", "side brush", "Side brush", "edge_brush", 200,
		func(c *smart.Consumables) method.Opt[int] { return c.SideBrush }),
	consumable("filter", "filter", "Filter", "filter", 200,
		func(c *smart.Consumables) method.Opt[int] { return c.Filter }),
	consumable("sensor", "sensor", "Sensor", "sensor", 30,
		func(c *smart.Consumables) method.Opt[int] { return c.Sensor }),
	consumable("charging_contacts", "charging contacts", "Charging contacts", "charge_contact", 30,
		func(c *smart.Consumables) method.Opt[int] { return c.ChargeContact }),
)

var vacuumStateRows = []feature.Feature{
	feature.From(wattle.SMART, smart.GetVacStatus, method.EveryPoll, feature.Row[smart.VacStatus, string]{
		Meta: sensor("vacuum_status", "Vacuum status", feature.Primary, feature.NoUnit),
		When: has("clean"),
		Get: func(s *smart.VacStatus) (string, bool) {
			if code, _ := s.Error(); code != 0 {
				return "Error", true
			}
			status, ok := s.Status.Get()
			return known(smart.VacuumStatus(status)), ok
		},
	}),
	feature.From(wattle.SMART, smart.GetVacStatus, method.EveryPoll, feature.Row[smart.VacStatus, string]{
		Meta: sensor("vacuum_error", "Error", feature.Info, feature.NoUnit),
		When: has("clean"),
		Get: func(s *smart.VacStatus) (string, bool) {
			code, ok := s.Error()
			name, _, is := smart.VacuumError(code)
			return known(name, is), ok
		},
	}),
	feature.From(wattle.SMART, smart.GetBatteryInfo, method.EveryPoll, feature.Row[smart.BatteryInfo, int]{
		Meta: sensor("battery_level", "Battery level", feature.Info, feature.Percent),
		When: has("clean"),
		Get:  func(b *smart.BatteryInfo) (int, bool) { return b.Percent.Get() },
	}),
	act("vacuum_start", "Start cleaning", "clean", func(v *feature.View) (method.Call, error) {
		if vacuumIs(v, smart.VacuumPaused) { // it goes on with what it was doing
			return smart.SetRobotPause.With(smart.Pause{})
		}
		return smart.SetSwitchClean.With(smart.SwitchClean{On: true, Order: true})
	}),
	act("vacuum_pause", "Pause", "clean", func(v *feature.View) (method.Call, error) {
		if vacuumIs(v, smart.VacuumReturns) {
			return smart.SetSwitchCharge.With(smart.SwitchCharge{})
		}
		return smart.SetRobotPause.With(smart.Pause{Pause: true})
	}),
	act("vacuum_return_home", "Return home", "clean", func(*feature.View) (method.Call, error) {
		return smart.SetSwitchCharge.With(smart.SwitchCharge{Charge: true})
	}),
	act("locate", "Locate device", "speaker", func(*feature.View) (method.Call, error) {
		return smart.PlayAudio.With(smart.Audio{Type: "seek_me"})
	}),
}

// act is a primary action of devices with a component.
func act(id, text, component string, call func(*feature.View) (method.Call, error)) feature.Feature {
	return feature.Do(wattle.SMART, feature.Act{
		Meta: feature.Meta{ID: id, Name: text, Category: feature.Primary},
		When: has(component),
		Do:   func(v *feature.View) ([]method.Call, error) { return one(call(v)) },
	})
}

// vacuumIs tells whether a vacuum had a status at the last poll.
func vacuumIs(v *feature.View, status int) bool {
	s := smart.GetVacStatus.Result(v.Snapshot)
	return s != nil && s.Status.Or(-1) == status
}

// known is the word for a number, UnknownInternal where nobody knows it.
func known(word string, ok bool) string {
	if !ok {
		return "UnknownInternal"
	}
	return word
}

// choice is the text for a number that counts from first.
func choice(names []string, first int, n method.Opt[int]) (string, bool) {
	i, ok := n.Get()
	if i -= first; !ok || i < 0 || i >= len(names) {
		return "", false
	}
	return names[i], true
}

var vacuumSettingRows = []feature.Feature{
	attr("vacuum_fan_speed", "Fan speed", feature.Primary, fanSpeeds, 1,
		func(a *smart.CleanAttr) method.Opt[int] { return a.Suction },
		func(n int) smart.SetCleanAttr { return smart.SetCleanAttr{Suction: method.Some(n)} }, "clean"),
	attr("mop_waterlevel", "Mop water level", feature.Config, waterLevels, 0,
		func(a *smart.CleanAttr) method.Opt[int] { return a.Cistern },
		func(n int) smart.SetCleanAttr { return smart.SetCleanAttr{Cistern: method.Some(n)} }, "mop"),
	feature.From(wattle.SMART, smart.GetCleanAttr, method.EveryPoll, feature.Row[smart.CleanAttr, int]{
		Meta: feature.Meta{ID: "clean_count", Name: "Clean count", Kind: feature.Number, Category: feature.Config, Min: 1, Max: 3},
		When: has("clean"),
		Get:  func(a *smart.CleanAttr) (int, bool) { return a.Number.Get() },
		Set: func(_ *feature.View, n int) (method.Call, error) {
			return smart.SetCleanAttrs.With(smart.SetCleanAttr{Type: "global", Number: method.Some(n)})
		},
	}),
	feature.From(wattle.SMART, smart.GetCarpetClean, method.EveryMinute, feature.Row[smart.CarpetClean, bool]{
		Meta: feature.Meta{ID: "carpet_boost", Name: "Carpet boost", Kind: feature.Switch, Category: feature.Config},
		When: has("clean"),
		Get: func(c *smart.CarpetClean) (bool, bool) {
			prefer, ok := c.Prefer.Get()
			return prefer == "boost", ok
		},
		Set: func(_ *feature.View, on bool) (method.Call, error) {
			prefer := "normal"
			if on {
				prefer = "boost"
			}
			return smart.SetCarpetClean.With(smart.CarpetClean{Prefer: method.Some(prefer)})
		},
	}),
	feature.From(wattle.SMART, smart.GetMop, method.EveryPoll, feature.Row[smart.Mop, bool]{
		Meta: binary("mop_attached", "Mop attached", feature.Info),
		When: has("mop"),
		Get:  func(m *smart.Mop) (bool, bool) { return m.Attached.Get() },
	}),
	feature.From(wattle.SMART, smart.GetVolume, method.EveryMinute, feature.Row[smart.Volume, int]{
		Meta: feature.Meta{ID: "volume", Name: "Volume", Kind: feature.Number, Category: feature.Config, Min: 0, Max: 100},
		When: has("speaker"),
		Get:  func(v *smart.Volume) (int, bool) { return v.Volume.Get() },
		Set: func(_ *feature.View, n int) (method.Call, error) {
			return smart.SetVolume.With(smart.Volume{Volume: method.Some(n)})
		},
	}),
	feature.From(wattle.SMART, smart.GetChildLock, method.EveryMinute, feature.Row[smart.ChildLock, bool]{
		Meta: childLockMeta,
		When: has("button_and_led"),
		Get:  func(c *smart.ChildLock) (bool, bool) { return c.Locked.Get() },
		Set: func(_ *feature.View, on bool) (method.Call, error) {
			return smart.SetChildLock.With(smart.ChildLock{Locked: method.Some(on)})
		},
	}),
	feature.From(wattle.SMART, smart.GetDoNotDisturb, method.EveryMinute, feature.Row[smart.DoNotDisturb, bool]{
		Meta: feature.Meta{ID: "do_not_disturb", Name: "Do not disturb", Kind: feature.Switch, Category: feature.Config},
		When: has("do_not_disturb"),
		Get:  func(d *smart.DoNotDisturb) (bool, bool) { return d.On.Get() },
		Update: func(d smart.DoNotDisturb, on bool) (method.Call, error) {
			d.On = method.Some(on)
			return smart.SetDoNotDisturb.With(d)
		},
	}),
}

// attr is a row of getCleanAttr with named levels.
func attr(id, text string, category feature.Category, names []string, first int,
	get func(*smart.CleanAttr) method.Opt[int], set func(int) smart.SetCleanAttr, component string,
) feature.Feature {
	return feature.From(wattle.SMART, smart.GetCleanAttr, method.EveryPoll, feature.Row[smart.CleanAttr, string]{
		Meta: feature.Meta{ID: id, Name: text, Kind: feature.Choice, Category: category, Choices: names},
		When: has(component),
		Get:  func(a *smart.CleanAttr) (string, bool) { return choice(names, first, get(a)) },
		Set: func(_ *feature.View, level string) (method.Call, error) {
			p := set(slices.Index(names, level) + first)
			p.Type = "global"
			return smart.SetCleanAttrs.With(p)
		},
	})
}

var cleaningRows = []feature.Feature{
	area("clean_area", "Cleaning area", feature.Info, smart.GetCleanInfo, "clean",
		func(c *smart.CleanInfo) (int, bool) { return c.Area.Get() }),
	feature.From(wattle.SMART, smart.GetCleanInfo, method.EveryPoll, feature.Row[smart.CleanInfo, time.Duration]{
		Meta: sensor("clean_time", "Cleaning time", feature.Info, feature.Second),
		When: has("clean"),
		Get:  func(c *smart.CleanInfo) (time.Duration, bool) { return minutes(c.Minutes) },
	}),
	feature.From(wattle.SMART, smart.GetCleanInfo, method.EveryPoll, feature.Row[smart.CleanInfo, int]{
		Meta: sensor("clean_progress", "Cleaning progress", feature.Info, feature.Percent),
		When: has("clean"),
		Get:  func(c *smart.CleanInfo) (int, bool) { return c.Percent.Get() },
	}),
	area("total_clean_area", "Total area cleaned", feature.Debug, smart.GetCleanRecords, "clean_percent",
		func(r *smart.CleanRecords) (int, bool) { return r.Area.Get() }),
	records(sensor("total_clean_time", "Total time cleaned", feature.Debug, feature.Second),
		func(r *smart.CleanRecords) (time.Duration, bool) { return minutes(r.Minutes) }),
	records(sensor("total_clean_count", "Total clean count", feature.Debug, feature.NoUnit),
		func(r *smart.CleanRecords) (int, bool) { return r.Number.Get() }),
	area("last_clean_area", "Last area cleaned", feature.Debug, smart.GetCleanRecords, "clean_percent",
		func(r *smart.CleanRecords) (int, bool) { return last(r, 2) }),
	records(sensor("last_clean_time", "Last time cleaned", feature.Debug, feature.Second),
		func(r *smart.CleanRecords) (time.Duration, bool) {
			n, ok := last(r, 1)
			return time.Duration(n) * time.Minute, ok
		}),
	feature.Derive(wattle.SMART, feature.Derived[time.Time]{
		Meta: sensor("last_clean_timestamp", "Last clean timestamp", feature.Debug, feature.NoUnit),
		When: has("clean_percent"), Queries: []method.Query{smart.GetCleanRecords.Query(method.EveryMinute)},
		Has: func(v *feature.View) bool { return v.Answered(smart.GetCleanRecords.Key()) },
		Get: func(v *feature.View) (time.Time, bool) {
			r := smart.GetCleanRecords.Result(v.Snapshot)
			if r == nil {
				return time.Time{}, false
			}
			n, ok := last(r, 0)
			return time.Unix(int64(n), 0).In(LocalTime(v).Location()), ok
		},
	}),
}

func records[T feature.Scalar](meta feature.Meta, get func(*smart.CleanRecords) (T, bool)) feature.Feature {
	return feature.From(wattle.SMART, smart.GetCleanRecords, method.EveryMinute,
		feature.Row[smart.CleanRecords, T]{Meta: meta, When: has("clean_percent"), Get: get})
}

// area is a row in the unit that the device is set to.
func area[R any](id, text string, category feature.Category, m method.Method[method.None, R], component string,
	get func(*R) (int, bool),
) feature.Feature {
	return feature.Derive(wattle.SMART, feature.Derived[int]{
		Meta:    sensor(id, text, category, feature.SquareMetre),
		When:    has(component),
		Queries: []method.Query{m.Query(method.EveryPoll), smart.GetAreaUnit.Query(method.EveryHour)},
		Has:     func(v *feature.View) bool { return v.Answered(m.Key()) },
		Get: func(v *feature.View) (n int, ok bool) {
			if r := m.Result(v.Snapshot); r != nil {
				return get(r)
			}
			return 0, false
		},
		UnitOf: func(v *feature.View) (feature.Unit, bool) {
			a := smart.GetAreaUnit.Result(v.Snapshot)
			if a == nil {
				return "", false
			}
			u := AreaUnit(a)
			return u, u != ""
		},
	})
}

// AreaUnit is the unit of the areas of a vacuum, "" for one that is not known.
func AreaUnit(a *smart.AreaUnit) feature.Unit { return areaUnits[a.Unit.Or(0)] }

var areaUnits = map[int]feature.Unit{0: feature.SquareMetre, 1: feature.SquareFoot, 2: feature.Ping}

func minutes(n method.Opt[int]) (time.Duration, bool) {
	m, ok := n.Get()
	return time.Duration(m) * time.Minute, ok
}

// last is a member of the newest record.
func last(r *smart.CleanRecords, i int) (int, bool) {
	if i >= len(r.Last) {
		return 0, false
	}
	return r.Last[i], true
}

// consumable are the three rows of a part that wears out after some hours.
func consumable(id, inText, text, wire string, hours int, get func(*smart.Consumables) method.Opt[int]) []feature.Feature {
	has := func(c *smart.Consumables) bool { return get(c).Known() }
	row := func(meta feature.Meta, value func(*smart.Consumables) (time.Duration, bool)) feature.Feature {
		return feature.From(wattle.SMART, smart.GetConsumables, method.EveryMinute, feature.Row[smart.Consumables, time.Duration]{
			Meta: meta, When: wearing, Has: has, Get: value,
		})
	}
	used := func(c *smart.Consumables) (time.Duration, bool) { return minutes(get(c)) }
	return []feature.Feature{
		row(sensor(id+"_used", text+" used", feature.Debug, feature.Second), used),
		row(sensor(id+"_remaining", text+" remaining", feature.Info, feature.Second), func(c *smart.Consumables) (time.Duration, bool) {
			u, ok := used(c)
			return time.Duration(hours)*time.Hour - u, ok
		}),
		feature.Do(wattle.SMART, feature.Act{
			Meta: feature.Meta{ID: id + "_reset", Name: "Reset " + inText + " consumable", Category: feature.Debug, Dangerous: true},
			When: wearing,
			Has: func(v *feature.View) bool {
				c := smart.GetConsumables.Result(v.Snapshot)
				return c != nil && has(c)
			},
			Do: func(*feature.View) ([]method.Call, error) {
				return one(smart.ResetConsumable.With(smart.Reset{List: []string{wire}}))
			},
			Queries: []method.Query{smart.GetConsumables.Query(method.EveryMinute)},
		}),
	}
}

var wearing = has("consumables")

var dustRows = []feature.Feature{
	feature.Do(wattle.SMART, feature.Act{
		Meta: feature.Meta{ID: "dustbin_empty", Name: "Empty dustbin", Category: feature.Config},
		When: has("dust_bucket"),
		Do: func(*feature.View) ([]method.Call, error) {
			return one(smart.SetSwitchDust.With(smart.SwitchDust{Collect: true}))
		},
	}),
	feature.From(wattle.SMART, smart.GetDust, method.EveryMinute, feature.Row[smart.Dust, bool]{
		Meta: feature.Meta{
			ID: "dustbin_autocollection_enabled", Name: "Automatic emptying enabled",
			Kind: feature.Switch, Category: feature.Config,
		},
		When: has("dust_bucket"),
		Get:  func(d *smart.Dust) (bool, bool) { return d.Auto.Get() },
		Update: func(d smart.Dust, on bool) (method.Call, error) {
			d.Auto = method.Some(on)
			return smart.SetDust.With(d)
		},
	}),
	feature.From(wattle.SMART, smart.GetDust, method.EveryMinute, feature.Row[smart.Dust, string]{
		Meta: feature.Meta{
			ID: "dustbin_mode", Name: "Automatic emptying mode", Kind: feature.Choice,
			Category: feature.Config, Choices: append(slices.Clone(dustModes), dustOff),
		},
		When: has("dust_bucket"),
		Get: func(d *smart.Dust) (string, bool) {
			if auto, ok := d.Auto.Get(); ok && !auto {
				return dustOff, true
			}
			return choice(dustModes, 0, d.Mode)
		},
		Update: func(d smart.Dust, mode string) (method.Call, error) {
			d.Auto = method.Some(mode != dustOff)
			if mode != dustOff {
				d.Mode = method.Some(slices.Index(dustModes, mode))
			}
			return smart.SetDust.With(d)
		},
	}),
}
