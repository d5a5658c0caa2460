// Package feature says what a feature of a device is: one value that can be
// read, and perhaps set, such as a lamp's brightness. The features themselves
// are the rows of package catalog.
//
// A row reads from the answers in a [method.Snapshot] and turns a new value
// into calls. It does no I/O and knows no clock, so the same row serves a
// device, a relay through the cloud, the simulator and a file.
//
// Everything that shows features ranges over [Reading] values: the command
// line, REST, MQTT, metrics and the manual need to know nothing about single
// features. What is true of the device is in [Meta]; what only one surface
// knows, such as an icon, stays in that surface.
package feature
