// Package recorder writes what a hub sees into a history, and answers what
// surfaces ask of it.
//
//	rec := recorder.New(&recorder.Options{Sink: opened})
//	h, err := hub.New(&hub.Options{Observe: rec.Observe, Happened: rec.Happened})
//	...
//	rec.Attach(h)
//	go func() { done <- rec.Run(ctx) }()
//
// # From a poll to the disk
//
// [Recorder.Observe] and [Recorder.Happened] put what they get into a bounded list
// and return. Once a second the list becomes samples: changes and heartbeats by
// [history.Filter], readings of meters with the device's own clock, events with
// their ids, and unknown values where a device goes offline. They wait in a
// bounded buffer for the one goroutine that writes. While the database is locked
// or its disk full they go on waiting; when the buffer is full the oldest are
// lost, which is counted and logged once. Polls and commands notice none of it.
//
// # After an outage
//
// What a meter used while nobody read it is asked for from the device's own
// history, one device at a time and each at most once an hour, and goes into the
// books by [history.Reconcile].
//
// # Reading
//
// [Reader] is what surfaces may ask; [Archive] adds costs and events to it.
package recorder
