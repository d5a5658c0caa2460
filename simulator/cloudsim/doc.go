// Package cloudsim stands in for the TP-Link cloud: the account service and
// relay of the first and second generation (A and B) and the things service (C),
// over the devices of a simulated home. A [Cloud] is an HTTP handler; [Cloud.Run]
// serves it on loopback, on TLS with a CA of its own.
//
// Requests by the names of TP-Link's hosts are answered with such names. Any other
// host stands for all services at once, and then answers name the address of the
// simulator, so that no token leaves the machine.
//
// What the real cloud answers is in docs/protocol/cloud.md. Where that marks a guess,
// a fault word or a field of [Options] changes it.
//
// It is part of the device half and imports nothing of the client half.
package cloudsim
