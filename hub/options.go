package hub

import (
	"context"
	"log/slog"
	"time"

	"wattle/connect"
	"wattle/device"
)

// Entry is what is remembered of a device between runs.
type Entry struct {
	// Target says where it was and what worked; its MAC must not be zero.
	Target connect.Target
	// Memory is what the device is and can do, nil if that is not known.
	Memory *device.Memory
	// Interval is how often it is polled; 0 means [Options.Interval].
	Interval time.Duration
}

// Keep stores small things between runs: how far event logs were followed, what
// was taken out, groups, scenes. Names are made of letters, digits, "-", "_" and "/". What Save
// has returned for is kept.
type Keep interface {
	// Load gives nil and no error where there is nothing.
	Load(ctx context.Context, name string) ([]byte, error)
	Save(ctx context.Context, name string, data []byte) error
}

// Observation is the outcome of one poll: what a history records.
type Observation struct {
	// Views are the device and its children, as they are now.
	Views []*View
	// At is when the answers came, by our clock.
	At time.Time
}

// Options are settings of a hub; nil and the zero value work. [Hub.Tune] changes
// some of them while it runs.
type Options struct {
	// Entries are the devices to begin with.
	Entries []Entry
	// Connect is how devices are reached: account, dialers, discovery, cloud.
	Connect connect.Options
	// Learned is told what is worth being remembered of a device, in the order in
	// which it was learned. Removed is told of one that was taken out. They are
	// called by one goroutine at a time, which may wait for a disk; nil: nothing is
	// remembered.
	Learned func(Entry)
	Removed func(ID)
	// Rooms are where devices are to begin with, also such that are not in the hub:
	// they may come back. The hub does not change the map.
	Rooms map[ID]Room
	// Settle stores where devices are from now on, the zero Room for nowhere, and
	// returns when that is kept; nil keeps it for this run. It is called once at a
	// time and may wait for a disk; no poll waits for it.
	Settle func(context.Context, map[ID]Room) error
	// Keep stores the rest; nil keeps it for this run.
	Keep Keep
	// Observe gets the outcome of each poll that succeeded, those of one device in
	// their order, and Happened each event in the order of Seq. They must return at
	// once and not call the hub, except for what is read from memory; nil: nobody
	// wants to know.
	Observe  func(Observation)
	Happened func(Event)
	// Interval is how often a device is polled; 0 means 5 s.
	Interval time.Duration
	// Workers is how many devices are polled at once; 0 means 256. Most of them
	// wait for devices that do not answer.
	Workers int
	// Logins is how many connections are being made at once; 0 means 32.
	Logins int
	// Misses polls in a row and Patience without an answer make a device be not
	// online; 0 mean 3 and 20 s.
	Misses   int
	Patience time.Duration
	// Logs is how often event logs are read; 0: every second where somebody waits
	// for an answer to a press, every three seconds elsewhere.
	Logs time.Duration
	// Sweep is how often the network is searched for addresses that have changed
	// and for new devices; 0 means 10 min, negative never: then each device is
	// searched by itself. While a device does not answer it is once a minute, and
	// every 10 s in the first minutes.
	Sweep time.Duration
	// Adopt takes devices that a sweep finds and that the account can control into
	// the hub, except those that were taken out, see [Hub.Remove].
	Adopt bool
	// NoClocks leaves the clocks of devices alone. Otherwise the clock of a device
	// without a connection to the cloud is looked at once an hour, and set when it is
	// wrong by more than a minute.
	NoClocks bool
	// Logger gets one line for each change of a device's state; nil means none.
	Logger *slog.Logger
}

const (
	defaultInterval = 5 * time.Second
	defaultWorkers  = 256
	defaultLogins   = 32
	defaultMisses   = 3
	defaultPatience = 20 * time.Second
	defaultSweep    = 10 * time.Minute
)
