// Package effect is moving light: the effects that are built into light
// strips, and those that a person makes from colours.
//
// Strips do not list their effects and want the whole object when one is
// started, so the built-in ones with all parameters are part of this package
// ([BuiltIn]): a copy of docs/protocol/effects.json. [Build] makes an effect of
// colours, [Parse] reads one from what a person typed, and [Effect.Validate]
// checks every key and range before anything is sent (docs/protocol/iot.md
// section 8, smart.md sections 8.5 and 8.6).
//
// Bulbs have effects of another sort, which they list themselves; see
// device.Light.
package effect
