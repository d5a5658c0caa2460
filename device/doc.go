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
