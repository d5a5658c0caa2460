package catalog

import (
	"slices"

	"wattle"
	"wattle/feature"
	"wattle/method"
	"wattle/method/smart"
)

// volumes are the loudnesses of an alarm, by level.
var volumes = []string{"mute", "low", "normal", "high"}

// alarmRows are the siren of a hub (docs/protocol/smart.md section 11).
var alarmRows = []feature.Feature{
	field(feature.Row[smart.Info, bool]{
		Meta: feature.Meta{ID: "alarm", Name: "Alarm", Kind: feature.BinarySensor, Category: feature.Info},
		When: has("alarm"),
		Get:  func(i *smart.Info) (bool, bool) { return i.InAlarm.Get() },
	}),
	field(feature.Row[smart.Info, string]{
		Meta: feature.Meta{ID: "alarm_source", Name: "Alarm source", Kind: feature.Sensor, Category: feature.Info},
		When: has("alarm"),
		Get: func(i *smart.Info) (string, bool) {
			source, ok := i.InAlarmSource.Get()
			return source, ok && source != "" // nobody rang
		},
	}),
	feature.Derive(wattle.SMART, feature.Derived[string]{
		Meta:    feature.Meta{ID: "alarm_sound", Name: "Alarm sound", Kind: feature.Choice, Category: feature.Config},
		When:    has("alarm"),
		Queries: []method.Query{smart.GetAlarm.Query(method.EveryMinute), smart.GetAlarmTypes.Query(method.EveryDay)},
		Has:     func(v *feature.View) bool { return v.Answered(smart.GetAlarm.Key()) },
		Get: func(v *feature.View) (string, bool) {
			if a := smart.GetAlarm.Result(v.Snapshot); a != nil {
				return a.Type.Get()
			}
			return "", false
		},
		Whole: true,
		Set: func(v *feature.View, sound string) ([]method.Call, error) {
			a := smart.GetAlarm.Result(v.Snapshot)
			if a == nil {
				return nil, feature.ErrNotPolled
			}
			changed := *a
			changed.Type = method.Some(sound)
			return one(smart.SetAlarm.With(changed))
		},
		Options: func(v *feature.View) []string {
			if l := smart.GetAlarmTypes.Result(v.Snapshot); l != nil {
				return l.List
			}
			return nil
		},
	}),
	alarmField(feature.Row[smart.Alarm, string]{
		Meta: feature.Meta{
			ID: "alarm_volume", Name: "Alarm volume", Kind: feature.Choice,
			Category: feature.Config, Choices: volumes,
		},
		Get: func(a *smart.Alarm) (string, bool) { return a.Volume.Get() },
		Update: func(a smart.Alarm, volume string) (method.Call, error) {
			a.Volume = method.Some(volume)
			return smart.SetAlarm.With(a)
		},
	}),
	alarmField(feature.Row[smart.Alarm, int]{
		Meta: feature.Meta{
			ID: "alarm_volume_level", Name: "Alarm volume", Kind: feature.Number,
			Category: feature.Config, Min: 0, Max: 3,
		},
		Get: func(a *smart.Alarm) (int, bool) {
			level := slices.Index(volumes, a.Volume.Or(""))
			return level, level >= 0
		},
		Update: func(a smart.Alarm, level int) (method.Call, error) {
			a.Volume = method.Some(volumes[level])
			return smart.SetAlarm.With(a)
		},
	}),
	alarmField(feature.Row[smart.Alarm, int]{
		Meta: feature.Meta{
			ID: "alarm_duration", Name: "Alarm duration", Kind: feature.Number,
			Category: feature.Config, Unit: feature.Second, Min: 1, Max: 600,
		},
		Get: func(a *smart.Alarm) (int, bool) { return a.Duration.Get() },
		Update: func(a smart.Alarm, seconds int) (method.Call, error) {
			a.Duration = method.Some(seconds)
			return smart.SetAlarm.With(a)
		},
	}),
	feature.Do(wattle.SMART, feature.Act{
		Meta: feature.Meta{ID: "test_alarm", Name: "Test alarm", Category: feature.Config, Dangerous: true},
		When: has("alarm"),
		Do:   func(*feature.View) ([]method.Call, error) { return one(smart.PlayAlarm.Call(), nil) },
	}),
	feature.Do(wattle.SMART, feature.Act{
		Meta: feature.Meta{ID: "stop_alarm", Name: "Stop alarm", Category: feature.Config},
		When: has("alarm"),
		Do:   func(*feature.View) ([]method.Call, error) { return one(smart.StopAlarm.Call(), nil) },
	}),
}

func alarmField[T feature.Scalar](row feature.Row[smart.Alarm, T]) feature.Feature {
	row.When = has("alarm")
	return feature.From(wattle.SMART, smart.GetAlarm, method.EveryMinute, row)
}
