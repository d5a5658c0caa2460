// Package structure has no code, only tests of how the others are built: which
// package imports which, what codecs may not touch, how long files are, that
// documents cite what exists and that nothing foreign is in the tree. The rules
// are those of ARCHITECTURE.md.
package structure
