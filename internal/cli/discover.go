package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/spf13/cobra"

	"wattle"
	"wattle/discover"
	"wattle/internal/known"
)

func newDiscover(a *app) *cobra.Command {
	var targets []string
	var noLogin bool
	cmd := &cobra.Command{
		Use:   "discover",
		Short: "Look for devices in the network",
		Example: `wattle discover
wattle discover --target 192.168.50.0/24 --target cabin.example.net
wattle discover --timeout 10s --json`,
		Long: `Asks on every network of this machine by broadcast, and every --target: a host, a
broadcast address (10.0.7.255) or a range (192.168.50.0/24) that is asked address by
address. What answers is remembered for the other commands. Devices that are not
set up yet, or that cannot be controlled, are shown with the reason.

--timeout is how long to listen (setting discovery.timeout). --json prints a line
for each device as soon as it answers, and again when more is learned of it.`,
		GroupID: groupRead,
		Args:    exactly(0, ""),
		RunE: func(cmd *cobra.Command, _ []string) error {
			o, err := a.sweepOptions(targets)
			if err != nil {
				return err
			}
			return a.discover(cmd.Context(), o, !noLogin)
		},
	}
	cmd.Flags().StringArrayVarP(&targets, "target", "t", nil, "`host`, broadcast address or range to ask as well; repeatable")
	cmd.Flags().BoolVar(&noLogin, "no-login", false, "do not log in to devices to learn their names")
	return cmd
}

// sighting is a device of a sweep as it is shown and printed.
type sighting struct {
	Alias          string   `json:"alias"`
	Model          string   `json:"model"`
	Region         string   `json:"region,omitempty"`
	Type           string   `json:"type"` // in the device's words
	Family         string   `json:"family"`
	Address        string   `json:"address"`
	Transport      string   `json:"transport"`
	Port           int      `json:"port,omitempty"`
	MAC            string   `json:"mac"`
	DeviceID       string   `json:"device_id,omitempty"`
	FactoryDefault bool     `json:"factory_default,omitempty"`
	Reason         string   `json:"reason,omitempty"` // why it cannot be controlled, or was not named
	Via            []uint16 `json:"via"`
}

func sightingOf(f *discover.Found, alias string) sighting {
	s := sighting{
		Alias: cmp.Or(f.Alias, alias), Model: f.Model.Name, Region: f.Model.Region, Type: f.Type, Family: string(f.Family),
		Address: f.Addr.String(), MAC: f.MAC.String(), DeviceID: f.ID, FactoryDefault: f.FactoryDefault, Reason: f.Reason, Via: f.Via,
	}
	if len(f.Routes) > 0 {
		s.Transport, s.Port = f.Routes[0].Name(), f.Routes[0].Port
	}
	return s
}

// board shows the devices of a sweep while they come in. Its methods may be
// called from several goroutines.
type board struct {
	a        *app
	mu       sync.Mutex
	seen     map[string]sighting // by MAC, or address where there is none
	progress string
	live     *live // nil off a terminal
	failed   error // of writing to stdout
}

func (b *board) put(s sighting) {
	b.mu.Lock()
	defer b.mu.Unlock()
	key := cmp.Or(s.MAC, s.Address)
	if old, ok := b.seen[key]; ok && s.Alias == "" {
		s.Alias = old.Alias // a second answer does not forget the name
	}
	b.seen[key] = s
	if b.a.jsonWanted() {
		b.failed = errors.Join(b.failed, writeLine(b.a.out, s))
		return
	}
	b.draw()
}

func (b *board) tick(p discover.Progress) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.progress = fmt.Sprintf("listening, %.1f of %.1f s", p.Elapsed.Seconds(), p.Total.Seconds())
	if p.Addresses > 0 {
		b.progress += fmt.Sprintf("; round %d of %d, %d of %d addresses asked", p.Round, p.Rounds, p.Asked, p.Addresses)
	}
	b.draw()
}

// draw is called with the lock held.
func (b *board) draw() {
	if b.live == nil {
		return
	}
	width, _ := size(b.a.out)
	lines := b.table().lines(b.a.outStyle, width)
	b.live.draw(append(lines, b.a.outStyle.dim(clip(b.progress, width))))
}

func (b *board) table() *table {
	t := &table{head: []string{"name", "model", "address", "transport", "mac", "note"}, spare: []string{"mac"}, narrow: b.live != nil}
	for _, s := range slices.SortedFunc(maps.Values(b.seen), func(x, y sighting) int {
		return cmp.Or(strings.Compare(strings.ToLower(cmp.Or(x.Alias, "\uffff")), strings.ToLower(cmp.Or(y.Alias, "\uffff"))), strings.Compare(x.Address, y.Address))
	}) {
		name := plain(s.Alias)
		if s.Alias == "" {
			name = dimmed("-")
		}
		t.add(name, plain(modelText(s.Model, s.Region)), plain(s.Address), plain(s.Transport), plain(s.MAC), cell{s.Reason, style.yellow})
	}
	return t
}

// finish ends the drawing and prints the final table.
func (b *board) finish() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.live != nil {
		b.live.erase()
		b.live = nil
	}
	switch {
	case b.a.jsonWanted():
		return b.failed
	case len(b.seen) == 0 && b.a.format() == formatTable:
		return nil
	}
	return b.a.print(slices.Collect(maps.Values(b.seen)), b.table())
}

func modelText(model, region string) string {
	return wattle.Model{Name: model, Region: region}.String()
}

// discover sweeps, shows what answers and remembers it. With names, devices
// that tell their name only after a login are asked for it.
func (a *app) discover(ctx context.Context, o *discover.Options, names bool) error {
	b := &board{a: a, seen: map[string]sighting{}}
	if a.outTTY && a.format() == formatTable {
		b.live = &live{w: a.out}
		o.Progress = b.tick
	}
	book, err := a.book()
	if err != nil {
		return err
	}
	if err := book.load(ctx); err != nil {
		return err
	}
	anonymous := false
	if names {
		account, err := a.account(ctx)
		if err != nil {
			return err
		}
		names, anonymous = !account.IsZero(), account.IsZero()
	}
	learn := newLearner(a, func(f *discover.Found, d known.Device) { b.put(sightingOf(f, d.Alias)) })
	problems := sweep(ctx, o, func(f *discover.Found) {
		record := book.sighted(f)
		b.put(sightingOf(f, record.Alias))
		if names {
			learn.name(ctx, f, record)
		}
	})
	if b.live != nil {
		b.tick(discover.Progress{Elapsed: o.Timeout, Total: o.Timeout})
	}
	learn.wait()
	if err := b.finish(); err != nil {
		return err
	}
	if err := ctx.Err(); err != nil {
		return context.Cause(ctx)
	}
	if _, err := book.sessions.Prune(ctx); err != nil {
		a.log.Debug("old sessions stay", "err", err)
	}
	var failed error
	if len(b.seen) == 0 && len(problems) > 0 {
		failed, problems = problems[0], problems[1:]
	}
	for _, err := range problems {
		a.warn(err)
	}
	if failed != nil {
		return failed
	}
	if len(b.seen) == 0 {
		a.say("nobody answered; devices in other networks need --target")
	}
	if n := b.nameless(); n > 0 && anonymous {
		a.say(`%d of them tell their names only after a login: run "wattle auth login"`, n)
	}
	return book.save(ctx)
}

// nameless counts the devices that could be asked for their name.
func (b *board) nameless() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	n := 0
	for _, s := range b.seen {
		if s.Alias == "" && s.Transport != "" && s.Reason == "" {
			n++
		}
	}
	return n
}

// sweep collects what is found until the time is over or ctx ends, and gives the
// problems on the way: networks that cannot be asked, targets without address.
func sweep(ctx context.Context, o *discover.Options, found func(*discover.Found)) (problems []error) {
	for f, err := range discover.Sweep(ctx, o) {
		switch {
		case err != nil && ctx.Err() != nil:
		case err != nil:
			problems = append(problems, err)
		default:
			found(&f)
		}
	}
	return problems
}

// sweepOptions are the targets and times of flags, profile and settings.
func (a *app) sweepOptions(targets []string) (*discover.Options, error) {
	p, err := a.profile()
	if err != nil {
		return nil, err
	}
	set, err := a.settings()
	if err != nil {
		return nil, err
	}
	o := &discover.Options{
		Targets: append(append([]string{}, p.targets...), targets...), LoopbackOnly: p.loopback,
		OnlyTargets: set.bool("discovery.only_targets"),
		Timeout:     cmp.Or(a.timeout, set.duration("discovery.timeout"), 3*time.Second), Logger: a.log,
	}
	return o, nil
}
