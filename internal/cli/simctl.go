package cli

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"wattle"
	"wattle/simulator"
	"wattle/simulator/cloudsim"
)

func newSimCtl(a *app) *cobra.Command {
	var control string
	cmd := &cobra.Command{
		Use:   "ctl list | DEVICE fault NAME[=ARG] | DEVICE clear [NAME] | DEVICE set KEY=VALUE | DEVICE ACTION [ARG]",
		Short: "Change simulated devices while they run",
		Example: `wattle sim ctl list
wattle sim ctl "Desk lamp" fault slow=2s
wattle sim ctl "Desk lamp" fault ip-change
wattle sim ctl "Desk lamp" clear
wattle sim ctl Heater set power_w=1200
wattle sim ctl Heater set firmware="1.5.0 Build 260101"
wattle sim ctl "Bed button" press double
wattle sim ctl "Bed button" rotate=-30
wattle sim ctl "Back door" open
wattle sim ctl Robbie set battery=18
wattle sim ctl cloud fault mfa=mail
wattle sim ctl cloud code
wattle sim ctl "Desk lamp" fault cloud-offline`,
		Long: "DEVICE is an alias, a capture, an id, a MAC or an address. These faults can be switched:\n\n" + faultHelp() + `
"reboot" and "ip-change" happen once. "set" changes what happens around a device, such as
what is plugged into it, the temperature at a sensor, the battery of a vacuum, or the firmware
that its maker offers.
A child of a hub or a strip is named by itself or as HUB/CHILD.

These things happen at a device, show in what it tells, and are noted in its log:

  press [double]  a button, or that of a plug or lamp
  rotate=DEGREES  a dial; above 0 is clockwise
  open, close     a door or window
  wet, dry        a leak sensor
  move            before a motion sensor
  stuck[=ERROR]   a vacuum, such as stuck=SideBrushStuck; free ends it

"logins" prints who has logged in to a device, as hashes.

The cloud of "wattle sim --cloud" is called "cloud". Faults of it that are of one device can be
switched on that device. "set clock=30h" moves its clock on, "set tokens=expired" ends all tokens,
"set refresh-tokens=expired" those that renew them. "journal" prints what it was asked, with
secrets hashed, "mail" the codes that it sent, "code" the last of them:

` + cloudFaultHelp(),
		Args: cobra.ArbitraryArgs,
		ValidArgsFunction: func(cmd *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
			return a.completeSimCtl(cmd.Context(), control, args), cobra.ShellCompDirectiveNoFileComp
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			ctx, cancel := a.limit(cmd.Context())
			defer cancel()
			return a.simCtl(ctx, cmd, control, args)
		},
	}
	cmd.Flags().StringVar(&control, "control", "", "`socket` of the simulator (default: every one that runs)")
	return cmd
}

func faultHelp() string { return helpOf(simulator.FaultNames(), simulator.FaultHelp) }

func cloudFaultHelp() string {
	return strings.TrimSuffix(helpOf(cloudsim.FaultNames(), cloudsim.FaultHelp), "\n")
}

func helpOf(names []string, help func(string) string) string {
	var b strings.Builder
	width := 0
	for _, name := range names {
		width = max(width, len(name))
	}
	for _, name := range names {
		fmt.Fprintf(&b, "  %-*s  %s\n", width, name, help(name))
	}
	return b.String()
}

// simReads are what can be read of the cloud, and of a device.
var simReads = []string{"journal", "mail", "code", "logins"}

// simRead prints what the cloud tells.
func (a *app) simRead(ctx context.Context, controls []*simulator.Control, name, what string) error {
	var told json.RawMessage
	err := wattle.ErrNotFound
	for _, c := range controls {
		if told, err = c.Read(ctx, name, what); !errors.Is(err, wattle.ErrNotFound) {
			break
		}
	}
	if err != nil {
		return &fault{err: err}
	}
	var text string
	if json.Unmarshal(told, &text) == nil && !a.jsonWanted() {
		_, err = fmt.Fprintln(a.out, text)
		return err
	}
	var pretty bytes.Buffer
	if err := json.Indent(&pretty, told, "", "  "); err != nil {
		return err
	}
	_, err = fmt.Fprintln(a.out, pretty.String())
	return err
}

func (a *app) simCtl(ctx context.Context, cmd *cobra.Command, control string, args []string) error {
	controls, err := a.controls(control)
	if err != nil {
		return err
	}
	if len(args) == 1 && args[0] == "list" {
		return a.simList(ctx, controls)
	}
	if len(args) < 2 {
		return usagef("for example: "+firstExample(cmd), "%s: want list, or a device and what to do", cmd.CommandPath())
	}
	device, verb, rest := args[0], args[1], args[2:]
	if slices.Contains(simReads, verb) && len(rest) == 0 {
		return a.simRead(ctx, controls, device, verb)
	}
	action, argument, _ := strings.Cut(verb, "=") // rotate=-30: "-30" alone would be a flag
	var do func(*simulator.Control) error
	var done string
	switch {
	case verb == "fault" && len(rest) == 1:
		do, done = func(c *simulator.Control) error { return c.SetFault(ctx, device, rest[0]) }, rest[0]+" is on"
	case verb == "clear" && len(rest) == 0:
		do, done = func(c *simulator.Control) error { return c.ClearFault(ctx, device, "") }, "no faults"
	case verb == "clear" && len(rest) == 1:
		do, done = func(c *simulator.Control) error { return c.ClearFault(ctx, device, rest[0]) }, rest[0]+" is off"
	case verb == "set" && len(rest) == 2:
		do, done = func(c *simulator.Control) error { return c.Poke(ctx, device, rest[0], rest[1]) }, rest[0]+" is "+rest[1]
	case verb == "set" && len(rest) == 1 && strings.Contains(rest[0], "="):
		key, value, _ := strings.Cut(rest[0], "=")
		do, done = func(c *simulator.Control) error { return c.Poke(ctx, device, key, value) }, key+" is "+value
	case slices.Contains(simulator.Actions(), action) && len(rest) <= 1:
		argument = cmp.Or(argument, strings.Join(rest, ""))
		do, done = func(c *simulator.Control) error { return c.Fire(ctx, device, action, argument) }, strings.TrimSpace(action+" "+argument)
	case !slices.Contains(simVerbs(), verb):
		return usagef(meant(verb, simVerbs()), "%q is not %s", verb, list(simVerbs()))
	default:
		return usagef("for example: "+firstExample(cmd), "%s: wrong number of arguments for %s", cmd.CommandPath(), verb)
	}
	// Each simulator is asked until one knows the device.
	err = wattle.ErrNotFound
	for _, c := range controls {
		if err = do(c); !errors.Is(err, wattle.ErrNotFound) {
			break
		}
	}
	if err != nil {
		hint := ""
		if errors.Is(err, wattle.ErrNotFound) {
			hint = `"wattle sim ctl list" shows the devices`
		}
		return &fault{err: err, hint: hint}
	}
	a.say("%s: %s", device, done)
	return nil
}

func (a *app) simList(ctx context.Context, controls []*simulator.Control) error {
	all := []simulator.Status{}
	for _, c := range controls {
		list, err := c.List(ctx)
		if errors.Is(err, wattle.ErrNotFound) {
			continue // the socket of one that died
		}
		if err != nil {
			return err
		}
		all = append(all, list...)
	}
	t := &table{head: []string{"alias", "name", "model", "transport", "address", "port", "faults"}}
	for _, s := range all {
		port := itoa(s.Port)
		if s.URL != "" {
			s.Address, port = s.URL, ""
		}
		t.add(plain(s.Alias), plain(s.Name), plain(s.Model), plain(routeOf(s.Ready).Name()), plain(s.Address),
			plain(port), cell{strings.Join(s.Faults, " "), style.yellow})
	}
	return a.printRows(all, t, `no simulator runs here: "wattle sim" starts one`)
}

// simVerbs are what can be done to a simulated device.
func simVerbs() []string {
	return slices.Concat([]string{"fault", "clear", "set"}, simulator.Actions(), simReads)
}

// runtimeFolder is where control sockets are.
func (a *app) runtimeFolder() (string, error) {
	if dir := a.getenv("XDG_RUNTIME_DIR"); filepath.IsAbs(dir) && a.getenv("WATTLE_STATE_DIR") == "" {
		return filepath.Join(dir, "wattle"), nil
	}
	root, err := a.stateRoot()
	return filepath.Join(root, "run"), err
}

// controlPath is the socket of a simulator that starts.
func (a *app) controlPath(given string) (string, error) {
	if given != "" {
		return given, nil
	}
	dir, err := a.runtimeFolder()
	if err == nil {
		err = ensureFolder(dir)
	}
	return filepath.Join(dir, fmt.Sprintf("sim-%d.sock", os.Getpid())), err
}

// controls are the simulators that run, or the one that is named.
func (a *app) controls(given string) ([]*simulator.Control, error) {
	if given != "" {
		return []*simulator.Control{{Path: given}}, nil
	}
	dir, err := a.runtimeFolder()
	if err != nil {
		return nil, err
	}
	paths, err := filepath.Glob(filepath.Join(dir, "sim-*.sock"))
	if err != nil {
		return nil, err
	}
	var out []*simulator.Control
	for _, path := range paths {
		out = append(out, &simulator.Control{Path: path})
	}
	if len(out) == 0 {
		return nil, &fault{err: errors.New("no simulator runs here"), code: CodeNotFound, hint: `start one with "wattle sim" or "wattle demo"`}
	}
	return out, nil
}

func (a *app) completeSimCtl(ctx context.Context, control string, args []string) []string {
	switch len(args) {
	case 0:
		controls, err := a.controls(control)
		if err != nil {
			return nil
		}
		out := []string{"list"}
		for _, c := range controls {
			list, _ := c.List(ctx)
			for _, s := range list {
				out = append(out, cmp.Or(s.Alias, s.Name)+"\t"+s.Model)
			}
		}
		return out
	case 1:
		return simVerbs()
	case 2:
		if args[1] == "fault" || args[1] == "clear" {
			return faultCompletions()
		}
	}
	return nil
}
