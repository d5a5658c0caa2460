// Package envelope builds and reads the application messages of both
// languages, in both directions: what a client sends and what a device
// answers. It knows how calls are put together and taken apart, not what any
// method means. It does no I/O and reads no clock; times and ids are arguments.
//
// IOT: module, method, arguments, with the outlets of a strip in
// context.child_ids (docs/protocol/iot.md section 1). SMART: method and
// params, several in one multipleRequest, a child's inside control_child
// (docs/protocol/smart.md section 1).
//
// Objects keep the order in which they arrived, since devices carry methods
// out in that order. Errors wrap [wattle.ErrProtocol] for bytes that came from
// elsewhere and [wattle.ErrParam] for calls that cannot be sent.
package envelope
