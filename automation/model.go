package automation

import (
	"fmt"
	"time"

	"wattle"
)

// Group is a set of devices under one name. "@name" means it wherever devices are
// named, and "room:NAME" the devices that are in a room when it is used. The group "@all" is always there: everything that has a switch.
type Group struct {
	Name string `json:"name" yaml:"name"`
	// Devices are slugs, names of devices, "@group" for the devices of another group,
	// and "room:NAME" for those of a room.
	Devices []string `json:"devices" yaml:"devices"`
	Rev     uint64   `json:"rev,omitempty" yaml:"-"`
}

// Scene is how some devices are to be set together.
type Scene struct {
	Name  string      `json:"name" yaml:"name"`
	Parts []ScenePart `json:"devices" yaml:"devices"`
	Rev   uint64      `json:"rev,omitempty" yaml:"-"`
}

// ScenePart is what a scene sets on a device, or on each of a group that has it.
type ScenePart struct {
	Device string         `json:"device" yaml:"device"`
	Set    map[string]any `json:"set" yaml:"set"` // by feature id
}

// Mode says what happens when a rule is to run and still does.
type Mode string

// The modes.
const (
	Single  Mode = "single"  // nothing; the default
	Restart Mode = "restart" // it is broken off and begins anew
	Queued  Mode = "queued"  // it runs again afterwards, up to ten times
)

// Rule is something that a home does by itself: when one of On happens and If
// holds, Do is done in its order.
type Rule struct {
	Name     string    `json:"name" yaml:"name"`
	About    string    `json:"about,omitempty" yaml:"about,omitempty"` // for people
	Disabled bool      `json:"disabled,omitempty" yaml:"disabled,omitempty"`
	On       []Trigger `json:"on" yaml:"on"`
	// If is an expression, see docs/automation.md; "" always holds.
	If   string   `json:"if,omitempty" yaml:"if,omitempty"`
	Do   []Action `json:"do" yaml:"do"`
	Mode Mode     `json:"mode,omitempty" yaml:"mode,omitempty"`
	// PerMinute is how often the rule may begin within a minute, 1 to 600; 0 means
	// 12. What is more is left out, so that rules that trigger each other do no
	// harm.
	PerMinute int `json:"per_minute,omitempty" yaml:"per_minute,omitempty"`
	// CatchUp: the last time by clock, cron or sun that was missed while nothing
	// ran is made up for at the start, if it is not longer ago than this.
	CatchUp Duration `json:"catch_up,omitempty" yaml:"catch_up,omitempty"`
	Rev     uint64   `json:"rev,omitempty" yaml:"-"`
}

// Trigger is one thing that makes a rule run. It is of exactly one kind: At, Cron,
// Feature or Event.
type Trigger struct {
	// At is a time of the day: "18:30", "sunrise+15m", "sunset-1h"; Days are those
	// on which it counts: "mon-fri", "sat,sun"; "" for all. A time that the change
	// to summer time leaves out is moved by an hour; one that comes twice counts
	// once.
	At   string `json:"at,omitempty" yaml:"at,omitempty"`
	Days string `json:"days,omitempty" yaml:"days,omitempty"`
	// Cron is a line with five fields: minute, hour, day of the month, month, day
	// of the week; or @hourly, @every 90m and their like.
	Cron string `json:"cron,omitempty" yaml:"cron,omitempty"`

	// Devices are whose Feature or Event is meant: slugs, names, "@group" or "room:NAME".
	Devices []string `json:"devices,omitempty" yaml:"devices,omitempty"`
	// Feature is the id of a feature, or "online". The rule runs when its value
	// begins to be what Becomes, Above and Below say, and with none of them
	// whenever it changes.
	Feature string   `json:"feature,omitempty" yaml:"feature,omitempty"`
	Becomes any      `json:"becomes,omitempty" yaml:"becomes,omitempty"`
	Above   *float64 `json:"above,omitempty" yaml:"above,omitempty"`
	Below   *float64 `json:"below,omitempty" yaml:"below,omitempty"`
	// For is how long it has to stay so first. The time begins anew with each start
	// of the engine.
	For Duration `json:"for,omitempty" yaml:"for,omitempty"`
	// Event is the kind of an event: click, double_click, rotation, open, close,
	// motion, leak and others, or "*" for any.
	Event string `json:"event,omitempty" yaml:"event,omitempty"`
}

// Action is one step of a rule. It is of exactly one kind: Set, Toggle, Act (all
// for Devices), Scene or Delay.
type Action struct {
	// Devices are slugs, names, "@group" or "room:NAME".
	Devices []string       `json:"devices,omitempty" yaml:"devices,omitempty"`
	Set     map[string]any `json:"set,omitempty" yaml:"set,omitempty"` // by feature id
	// Toggle switches a device to the opposite; of several, all off if one is on.
	Toggle bool   `json:"toggle,omitempty" yaml:"toggle,omitempty"`
	Act    string `json:"action,omitempty" yaml:"action,omitempty"` // an action of the devices: reboot
	Scene  string `json:"scene,omitempty" yaml:"scene,omitempty"`
	// Delay waits, up to a day.
	Delay Duration `json:"delay,omitempty" yaml:"delay,omitempty"`
}

// Duration is a time span that is written as 90s, 5m or 1h30m.
type Duration time.Duration

// String writes it shortly: 5m, not 5m0s.
func (d Duration) String() string {
	text := time.Duration(d).String()
	if time.Duration(d)%time.Minute == 0 && d != 0 {
		text = text[:len(text)-2]
		if time.Duration(d)%time.Hour == 0 {
			text = text[:len(text)-2]
		}
	}
	return text
}

// MarshalText writes the form of [Duration.String].
func (d Duration) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// UnmarshalText reads what [time.ParseDuration] reads.
func (d *Duration) UnmarshalText(text []byte) error {
	parsed, err := time.ParseDuration(string(text))
	if err != nil {
		return fmt.Errorf("%w: %q is no time span: want such as 90s, 5m or 1h30m", wattle.ErrParam, clip(string(text)))
	}
	*d = Duration(parsed)
	return nil
}

// FieldError is what is wrong with an item that is to be stored. It is of the
// class [wattle.ErrParam].
type FieldError struct {
	Path string // of the field: "do[1].devices[0]"; "" for the whole
	Err  error
}

// Error begins with the path.
func (e *FieldError) Error() string {
	if e.Path == "" {
		return e.Err.Error()
	}
	return e.Path + ": " + e.Err.Error()
}

func (e *FieldError) Unwrap() error { return e.Err }

func wrong(path, format string, args ...any) error {
	return &FieldError{path, bad(format, args...)}
}

func bad(format string, args ...any) error {
	return fmt.Errorf("%w: %w", wattle.ErrParam, fmt.Errorf(format, args...))
}

// clip keeps foreign text in messages short.
func clip(text string) string {
	if r := []rune(text); len(r) > 60 {
		return string(r[:60]) + "…"
	}
	return text
}
