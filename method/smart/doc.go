// Package smart declares the methods of Tapo devices and of Kasa devices with
// the SMART language: what each is called, what it takes and what it answers,
// with units. Section numbers are those of docs/protocol/smart.md.
//
// Fields that a device may leave out are [method.Opt] values or pointers. It
// does no I/O.
package smart
