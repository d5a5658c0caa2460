// Package deploy has no code: it is the files with which the hub is installed,
// beside the tests that hold them against the program. See README.md.
package deploy
