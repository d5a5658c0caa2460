// Package mqtt shows a hub on an MQTT broker and takes commands from it, in the
// way that Home Assistant discovers devices. Others can read the same topics.
//
//	s, err := mqtt.New(h, &mqtt.Options{Broker: "mqtt://192.0.2.1:1883"})
//	if err != nil {
//		return err
//	}
//	err = s.Run(ctx)
//
// # Topics
//
// DEVICE is [hub.Slug], BASE is [Options.Base].
//
//	BASE/bridge/state            online, or offline by the will; retained
//	BASE/DEVICE/availability     online or offline; retained
//	BASE/DEVICE/FEATURE          the value of a feature; retained
//	BASE/DEVICE/FEATURE/set      commands
//	BASE/DEVICE/light, vacuum, … what consists of several features; retained
//	BASE/DEVICE/event            events of buttons and sensors; not retained
//	BASE/DEVICE/error            why a command failed; not retained
//
// A value that is not known is "None". Secrets are not published.
//
// # Flow
//
// A connection subscribes to the hub, whose mailbox holds the newest view of each
// device while the broker is slow or away: nothing waits for the broker. What a
// device has makes its plan: components for Home Assistant, states to publish,
// commands to take. Commands wait in a queue for each device, the newest of each
// topic.
package mqtt
