package hubapi

import (
	"time"

	"wattle/hub"
)

// The types of live messages.
const (
	Hello     = "hello"     // the first: which devices there are
	Snapshot  = "snapshot"  // a device as it is when the follower comes
	Ready     = "ready"     // the snapshot is complete
	Changed   = "device"    // a device has changed
	Happened  = "event"     // something happened
	Gone      = "gone"      // a device was removed
	Heartbeat = "heartbeat" // nothing happened for a while
	Answer    = "answer"    // to a command that came over the WebSocket
)

// Message is what goes over /live, as the data of an event of the same name, and
// over /ws, as text.
type Message struct {
	Type string `json:"type" enum:"hello,snapshot,ready,device,event,gone,heartbeat,answer"`
	// ID is the place in the stream, EPOCH-SEQ: who comes back with it as
	// Last-Event-ID gets what has changed since.
	ID     string  `json:"id,omitempty"`
	Device *Device `json:"device,omitempty" doc:"Of snapshot and device"`
	// Changes are the features of the device that are news to this follower.
	Changes []string `json:"changes,omitempty" doc:"The ids of the features that changed"`
	Event   *Event   `json:"event,omitempty"`
	Gone    string   `json:"gone,omitempty" doc:"The id of the device that was removed"`
	// Missed is how many events were lost because the follower did not read.
	Missed uint64 `json:"missed,omitempty"`
	// Devices are the ids of all devices that there are, of hello: who comes back
	// forgets others.
	Devices []string  `json:"devices,omitempty"`
	Time    time.Time `json:"time"`

	// Ref is that of the command that is answered; Error is why it failed.
	Ref   string   `json:"ref,omitempty"`
	On    *bool    `json:"on,omitempty"`
	Error *Problem `json:"error,omitempty"`
}

// Command is what a client of /ws may send.
type Command struct {
	Ref      string   `json:"ref,omitempty" doc:"Comes back in the answer"`
	Do       string   `json:"do" enum:"set,toggle,act,refresh,filter"`
	Device   string   `json:"device,omitempty"`
	Set      Settings `json:"set,omitempty"`
	Action   string   `json:"action,omitempty"`
	Devices  []string `json:"devices,omitempty" doc:"Of filter: only these; none are all"`
	Features []string `json:"features,omitempty" doc:"Of filter: only these; none are all"`
}

// Version says what answers.
type Version struct {
	Version string    `json:"version"`
	API     string    `json:"api" example:"v1"`
	Epoch   string    `json:"epoch" doc:"Of this run of the hub: revisions of another one mean nothing"`
	Started time.Time `json:"started"`
	Devices int       `json:"devices"`
}

// DeviceHealth is how one device has answered lately.
type DeviceHealth struct {
	Device string `json:"device"`
	Name   string `json:"name"`
	Online bool   `json:"online"`
	Reason string `json:"reason,omitempty"`
	hub.Health
}

// Health is how the hub and its devices do.
type Health struct {
	Status  string         `json:"status" enum:"ok,degraded" doc:"degraded while a device is not online"`
	Devices int            `json:"devices"`
	Online  int            `json:"online"`
	Details []DeviceHealth `json:"details,omitempty"`
}

// Reloaded is what came of reading the configuration again.
type Reloaded struct {
	Changed []string `json:"changed" doc:"Settings that were changed"`
	Restart []string `json:"restart" doc:"Settings that are changed by the next start of the hub"`
}

// LogLine is a line of the hub's log, the data of an event of /logs.
type LogLine struct {
	Line string `json:"line"`
}
