// Package hubapi holds the words of the hub's HTTP API: what server
// (internal/surface/rest) and client (internal/hubclient) both write and read.
// It does no I/O.
//
// An error of wattle goes over the wire as a [Problem] and is the same error on
// the other side: its class, the text, and the code of the device or the cloud.
package hubapi

// Prefix begins the paths of all routes but /openapi.json, /docs and /hook/.
const Prefix = "/api/v1"
