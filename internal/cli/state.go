package cli

import (
	"context"
	"errors"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"wattle/feature"
)

func newState(a *app) *cobra.Command {
	var all, meta, secrets bool
	cmd := &cobra.Command{
		Use:   "state [DEVICE...]",
		Short: "Read everything that devices tell",
		Example: `wattle state "Desk lamp"
wattle state --all strip
wattle state --json | jq '.[] | {alias, features}'`,
		Long: `Without a name all known devices are read. What is not known is "-", and null in
JSON; it is never shown as 0 or off. Set-up codes, which let others take the device into a home of
theirs, are "[secret]" unless --secrets is given.`,
		GroupID:           groupRead,
		ValidArgsFunction: a.completeDevices,
		RunE: func(cmd *cobra.Command, args []string) error {
			ctx, cancel := a.limit(cmd.Context())
			defer cancel()
			if len(args) == 0 {
				args = []string{everything}
			}
			targets, err := a.resolve(ctx, args)
			if err != nil {
				return err
			}
			shapes, errs := visit(ctx, a, targets, func(ctx context.Context, d *opened) (shape, error) {
				return d.poll(ctx, meta)
			})
			read := succeeded(shapes, errs)
			for i := range read {
				if secrets {
					read[i].reveal()
				}
			}
			return errors.Join(a.printShapes(read, all), join(errs))
		},
	}
	cmd.Flags().BoolVarP(&all, "all", "a", false, "show what is there for looking for faults as well")
	cmd.Flags().BoolVar(&secrets, "secrets", false, "show the Matter and HomeKit codes in clear")
	cmd.Flags().BoolVar(&meta, "meta", false, "with --json: give units, ranges and choices with the values")
	return cmd
}

// printShapes prints devices with their features, one block for each.
func (a *app) printShapes(shapes []shape, all bool) error {
	if a.format() != formatTable {
		t := &table{head: []string{"device", "feature", "value", "unit"}}
		for i := range shapes {
			flat(t, &shapes[i], "")
		}
		return a.print(shapes, t)
	}
	var lines []string
	for i := range shapes {
		if i > 0 {
			lines = append(lines, "")
		}
		lines = append(lines, a.block(&shapes[i], "", all)...)
	}
	if len(lines) == 0 {
		return nil
	}
	_, err := io.WriteString(a.out, strings.Join(lines, "\n")+"\n")
	return err
}

// flat adds a row for each feature of a device and its children.
func flat(t *table, s *shape, parent string) {
	name := parent + s.name()
	for _, r := range s.readings {
		if r.Kind != feature.Action {
			text := r.Value.String()
			if !r.Value.Known() {
				text = ""
			}
			t.add(plain(name), plain(r.ID), plain(text), plain(string(r.Unit)))
		}
	}
	for i := range s.Children {
		flat(t, &s.Children[i], name+"/")
	}
}

// block is one device for a person: who it is, its features, its children.
func (a *app) block(s *shape, indent string, all bool) []string {
	var about []string
	for _, part := range []string{s.fullModel(), s.Address, s.Transport, s.MAC} {
		if part != "" && indent == "" || part != "" && part == s.fullModel() {
			about = append(about, part)
		}
	}
	lines := []string{indent + a.outStyle.bold(oneLine(s.name())) + "  " + a.outStyle.dim(oneLine(strings.Join(about, "  ")))}
	t := &table{head: []string{"feature", "value", "id"}, bare: true}
	for _, r := range s.readings {
		if r.Kind == feature.Action || !all && r.Category == feature.Debug {
			continue
		}
		id := r.ID
		if r.Settable {
			id += "="
		}
		t.add(plain(r.Name), painted(r), dimmed(id))
	}
	width := 0
	if a.outTTY {
		width, _ = size(a.out)
		width -= len(indent) + 2
	}
	for _, l := range t.lines(a.outStyle, width) {
		lines = append(lines, indent+"  "+l)
	}
	if all && len(s.Actions) > 0 {
		lines = append(lines, indent+"  "+a.outStyle.dim("actions: "+strings.Join(s.Actions, ", ")))
	}
	for i := range s.Children {
		lines = append(lines, a.block(&s.Children[i], indent+"  ", all)...)
	}
	return lines
}

// succeeded are the results without an error.
func succeeded[T any](results []T, errs []error) []T {
	out := []T{}
	for i, r := range results {
		if errs[i] == nil {
			out = append(out, r)
		}
	}
	return out
}
