package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"wattle/device"
	"wattle/internal/atomicfile"
	"wattle/internal/rulefile"
	"wattle/rule"
)

func newScheduleExport(a *app) *cobra.Command {
	var out string
	cmd := &cobra.Command{
		Use:               "export DEVICE",
		Short:             "Write the schedules of a device as YAML",
		Example:           "wattle schedule export \"Desk lamp\" > lamp.yaml\nwattle schedule export \"Desk lamp\" --out lamp.yaml",
		Long:              `"import" reads the file back, for the same device or for another of either family.`,
		Args:              exactly(1, "a device"),
		ValidArgsFunction: a.completeDeviceThen(nil),
		RunE: func(cmd *cobra.Command, args []string) error {
			ctx, cancel := a.limit(cmd.Context())
			defer cancel()
			list, t, err := one(ctx, a, args[0], readSchedules)
			if err != nil {
				return err
			}
			if a.jsonWanted() && out == "" {
				return writeJSON(a.out, viewSchedules(list))
			}
			text := rulefile.Write("schedules of "+t.name(), list)
			if out == "" {
				_, err = a.out.Write(text)
				return err
			}
			if err := atomicfile.Write(out, text, 0o644, false); err != nil {
				return err
			}
			a.say("%s: %d schedules in %s", t.name(), len(list), out)
			return nil
		},
	}
	cmd.Flags().StringVar(&out, "out", "", "write this `file` instead of stdout")
	return cmd
}

func readSchedules(ctx context.Context, d *opened) ([]rule.Schedule, error) {
	s, err := d.dev.Schedules(ctx)
	if err != nil {
		return nil, err
	}
	return s.List, nil
}

// maxInput bounds what is read of a file; rulefile refuses as much.
const maxInput = 2 << 20

// readRules reads a file of schedules; "-" is stdin.
func (a *app) readRules(name string) ([]rule.Schedule, error) {
	in, shown := a.in, "stdin"
	if name != "-" {
		f, err := os.Open(name)
		if err != nil {
			return nil, &fault{err: err, code: CodeNotFound}
		}
		defer func() { _ = f.Close() }() // it was only read
		in, shown = f, name
	}
	text, err := io.ReadAll(io.LimitReader(in, maxInput))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", shown, err)
	}
	list, err := rulefile.Read(shown, text)
	if err != nil {
		return nil, &fault{err: err, code: CodeUsage, told: true}
	}
	return list, nil
}

// transfer are the flags of import and copy.
type transfer struct{ replace, dryRun bool }

func (f *transfer) register(cmd *cobra.Command) {
	cmd.Flags().BoolVar(&f.replace, "replace", false, "delete schedules of the device that are not in the list")
	cmd.Flags().BoolVar(&f.dryRun, "dry-run", false, "show what would change and change nothing")
}

const transferHelp = `Rules that the device has already are left alone; one at the same time that does something
else is changed. Others of its own stay, unless --replace is given. What the device cannot
carry out is told on stderr, and a rule that it cannot have at all is left out (exit code 7).`

// put gives a device a list of schedules and says what it did.
func (a *app) put(ctx context.Context, refs []string, list []rule.Schedule, f transfer) error {
	targets, err := a.resolve(ctx, refs)
	if err != nil {
		return err
	}
	plans, errs := visit(ctx, a, targets, func(ctx context.Context, d *opened) (*device.Plan, error) {
		p, err := d.dev.PlanSchedules(ctx, list, f.replace)
		if err != nil || f.dryRun {
			return p, err
		}
		return p, d.dev.ApplySchedules(ctx, p)
	})
	rows := []planView{}
	for i, p := range plans {
		if p == nil {
			continue
		}
		rows = append(rows, viewPlan(targets[i].name(), p))
		for _, l := range p.Losses {
			// Also with --quiet: nothing is dropped in silence.
			fmt.Fprintln(a.err, oneLine(fmt.Sprintf("%s: lost: %s", targets[i].name(), l)))
		}
		if errs[i] == nil && len(p.Skipped) > 0 {
			errs[i] = &fault{
				subject: targets[i].name(), code: CodePartial,
				err: fmt.Errorf("%d of %d rules cannot be carried over", len(p.Skipped), len(list)),
			}
		}
	}
	if err := a.printPlans(rows); err != nil {
		return err
	}
	return join(errs)
}

// planView is what changes on a device.
type planView struct {
	Device  string         `json:"device"`
	Added   []scheduleView `json:"added"`
	Removed []scheduleView `json:"removed"`
	Changed []changeView   `json:"changed"`
	Skipped []scheduleView `json:"skipped,omitempty"`
	Losses  []rule.Loss    `json:"losses,omitempty"`
}

type changeView struct {
	From scheduleView `json:"from"`
	To   scheduleView `json:"to"`
}

func viewPlan(name string, p *device.Plan) planView {
	v := planView{
		Device: name, Added: viewSchedules(p.Added), Removed: viewSchedules(p.Removed), Changed: []changeView{},
		Skipped: viewSchedules(p.Skipped), Losses: p.Losses,
	}
	for _, c := range p.Changed {
		v.Changed = append(v.Changed, changeView{viewSchedule(0, &c.Old), viewSchedule(0, &c.New)})
	}
	return v
}

func (a *app) printPlans(rows []planView) error {
	t := &table{head: []string{"change", "schedule"}, bare: true}
	if len(rows) > 1 {
		t.head = append([]string{"device"}, t.head...)
	}
	for _, row := range rows {
		add := func(sign string, paint func(style, string) string, text string) {
			cells := []cell{{sign, paint}, {text, paint}}
			if len(rows) > 1 {
				cells = append([]cell{plain(row.Device)}, cells...)
			}
			t.add(cells...)
		}
		for _, s := range row.Removed {
			add("-", style.red, s.Text)
		}
		for _, c := range row.Changed {
			add("-", style.red, c.From.Text)
			add("+", style.green, c.To.Text)
		}
		for _, s := range row.Added {
			add("+", style.green, s.Text)
		}
	}
	return a.print(rows, t)
}

func newScheduleImport(a *app) *cobra.Command {
	var f transfer
	cmd := &cobra.Command{
		Use:               "import DEVICE FILE",
		Short:             "Give a device the schedules of a YAML file",
		Example:           "wattle schedule import \"Desk lamp\" lamp.yaml --dry-run\nwattle schedule import \"Desk lamp\" - --replace < lamp.yaml",
		Long:              transferHelp,
		Args:              exactly(2, "a device and a file"),
		ValidArgsFunction: a.completeDeviceThenFile,
		RunE: func(cmd *cobra.Command, args []string) error {
			list, err := a.readRules(args[1])
			if err != nil {
				return err
			}
			ctx, cancel := a.limit(cmd.Context())
			defer cancel()
			return a.put(ctx, args[:1], list, f)
		},
	}
	f.register(cmd)
	return cmd
}

func newScheduleCopy(a *app) *cobra.Command {
	var f transfer
	cmd := &cobra.Command{
		Use:               "copy FROM TO...",
		Short:             "Copy the schedules of a device to others",
		Example:           "wattle schedule copy \"Desk lamp\" \"Floor lamp\"\nwattle schedule copy Strip/TV Strip/Console --replace --dry-run",
		Long:              transferHelp,
		Args:              atLeast(2, "two devices"),
		ValidArgsFunction: a.completeDevices,
		RunE: func(cmd *cobra.Command, args []string) error {
			ctx, cancel := a.limit(cmd.Context())
			defer cancel()
			list, _, err := one(ctx, a, args[0], readSchedules)
			if err != nil {
				return err
			}
			return a.put(ctx, args[1:], list, f)
		},
	}
	f.register(cmd)
	return cmd
}

func newScheduleDiff(a *app) *cobra.Command {
	return &cobra.Command{
		Use:     "diff DEVICE OTHER|FILE",
		Short:   "Compare the schedules of two devices, or of a device and a file",
		Example: "wattle schedule diff \"Desk lamp\" lamp.yaml\nwattle schedule diff \"Desk lamp\" \"Floor lamp\"",
		Long: `What leads from the first to the second is shown: + is in the second only, - in the first.
Ids do not count. The exit code is 0 where both do the same, else 1. A name that ends in
.yaml or .yml, has a path or is "-" is a file.`,
		Args:              exactly(2, "a device, and another or a file"),
		ValidArgsFunction: a.completeDeviceThenFile,
		RunE: func(cmd *cobra.Command, args []string) error {
			ctx, cancel := a.limit(cmd.Context())
			defer cancel()
			var lists [2][]rule.Schedule
			for i, arg := range args {
				var err error
				if i == 1 && isFile(arg) {
					lists[i], err = a.readRules(arg)
				} else {
					lists[i], _, err = one(ctx, a, arg, readSchedules)
				}
				if err != nil {
					return err
				}
			}
			p := &device.Plan{Difference: rule.Diff(lists[0], lists[1])}
			if p.Empty() {
				a.say("no difference")
				return nil
			}
			if err := a.printPlans([]planView{viewPlan(args[0], p)}); err != nil {
				return err
			}
			return &fault{err: errors.New("the schedules differ"), code: CodeGeneral}
		},
	}
}

// isFile tells a file from a device by its name.
func isFile(name string) bool {
	if name == "-" || strings.HasSuffix(name, ".yaml") || strings.HasSuffix(name, ".yml") {
		return true
	}
	return strings.HasPrefix(name, "./") || strings.HasPrefix(name, "../") || strings.HasPrefix(name, "/")
}

// completeDeviceThenFile offers a device, and then YAML files.
func (a *app) completeDeviceThenFile(cmd *cobra.Command, args []string, word string) ([]string, cobra.ShellCompDirective) {
	if len(args) == 0 {
		return a.completeDeviceThen(nil)(cmd, args, word)
	}
	return []string{"yaml", "yml"}, cobra.ShellCompDirectiveFilterFileExt
}
