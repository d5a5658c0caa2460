// Package cloudapi is what is said between an app and the TP-Link cloud, in
// both directions: how requests are signed, the bodies and answers of the three
// services, lists of devices and things, error codes and where they stand, and
// what follows from a host name. It does no I/O; nonces, times and keys are
// arguments.
//
// Service A (V1) is one path and unsigned, B (V2) is signed, C ("things") is
// REST with the token in a header. Types with JSON tags are what is sent: a
// client marshals with [Marshal] what a server unmarshals, and the other way
// round. Readers take numbers for texts and texts for numbers, and ignore
// members that they do not know.
//
// See docs/protocol/cloud.md.
package cloudapi
