// Package device is the front door of wattle as a library: it opens a Kasa or
// Tapo device, reads it, and changes it, whichever language and transport the
// device speaks.
//
//	d, err := device.Open(ctx, connect.Target{Host: "192.0.2.17"}, &device.Options{
//		Account: wattle.Credentials{Username: "me@example.com", Password: secret},
//	})
//	if err != nil {
//		return err // says what is wrong and what to do about it
//	}
//	defer d.Close()
//	state, err := d.Poll(ctx)
//	...
//	fmt.Println(d.Identity().Alias, state.Value("current_consumption"))
//	err = d.Set(ctx, "brightness", 40)
//
// # Features
//
// What can be read and set is a table of rows, package catalog: each device
// has those that its own answers show. A value that the device did not say is
// unknown, which is not 0 and not off.
//
// # Lights, fans and other groups
//
// [Device.Light], [Device.Fan], [Device.Thermostat], [Device.Alarm] and
// [Device.Vacuum] give a device as what it is for, with methods built on its
// features, and for lights with what is not a single value: effects, presets,
// transitions and what a light does when it comes on.
//
// # Energy
//
// [State.Energy] is what a meter says now. [Device.EnergySeries],
// [Device.PowerSeries] and [Device.RuntimeSeries] give histories for any span by
// hour, day or month, in the same form whatever the family (package energy).
//
// # Rules
//
// Schedules, the timer, away mode and auto-off are carried out by the device
// itself. [Device.Rules] reads them all; [Device.AddSchedule], [Device.SetTimer],
// [Device.SetAway] and [Device.SetAutoOff] change them, and [Device.PlanSchedules]
// copies schedules between devices and says what one cannot carry out. Their
// model is package rule.
//
// # Hubs
//
// [Device.Pairing] takes children in, [Device.Siren] makes the hub sound,
// [Device.Events] and [Device.Follower] tell what buttons and sensors do, none
// lost and none told twice, and [Device.Climate] is what a sensor recorded in the
// past day.
//
// # Upkeep
//
// [Device.Clock], [Device.LED], [Device.Firmware], [Device.AutoUpdate],
// [Device.Cloud], [Device.ScanWiFi] and [Device.SetupCodes] ask; each has a
// method beside it that changes it. [Device.Reset], [Device.JoinWiFi] and
// [Device.UpdateFirmware] cannot be taken back: ask before you call them.
//
// # Errors
//
// Every error that matters to a program wraps one of the classes of package
// wattle: [wattle.ErrUnsupported] for what the device lacks, [wattle.ErrParam] for
// a value that it cannot take, [wattle.ErrRefused] for its no,
// [wattle.ErrUnreachable] for its silence, [wattle.ErrAuth] for the wrong account.
//
// # State
//
// [Device.Poll] makes a new [State], which is immutable. [Device.State],
// [Device.Get], [Device.Features] and [Device.Identity] read the newest one
// without I/O, from any goroutine, also while a poll is under way.
//
// # Children
//
// The outlets of a strip and the devices behind a hub are Devices with a
// parent. They share its connection, and one poll of the parent brings all
// their states.
//
// # Concurrency
//
// Everything may be called from several goroutines. Polls of one device wait
// for each other; settings do not wait for polls. Nothing here starts a
// goroutine.
package device
