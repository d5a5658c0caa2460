// Package known is what is remembered of devices between runs, in a folder that
// the caller names: the devices themselves ([Store], devices.json) and their
// open sessions ([Sessions], one file for each). It does no networking and knows
// no defaults of paths.
//
// A device is keyed by its MAC, the only identity that both discovery protocols
// and every firmware agree on; addresses are notes. See
// docs/protocol/discovery.md section 6.
//
// Several processes may use one folder at once: readers never wait, writers
// take turns, and a session belongs to one process at a time.
package known
