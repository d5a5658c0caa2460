// Package wattle holds the words that every part of wattle shares: which
// language a device speaks ([Family]), how its bytes travel ([Transport],
// [Route]), who it is ([MAC], [Model]), who may use it ([Credentials],
// [Secret]) and what can go wrong ([DeviceError] and the Err classes).
//
// It is the vocabulary, not the front door: to open a device, read it and
// switch it, use package wattle/device. To stand in for one, use package
// wattle/simulator. This package does no I/O and imports nothing of ours.
package wattle
