// Package hub runs a home: it owns the one connection that each device allows,
// asks the devices what they know, tells everybody who subscribes what has
// changed, and passes commands on. Programs that want a device of a running hub
// go through it; devices throw out a first client when a second one logs in.
//
//	h, err := hub.New(&hub.Options{Entries: remembered, Connect: connect.Options{Account: account}})
//	if err != nil {
//		return err
//	}
//	go func() { done <- h.Run(ctx) }()
//	sub := h.Subscribe(nil)
//	defer sub.Close()
//	for {
//		n, err := sub.Next(ctx)
//		...
//	}
//
// # Views
//
// What the hub knows of a device or of a child is a [View]: immutable, with the
// newest state, whether it is there, and a revision. Reading views costs no I/O.
//
// # Polls
//
// One heap says which device is due, and a bounded number of workers ask. Within
// one poll each query has its own pace (package device), so that cheap state is
// read often, energy less often and settings rarely. A command goes ahead of
// polls; a poll follows it. Children are polled through their parent.
//
// # Subscribers
//
// A [Subscription] holds the newest view of each device that has changed, and a
// bounded queue of events. One that does not read costs nobody else anything: it
// gets the newest state when it reads again, and is told how many events it missed.
//
// # Concurrency
//
// Everything may be called from several goroutines, before and while [Hub.Run]
// runs. Errors wrap the classes of package wattle.
package hub
