//go:build !race

package xor_test

const raceDetector = false
