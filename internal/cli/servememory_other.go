//go:build !linux

package cli

// releaseProgram is for systems that map a program as Linux does.
func releaseProgram() error { return nil }
