// Package reference makes the manual of what devices can tell and do:
// docs/features.md and docs/devices.md. Everything in it is derived, so that it
// cannot differ from the program: features from the rows of the catalog, what
// they depend on by trying them on the answers of devices, methods and the
// units of their parameters from the declarations in method/iot and
// method/smart, and devices from those that are embedded.
package reference

//go:generate go run ./genreference ../..
