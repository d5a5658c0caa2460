// Package iot declares the methods of Kasa devices with the IOT language: what
// each is called, what it takes and what it answers, with units. Section
// numbers are those of docs/protocol/iot.md.
//
// Fields that a device may leave out are pointers: nil means that it did not
// say, which is not the same as 0. It does no I/O.
package iot
