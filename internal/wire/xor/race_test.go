//go:build race

package xor_test

// raceDetector tells that the race detector watches, and allocates by itself.
const raceDetector = true
