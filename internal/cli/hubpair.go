package cli

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"wattle"
	"wattle/device"
)

// paired is a device that was found, and whether the hub has it now.
type paired struct {
	device.Candidate
	Paired bool `json:"paired"`
}

type pairFlags struct {
	wait time.Duration
	only []string
	list bool
}

func newHubPair(a *app) *cobra.Command {
	var f pairFlags
	cmd := &cobra.Command{
		Use:   "pair HUB",
		Short: "Take in devices that wait to be paired",
		Example: `wattle hub pair "Hallway hub"
wattle hub pair "Hallway hub" --list
wattle hub pair "Hallway hub" --only T300 --wait 15s`,
		Long: `Press the button of the device until it blinks; then the hub looks for it and takes
in whatever it finds, or only what --only names by name, model or id.`,
		Args:              exactly(1, "the name of a hub"),
		ValidArgsFunction: a.completeDevices,
		RunE: func(cmd *cobra.Command, args []string) error {
			if f.wait < time.Second || f.wait > 5*time.Minute {
				return usagef("for example --wait 30s", "--wait %s: want 1s to 5m", f.wait)
			}
			rows, err := single(cmd.Context(), a, args[0], func(ctx context.Context, d *opened) ([]paired, error) {
				return a.pair(ctx, d.dev, &f)
			})
			if len(rows) == 0 && err == nil {
				return &fault{err: errors.New("no device waits to be paired"), code: CodeNotFound, hint: "press its button until it blinks, and try again"}
			}
			t := &table{head: []string{"name", "model", "kind", "id", "paired"}}
			for _, p := range rows {
				t.add(plain(p.Name), plain(p.Model), plain(p.Category), plain(p.ID), plain(map[bool]string{true: "yes", false: "no"}[p.Paired]))
			}
			if len(rows) == 0 {
				return err
			}
			return errors.Join(a.print(rows, t), err)
		},
	}
	cmd.Flags().DurationVar(&f.wait, "wait", device.ScanLength, "how long to look")
	cmd.Flags().StringArrayVar(&f.only, "only", nil, "take in only this `device`, by name, model or id; repeatable")
	cmd.Flags().BoolVar(&f.list, "list", false, "show what waits, and take nothing in")
	return cmd
}

func (f *pairFlags) wants(c *device.Candidate) bool {
	for _, word := range f.only {
		for _, name := range []string{c.Name, c.Model, c.ID} {
			if strings.EqualFold(word, name) {
				return true
			}
		}
	}
	return len(f.only) == 0
}

// pair looks for devices and takes in those that are wanted. With --only the
// scan ends as soon as all of them are found.
func (a *app) pair(ctx context.Context, d *device.Device, f *pairFlags) ([]paired, error) {
	p, err := d.Pairing()
	if err != nil {
		return nil, err
	}
	if a.errTTY {
		a.say("looking for devices for %v", f.wait)
	}
	var rows []paired
	var chosen []device.Candidate
	for c, err := range p.Scan(ctx, f.wait) {
		if err != nil {
			return nil, err
		}
		a.detail("found %s %s", c.Model, c.Name)
		rows = append(rows, paired{Candidate: c})
		if !f.list && f.wants(&c) {
			chosen = append(chosen, c)
		}
		if len(f.only) > 0 && len(chosen) == len(f.only) {
			break
		}
	}
	if len(chosen) == 0 {
		return rows, nil
	}
	added, err := p.Add(ctx, chosen...)
	for _, c := range added {
		for i := range rows {
			rows[i].Paired = rows[i].Paired || rows[i].ID == c.Identity().DeviceID
		}
	}
	return rows, err
}

func newHubUnpair(a *app) *cobra.Command {
	var yes bool
	cmd := &cobra.Command{
		Use:   "unpair CHILD...",
		Short: "Make a hub forget a device",
		Example: `wattle hub unpair "Hallway hub/Washing machine"
wattle hub unpair "Back door" --yes`,
		Long:              "Asks on a terminal; elsewhere --yes is needed.",
		Args:              atLeast(1, "the name of a device behind a hub"),
		ValidArgsFunction: a.completeDevices,
		RunE: func(cmd *cobra.Command, args []string) error {
			ctx, cancel := a.limit(cmd.Context())
			defer cancel()
			targets, err := a.resolve(ctx, args)
			if err != nil {
				return err
			}
			for _, t := range targets {
				if t.child == "" {
					return &fault{subject: t.name(), err: fmt.Errorf("it is not behind a hub: %w", wattle.ErrUnsupported)}
				}
				if err := a.confirm(ctx, "unpair "+t.name(), yes); err != nil {
					return err
				}
			}
			_, errs := visit(ctx, a, targets, func(ctx context.Context, d *opened) (struct{}, error) {
				return struct{}{}, d.dev.Unpair(ctx)
			})
			for i, t := range targets {
				if errs[i] == nil {
					a.say("%s is unpaired", t.name())
				}
			}
			return join(errs)
		},
	}
	cmd.Flags().BoolVarP(&yes, "yes", "y", false, "do not ask")
	return cmd
}
