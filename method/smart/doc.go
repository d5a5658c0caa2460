// Package smart declares the methods of Tapo devices and of Kasa devices with
// the SMART language: what each is called, what it takes and what it answers,
// with units. Section numbers are those of docs/protocol/smart.md.
//
// A method is a value: bind parameters to it, send the [method.Call] through any
// [method.Caller], such as a device, and decode what comes back.
//
//	call, err := smart.SetDeviceInfo.With(smart.SetInfo{Brightness: method.Some(40)})
//	...
//	results, err := d.Call(ctx, smart.GetDeviceInfo.Call(), call)
//	...
//	info, err := smart.GetDeviceInfo.Decode(results[0].Raw)
//
// Which methods a device knows follows from the components that it lists
// ([ComponentNego]). docs/features.md lists all methods with their parameters.
//
// Fields that a device may leave out are [method.Opt] values or pointers: what
// it did not say is not known, which is not the same as 0. Texts that people
// typed travel as base64, see [Text] and [EncodeText]. Objects that are sent back
// as a whole keep the fields that are not declared in Extra. The package does no
// I/O, and its variables are not to be changed.
package smart
