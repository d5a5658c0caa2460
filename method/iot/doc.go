// Package iot declares the methods of Kasa devices with the IOT language: what
// each is called, what it takes and what it answers, with units. Section
// numbers are those of docs/protocol/iot.md.
//
// A method is a value: bind parameters to it, send the [method.Call] through any
// [method.Caller], such as a device, and decode what comes back.
//
//	call, err := iot.SetBrightness.With(iot.Brightness{Brightness: 40})
//	...
//	results, err := d.Call(ctx, iot.GetSysinfo.Call(), call)
//	...
//	info, err := iot.GetSysinfo.Decode(results[0].Raw)
//
// Most functions are in a module of one name on plugs, switches and strips, and
// of another on bulbs and light strips: [PlugClock] and [BulbClock], [Emeter] and
// [BulbEmeter], and so on. docs/features.md lists all methods with their
// parameters.
//
// Fields that a device may leave out are [method.Opt] values or pointers: what
// it did not say is not known, which is not the same as 0. Objects that are sent
// back as a whole keep the fields that are not declared in Extra. The package
// does no I/O, and its variables are not to be changed.
package iot
