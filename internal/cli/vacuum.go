package cli

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"wattle/device"
	"wattle/feature"
)

// vacuumFlags are the flags of "wattle vacuum".
type vacuumFlags struct {
	png    string
	number int
}

// vacuumVerb is something that can be done with a vacuum.
type vacuumVerb struct {
	name, args, help string
	most             int // arguments
	flag             string
	do               func(*vacuumRun, context.Context) error
	words            func() []string // to complete the first argument with
}

// vacuumRun is one call of a verb. What is to be printed is left in it, so that
// nothing is printed before the connection is closed.
type vacuumRun struct {
	app   *app
	v     *device.Vacuum
	flags *vacuumFlags
	args  []string

	said  string       // to a person
	print func() error // the result
}

// vacuumVerbs are the verbs, in the order of the help.
func vacuumVerbs() []vacuumVerb {
	setting := func(name, id, args, help string, words func() []string) vacuumVerb {
		return vacuumVerb{name: name, args: args, help: help, most: 1, words: words, do: func(r *vacuumRun, ctx context.Context) error {
			return r.setting(ctx, id)
		}}
	}
	onOff := func() []string { return []string{"on", "off"} }
	return []vacuumVerb{
		{name: "status", help: "what it does, and how it is set; without a verb as well", do: (*vacuumRun).status},
		{name: "start", help: "clean the whole home, or go on after a pause", do: act("it cleans", (*device.Vacuum).Start)},
		{name: "pause", help: "stop where it is", do: act("it stops where it is", (*device.Vacuum).Pause)},
		{name: "resume", help: "go on after a pause", do: act("it goes on", (*device.Vacuum).Resume)},
		{name: "dock", help: "go home and charge", do: act("it goes to its dock", (*device.Vacuum).ReturnHome)},
		{name: "clean", args: "ROOM...", help: "clean rooms or zones of the map, by name or id", most: 64, do: (*vacuumRun).clean},
		{name: "spot", help: "clean around the place where it is", do: act("it cleans around its place", (*device.Vacuum).CleanSpot)},
		{name: "locate", help: "let it speak, to be found", do: act("it speaks", (*device.Vacuum).Locate)},
		{name: "rooms", help: "list rooms and zones of the map", do: (*vacuumRun).rooms},
		{name: "map", args: "[ID]", help: "draw the map, or write it to a file with --png", most: 1, flag: "png", do: (*vacuumRun).drawMap},
		{name: "maps", help: "list the maps", do: (*vacuumRun).maps},
		{name: "records", help: "what it has cleaned", flag: "number", do: (*vacuumRun).records},
		{name: "consumables", args: "[reset PART...]", help: "parts that wear out; reset after a part was replaced or cleaned", most: 8, do: (*vacuumRun).consumables, words: func() []string { return []string{"reset"} }},
		{name: "dnd", args: "[on|off|FROM-TO]", help: "hours in which it neither speaks nor empties its dust bin", most: 1, do: (*vacuumRun).quiet, words: onOff},
		setting("suction", "vacuum_fan_speed", "[LEVEL]", "quiet, standard, turbo, max or ultra", func() []string { return []string{"quiet", "standard", "turbo", "max", "ultra"} }),
		setting("passes", "clean_count", "[NUMBER]", "how often it cleans each place, 1 to 3", nil),
		setting("carpet", "carpet_boost", "[on|off]", "more suction on carpets", onOff),
		setting("mop", "mop_waterlevel", "[LEVEL]", "how wet it mops: disable, low, medium or high", func() []string { return []string{"disable", "low", "medium", "high"} }),
		{name: "dustbin", args: "[MODE|empty]", help: "how its dock empties it: smart, light, balanced, max or off; or empty it now", most: 1, do: (*vacuumRun).dustbin, words: func() []string { return []string{"empty", "smart", "light", "balanced", "max", "off"} }},
		setting("volume", "volume", "[PERCENT]", "how loud it speaks", nil),
		{name: "voice", help: "the language that it speaks", do: (*vacuumRun).voice},
	}
}

func newVacuum(a *app) *cobra.Command {
	var f vacuumFlags
	verbs := vacuumVerbs()
	var long strings.Builder
	for _, v := range verbs {
		fmt.Fprintf(&long, "  %-28s %s\n", strings.TrimSpace(v.name+" "+v.args), v.help)
	}
	cmd := &cobra.Command{
		Use:   "vacuum DEVICE [VERB [ARGUMENT...]]",
		Short: "Robot vacuums: clean rooms, see the map, records, parts, settings",
		Example: `wattle vacuum Robbie
wattle vacuum Robbie start
wattle vacuum Robbie clean kitchen hall
wattle vacuum Robbie dock
wattle vacuum Robbie map
wattle vacuum Robbie map --png floor.png
wattle vacuum Robbie suction max
wattle vacuum Robbie consumables reset filter
wattle vacuum Robbie dnd 22:00-7:30`,
		Long: "These verbs are there; those with an argument in brackets show what is set without it:\n\n" + long.String() + `
On a terminal the map is drawn in colours; elsewhere rooms are letters, walls are #, the robot
is @, its dock = and forbidden places x. --json has all of a map, with its pixels.`,
		GroupID:           groupSwitch,
		Args:              atLeast(1, "the name of a vacuum"),
		ValidArgsFunction: a.completeVacuum,
		RunE: func(cmd *cobra.Command, args []string) error {
			verb, err := pickVerb(cmd, verbs, args)
			if err != nil {
				return err
			}
			r := &vacuumRun{app: a, flags: &f, args: args[min(2, len(args)):]}
			ctx, cancel := a.limit(cmd.Context())
			defer cancel()
			_, t, err := one(ctx, a, args[0], func(ctx context.Context, d *opened) (struct{}, error) {
				v, err := d.dev.Vacuum()
				if err != nil {
					return struct{}{}, err
				}
				r.v = v
				return struct{}{}, verb.do(r, ctx)
			})
			if r.said != "" && err == nil {
				a.say("%s: %s", t.name(), r.said)
			}
			if r.print != nil { // a part may be known in spite of an error
				if also := r.print(); err == nil {
					err = also
				}
			}
			return err
		},
	}
	cmd.Flags().StringVar(&f.png, "png", "", "`file` to write the picture of the map to")
	cmd.Flags().IntVarP(&f.number, "number", "n", 10, "how many records")
	return cmd
}

// pickVerb finds the verb, and checks what goes with it.
func pickVerb(cmd *cobra.Command, verbs []vacuumVerb, args []string) (*vacuumVerb, error) {
	name := "status"
	if len(args) > 1 {
		name = strings.ToLower(args[1])
	}
	i := slices.IndexFunc(verbs, func(v vacuumVerb) bool { return v.name == name })
	if i < 0 {
		var names []string
		for _, v := range verbs {
			names = append(names, v.name)
		}
		return nil, usagef(meant(name, names), "%s: there is no verb %q; there are %s", cmd.CommandPath(), args[1], strings.Join(names, ", "))
	}
	v := &verbs[i]
	if len(args)-2 > v.most {
		return nil, usagef("names with blanks need quotes", "%s: %q is too much after %s", cmd.CommandPath(), args[2+v.most], v.name)
	}
	for _, flag := range []string{"png", "number"} {
		if cmd.Flags().Changed(flag) && flag != v.flag {
			return nil, usagef("", "--%s does not go with %s", flag, v.name)
		}
	}
	if n, _ := cmd.Flags().GetInt("number"); n < 1 {
		return nil, usagef("", "-n %d: want at least 1", n)
	}
	return v, nil
}

func (a *app) completeVacuum(cmd *cobra.Command, args []string, word string) ([]string, cobra.ShellCompDirective) {
	verbs := vacuumVerbs()
	switch len(args) {
	case 0:
		return a.completeDevices(cmd, args, word)
	case 1:
		var out []string
		for _, v := range verbs {
			out = append(out, v.name+"\t"+v.help)
		}
		return out, cobra.ShellCompDirectiveNoFileComp | cobra.ShellCompDirectiveKeepOrder
	}
	i := slices.IndexFunc(verbs, func(v vacuumVerb) bool { return v.name == args[1] })
	switch {
	case args[1] == "consumables":
		return device.PartNames(), cobra.ShellCompDirectiveNoFileComp
	case i >= 0 && verbs[i].words != nil && len(args) == 2:
		return verbs[i].words(), cobra.ShellCompDirectiveNoFileComp
	}
	return nil, cobra.ShellCompDirectiveNoFileComp
}

// act is a verb that does something and says so.
func act(said string, do func(*device.Vacuum, context.Context) error) func(*vacuumRun, context.Context) error {
	return func(r *vacuumRun, ctx context.Context) error {
		r.said = said
		return do(r.v, ctx)
	}
}

// setting shows a feature, or sets it first.
func (r *vacuumRun) setting(ctx context.Context, id string) error {
	d := r.v.Device()
	if len(r.args) == 1 {
		if _, err := d.Poll(ctx); err != nil { // it tells the choices
			return err
		}
		if err := d.Set(ctx, id, r.args[0]); err != nil {
			return err
		}
	}
	state, err := d.Poll(ctx)
	if err != nil {
		return err
	}
	reading, ok := state.Reading(id)
	if !ok {
		_, err := d.Get(id)
		return err
	}
	r.show(map[string]feature.Value{id: reading.Value}, valueText(reading))
	return nil
}

// show prints one line for a person.
func (r *vacuumRun) show(value any, text string) {
	t := &table{head: []string{"setting"}, bare: true}
	t.add(plain(text))
	r.print = func() error { return r.app.print(value, t) }
}

func (r *vacuumRun) dustbin(ctx context.Context) error {
	if len(r.args) == 1 && strings.EqualFold(r.args[0], "empty") {
		r.said = "its dust bin is emptied"
		return r.v.EmptyDustbin(ctx)
	}
	return r.setting(ctx, "dustbin_mode")
}

func (r *vacuumRun) voice(ctx context.Context) error {
	name, version, err := r.v.Voice(ctx)
	if err != nil {
		return err
	}
	r.show(map[string]any{"name": name, "version": version}, fmt.Sprintf("%s, version %d", name, version))
	return nil
}
