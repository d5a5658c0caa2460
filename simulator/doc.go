// Package simulator stands in for Kasa and Tapo devices. A [Device] is made of
// a capture, keeps its answers as raw JSON, and changes them as it is set and
// as time goes by; a [Home] puts many of them on a network of loopback
// addresses, where clients find and control them as they would real ones.
//
// Getters answer what the capture has, unknown members included. Setters change
// the answers that show the effect. What a device of its kind knows but the
// capture lacks, such as the clock of an IOT device, is made up. Behaviour
// follows from what a device says of itself, never from its model name.
//
//	f, err := capture.Load("P110(EU)_1.0_1.3.0.json")
//	if err != nil {
//		return err
//	}
//	d, err := simulator.New(f, nil)
//	if err != nil {
//		return err
//	}
//	answer, err := d.Handle(ctx, []byte(`{"method":"get_device_info"}`))
//
// It is the device half of wattle and imports nothing of the client half. It
// does not simulate cameras.
package simulator
