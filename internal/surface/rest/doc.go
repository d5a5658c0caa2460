// Package rest is the hub's HTTP API: an OpenAPI 3.1 document at /openapi.json,
// routes below /api/v1, server-sent events and a WebSocket for what changes, and
// links that do one thing (/hook/...).
//
//	s, err := rest.New(h, &rest.Options{
//		Listeners: []rest.Listener{{Listener: unix, Trusted: true}, {Listener: tcp}},
//		Keep:      keep,
//	})
//	if err != nil {
//		return err
//	}
//	return s.Run(ctx)
//
// # Who may do what
//
// Whoever connects to a trusted listener (a Unix socket of mode 0600) is the
// owner. All others need a token, of which only a hash is kept. Each operation
// wants a scope: read, control or admin. Errors are problem+json with the class
// of the error, see package hubapi.
//
// # What is refused
//
// Before a route is looked up: foreign Host and Origin headers, requests from
// other sites, paths with tricks, large bodies, too many requests. Connections are
// bounded in number and time. A follower of changes that does not read is cut
// off; nothing in the hub waits for it.
//
// See the docs/api folder for examples.
package rest
