package smart

import (
	"maps"
	"slices"
	"strconv"
	"strings"
)

// CleanMode is what a vacuum cleans (section 13).
type CleanMode int

// The modes.
const (
	CleanHome         CleanMode = 0
	CleanHomeAdvanced CleanMode = 1
	CleanSpot         CleanMode = 2
	CleanRooms        CleanMode = 3
	CleanZones        CleanMode = 4
	CleanCustom       CleanMode = 5
)

// String is a word for the mode.
func (m CleanMode) String() string {
	words := []string{"home", "advanced home", "spot", "rooms", "zones", "custom"}
	if m >= 0 && int(m) < len(words) {
		return words[m]
	}
	return "mode " + strconv.Itoa(int(m))
}

// Numbers of getVacStatus.
const (
	VacuumIdle     = 0
	VacuumCleaning = 1
	VacuumMapping  = 2
	VacuumReturns  = 4
	VacuumCharging = 5
	VacuumCharged  = 6
	VacuumPaused   = 7
	VacuumUndocked = 8
)

var vacuumStatus = map[int]string{
	VacuumIdle: "Idle", VacuumCleaning: "Cleaning", VacuumMapping: "Mapping", VacuumReturns: "GoingHome",
	VacuumCharging: "Charging", VacuumCharged: "Charged", VacuumPaused: "Paused", VacuumUndocked: "Undocked", 100: "Error",
}

// VacuumStatus is the word for a status of getVacStatus; false for a number
// that is not known.
func VacuumStatus(status int) (word string, ok bool) {
	word, ok = vacuumStatus[status]
	return word, ok
}

// problem is an error of a vacuum: its name, and what to do about it.
type problem struct{ name, text string }

var vacuumProblems = map[int]problem{
	0:  {"Ok", "nothing is wrong"},
	2:  {"SideBrushStuck", "the side brush is stuck: take out what is wound around it"},
	3:  {"MainBrushStuck", "the main brush is stuck: take it out and clean it"},
	4:  {"WheelBlocked", "a wheel is blocked: turn it over and free the wheels"},
	6:  {"Trapped", "it is trapped: lift it to a free place"},
	7:  {"TrappedCliff", "it stands at an edge, or its cliff sensors are dirty: move it away from the edge, wipe the sensors"},
	14: {"DustBinRemoved", "the dust bin is missing: put it in"},
	15: {"UnableToMove", "it cannot move: put it on level ground"},
	16: {"LidarBlocked", "the laser on its top is covered: uncover it"},
	21: {"UnableToFindDock", "it does not find its dock: is the dock in its place, and has it power? Or carry it there"},
	22: {"BatteryLow", "the battery is low: put it on its dock"},
}

// VacuumError is the name of an error of getVacStatus, and a sentence on what
// is wrong and what to do; false for a code that is not known.
func VacuumError(code int) (name, text string, ok bool) {
	p, ok := vacuumProblems[code]
	if !ok {
		return "", "error " + strconv.Itoa(code) + ", which is not known here: the app may know it", false
	}
	return p.name, p.text, true
}

// VacuumErrorCode is the code of an error of that name, in any case.
func VacuumErrorCode(name string) (code int, ok bool) {
	for code, p := range vacuumProblems {
		if strings.EqualFold(p.name, name) {
			return code, true
		}
	}
	return 0, false
}

// VacuumErrors are the names of the errors that are known, by their codes.
func VacuumErrors() []string {
	names := []string{}
	for _, code := range slices.Sorted(maps.Keys(vacuumProblems)) {
		if code != 0 {
			names = append(names, vacuumProblems[code].name)
		}
	}
	return names
}

// Suctions are the strengths of getCleanAttr; the first is 1 on the wire.
func Suctions() []string { return []string{"Quiet", "Standard", "Turbo", "Max", "Ultra"} }

// WaterLevels are the levels of the mop; the first is 0 on the wire.
func WaterLevels() []string { return []string{"Disable", "Low", "Medium", "High"} }

// DustModes are how the dock empties the dust bin; the first is 0 on the wire.
func DustModes() []string { return []string{"Smart", "Light", "Balanced", "Max"} }
