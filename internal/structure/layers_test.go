package structure

import (
	"slices"
	"strings"
	"testing"
)

// layers are the rooms from the bottom up, as in ARCHITECTURE.md. A package
// imports only from its own row and the rows above it here. "x/..." is x and
// all below it; the first row that fits counts, exact names before others.
var layers = [][]string{
	{""},
	{"internal/wire/..."},
	{"internal/memnet", "internal/recorded", "internal/secrettest"},
	{"method"},
	{"method/..."},
	{"energy", "rule"},
	{"feature"},
	{"climate", "effect", "event", "floor", "history"},
	{"catalog"},
	{"transport"},
	{"session"},
	{"discover", "cloud"},
	{"connect"},
	{"capture"},
	{"device"},
	{"hub"},
	{"automation", "recorder"},
	{"simulator/endpoint"},
	{"simulator/..."},
	{"internal/atomicfile"},
	{"internal/known", "internal/keystore", "internal/rulefile", "history/store"},
	{"hub/hubtest"},
	{"internal/hubapi"},
	{"internal/hubclient", "internal/surface/..."},
	{"internal/reference/..."},
	{"internal/cli/..."},
	{"cmd/..."},
	{"deploy"},
	{"internal/structure"},
}

// clientHalf and deviceHalf never import each other.
var (
	clientHalf = []string{"transport", "session", "discover", "cloud", "connect", "device", "hub", "automation", "recorder"}
	deviceHalf = []string{"simulator"}
)

func layer(name string) int {
	for i, row := range layers {
		if slices.Contains(row, name) {
			return i
		}
	}
	for i, row := range layers {
		for _, entry := range row {
			if dir, tree := strings.CutSuffix(entry, "/..."); tree && within(name, dir) {
				return i
			}
		}
	}
	return -1
}

func within(name, dir string) bool { return name == dir || strings.HasPrefix(name, dir+"/") }

func TestImportsGoDownwards(t *testing.T) {
	edges := 0
	for _, p := range packages(t) {
		mine := layer(p.room())
		if mine < 0 {
			t.Errorf("%s is in no layer: give it a place in layers_test.go and ARCHITECTURE.md", p.ImportPath)
			continue
		}
		for _, path := range p.Imports {
			if !ours(path) {
				continue
			}
			edges++
			if layer(short(path)) > mine {
				t.Errorf("%s imports %s, which is above it", p.ImportPath, path)
			}
		}
	}
	t.Logf("%d imports between packages", edges)
}

func TestHalvesDoNotMeet(t *testing.T) {
	inside := func(name string, half []string) bool {
		return slices.ContainsFunc(half, func(dir string) bool { return within(name, dir) })
	}
	for _, p := range packages(t) {
		if p.room() == "hub/hubtest" { // runs a home and a hub over it
			continue
		}
		for _, halves := range [][2][]string{{clientHalf, deviceHalf}, {deviceHalf, clientHalf}} {
			if !inside(p.room(), halves[0]) {
				continue
			}
			for _, path := range p.Deps {
				if ours(path) && inside(short(path), halves[1]) {
					t.Errorf("%s depends on %s of the other half", p.ImportPath, path)
				}
			}
		}
	}
}

// TestDatabaseStaysInItsRoom: only the command line opens a history, and only
// history/store knows SQL and its drivers. All others know package history.
func TestDatabaseStaysInItsRoom(t *testing.T) {
	drivers := []string{"database/sql", "modernc.org/sqlite", "github.com/jackc/pgx/v5", "github.com/pressly/goose/v3"}
	for _, p := range packages(t) {
		if within(p.room(), "history/store") {
			continue
		}
		for _, path := range p.Imports {
			if short(path) == "history/store" && ours(path) && !within(p.room(), "internal/cli") {
				t.Errorf("%s imports %s; only internal/cli opens a history", p.ImportPath, path)
			}
			if slices.ContainsFunc(drivers, func(driver string) bool { return within(path, driver) }) {
				t.Errorf("%s imports %s; SQL is for history/store", p.ImportPath, path)
			}
		}
	}
}

// TestHistoryIsLight: whoever knows what a history means needs no more of ours
// than the words, features and energy.
func TestHistoryIsLight(t *testing.T) {
	allowed := []string{"", "energy", "feature"}
	for _, p := range packages(t) {
		if p.room() != "history" {
			continue
		}
		for _, path := range p.Imports {
			if ours(path) && !slices.Contains(allowed, short(path)) {
				t.Errorf("%s imports %s", p.ImportPath, path)
			}
		}
	}
}

// TestTestCodeStaysInTests keeps test libraries out of what users get: the
// packages that tests alone may import are those that end in "test" or
// "conformance", and internal/recorded.
func TestTestCodeStaysInTests(t *testing.T) {
	forTests := func(path string) bool {
		return ours(path) && (strings.HasSuffix(path, "test") || strings.HasSuffix(path, "conformance") || short(path) == "internal/recorded")
	}
	for _, p := range packages(t) {
		if forTests(p.ImportPath) {
			continue
		}
		for _, path := range p.Imports {
			if path == "testing" || strings.HasPrefix(path, "testing/") || path == "github.com/google/go-cmp/cmp" || path == "pgregory.net/rapid" || forTests(path) {
				t.Errorf("%s imports %s outside its tests", p.ImportPath, path)
			}
		}
	}
}
