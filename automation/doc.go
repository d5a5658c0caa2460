// Package automation makes a home do things by itself: groups of devices, scenes,
// and rules that act at times, by the sun, on changes and on events. It stands
// over a hub, needs no cloud, and is what `wattle group`, `scene` and `rule` and
// the HTTP API edit.
//
//	auto, err := automation.New(&automation.Options{Hub: h, Keep: keep, Zone: zone})
//	if err := auto.Load(ctx); err != nil {
//		return err
//	}
//	go func() { done <- auto.Run(ctx) }()
//
//	rule, err := auto.Rules().Put(ctx, automation.Rule{
//		Name: "desk lamp",
//		On:   []automation.Trigger{{At: "sunset-20m"}},
//		If:   `device("desk").on == false`,
//		Do:   []automation.Action{{Devices: []string{"desk"}, Set: map[string]any{"state": true, "brightness": 40}}},
//	}, automation.Any)
//
// # What is stored
//
// Groups, scenes and rules lie in a [Shelf] each, with a revision per item. They
// are checked as a whole before they are stored: a wrong cron line, an unknown
// device or an expression that does not compile is a [*FieldError] that names the
// place. Devices are stored by [hub.Slug], so that renaming one breaks nothing.
//
// # How rules run
//
// One goroutine looks at changes, one at the clock; neither ever waits for a
// device, an expression or a rule. Each rule has a goroutine while it runs, and is
// bounded by its mode and by how often it may run in a minute. Expressions have
// bounds of their own.
//
// # Restarts
//
// What a rule would have done while nothing ran is not made up for, except by
// rules that say so ([Rule.CatchUp]). A state that a device already has when the
// engine begins to look is not a change.
package automation
