package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/netip"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"wattle"
	"wattle/hub"
	"wattle/internal/hubapi"
	"wattle/internal/hubclient"
)

// The groups of commands below "wattle hub": the word has two meanings.
const (
	groupHubRun    = "hub-run"
	groupHubDevice = "hub-device"
)

// running is the hub, which has to be there.
func (a *app) running(ctx context.Context) (*hubclient.Client, error) {
	c, err := a.hub(ctx)
	if err != nil || c != nil {
		return c, err
	}
	if set, err := a.settings(); err == nil && set.text("hub.use") == "off" {
		return nil, usagef("", "this needs a hub, and hub.use is off")
	}
	where, err := a.hubSocket()
	if err != nil {
		return nil, err
	}
	return nil, &fault{err: fmt.Errorf("no hub runs here (%s)", where), code: CodeUnreachable, hint: `"wattle serve" runs one; --hub URL names another`}
}

// through does something with the running hub.
func (a *app) through(cmd *cobra.Command, do func(context.Context, *hubclient.Client) error) error {
	ctx, cancel := a.limit(cmd.Context())
	defer cancel()
	c, err := a.running(ctx)
	if err != nil {
		return err
	}
	return hubFault(ended(ctx, do(ctx, c)))
}

// hubStatus is how a hub does.
type hubStatus struct {
	hubapi.Health
	Version string    `json:"version"`
	Started time.Time `json:"started"`
	Where   string    `json:"where"`
}

func newHubStatus(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "status",
		Short: "Say how the running hub does; with --quiet as a health check",
		Example: `wattle hub status
wattle hub status --quiet && echo alive
wattle hub status --hub http://nas:8420 --json`,
		Long: `The exit code is 0 while the hub answers, whatever its devices do, and 5 when none
does. --quiet prints nothing.`,
		Args: exactly(0, ""),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if a.timeout == 0 {
				a.timeout = 5 * time.Second
			}
			return a.through(cmd, func(ctx context.Context, c *hubclient.Client) error {
				v, err := c.Hello(ctx)
				if err != nil || a.flags.quiet && a.format() == formatTable {
					return err
				}
				s := hubStatus{Version: v.Version, Started: v.Started, Where: c.Where()}
				if err := c.Do(ctx, http.MethodGet, "/health?details=true", nil, &s.Health); err != nil {
					return err
				}
				t := &table{head: []string{"what", "value"}, bare: true}
				t.add(plain("hub"), plain(s.Where))
				t.add(plain("version"), plain(s.Version))
				t.add(plain("running for"), plain(strings.TrimSuffix(ago(time.Since(s.Started)), " ago")))
				t.add(plain("devices"), plain(fmt.Sprintf("%d of %d online", s.Online, s.Devices)))
				for _, d := range s.Details {
					if !d.Online {
						t.add(plain("  "+d.Name), cell{cmp.Or(d.Reason, "not online"), style.yellow})
					}
				}
				return a.print(s, t)
			})
		},
	}
}

func newHubDevices(a *app) *cobra.Command {
	var found bool
	cmd := &cobra.Command{
		Use:   "devices",
		Short: "List the devices of the running hub with their health",
		Example: `wattle hub devices
wattle hub devices --found            # what its sweeps have met and it does not have
wattle hub devices --json | jq -r '.[] | select(.online | not) | .reason'`,
		Args: exactly(0, ""),
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.through(cmd, func(ctx context.Context, c *hubclient.Client) error {
				if found {
					return a.printCandidates(ctx, c)
				}
				return a.printHubDevices(ctx, c)
			})
		},
	}
	cmd.Flags().BoolVar(&found, "found", false, "list what was found and is not in the hub")
	return cmd
}

func (a *app) printHubDevices(ctx context.Context, c *hubclient.Client) error {
	devices, err := c.Devices(ctx)
	if err != nil {
		return err
	}
	var health hubapi.Health
	if err := c.Do(ctx, http.MethodGet, "/health?details=true", nil, &health); err != nil {
		return err
	}
	of := map[string]hubapi.DeviceHealth{}
	for _, h := range health.Details {
		of[h.Device] = h
	}
	t := &table{head: []string{"name", "model", "state", "online", "answers in", "misses", "way", "id", "room"}, spare: []string{"misses", "id", "room"}, sparse: []string{"room"}}
	for _, d := range devices {
		name, online := d.Name, cell{"yes", style.green}
		if d.Child != "" {
			name = "  " + name
		}
		if !d.Online {
			online = cell{"no", style.yellow}
		}
		answers, misses, way := "", "", ""
		if h, ok := of[d.ID]; ok && d.Child == "" {
			answers, misses, way = "-", fmt.Sprint(h.Misses), h.Path
			if h.Median > 0 {
				answers = h.Median.Round(100 * time.Microsecond).String()
			}
		}
		t.add(plain(name), plain(wattle.Model{Name: d.Model, Region: d.Region}.String()), stateCell(d.On), online, plain(answers), plain(misses), plain(way), dimmed(d.ID), plain(d.Room))
	}
	return a.printRows(devices, t, `the hub has no device yet: "wattle hub devices --found" shows what it has met, "wattle hub add ADDRESS" takes one in`)
}

func (a *app) printCandidates(ctx context.Context, c *hubclient.Client) error {
	list, err := hubclient.List[hubapi.Candidate](ctx, c, "/candidates")
	if err != nil {
		return err
	}
	t := &table{head: []string{"name", "model", "address", "mac", "seen", "remark"}}
	for _, d := range list {
		t.add(plain(d.Alias), plain(d.Model), plain(d.Address), plain(d.MAC.String()), plain(ago(time.Since(d.Seen))), plain(d.Reason))
	}
	return a.printRows(list, t, `nothing was found that is not in the hub; "wattle hub sweep" looks again`)
}

func newHubAdd(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "add ADDRESS|MAC|all",
		Short: "Take a device into the running hub",
		Long: `By its address, or by the MAC of a device that a sweep of the hub has found
("wattle hub devices --found"). "all" takes in everything that was found.`,
		Example: "wattle hub add 192.168.1.20\nwattle hub add 50:C7:BF:00:00:01\nwattle hub add all",
		Args:    exactly(1, "an address or a MAC"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.through(cmd, func(ctx context.Context, c *hubclient.Client) error {
				wanted := []hubapi.AddRequest{{Address: args[0]}}
				if mac, err := wattle.ParseMAC(args[0]); err == nil && !isDomain(args[0]) {
					wanted[0] = hubapi.AddRequest{MAC: mac.String()}
				}
				if args[0] == everything {
					list, err := hubclient.List[hubapi.Candidate](ctx, c, "/candidates")
					if err != nil {
						return err
					}
					wanted = nil
					for _, d := range list {
						wanted = append(wanted, hubapi.AddRequest{MAC: d.MAC.String(), Name: d.Alias})
					}
				}
				added := []hubapi.Device{}
				errs := make([]error, len(wanted))
				for i, w := range wanted {
					var d hubapi.Device
					if errs[i] = of(cmp.Or(w.Address, w.MAC), hubFault(c.Do(ctx, http.MethodPost, "/devices", w, &d))); errs[i] == nil {
						added = append(added, d)
					} else if w.Address != "" && !isDomain(w.Address) {
						errs[i] = &fault{err: errs[i], hint: `want an address or a MAC: "wattle hub devices --found" shows those that the hub has met`}
					}
				}
				t := &table{head: []string{"name", "id", "address"}}
				for _, d := range added {
					t.add(plain(d.Name), plain(d.ID), plain(d.Address))
				}
				if len(wanted) > 0 && len(added) == 0 {
					return join(errs)
				}
				return errors.Join(a.printRows(added, t, `the sweeps of the hub have met no other device; "wattle hub sweep" looks again`), join(errs))
			})
		},
	}
}

// isDomain tells host names from MACs without separators: nobody calls a host so.
func isDomain(s string) bool {
	_, err := netip.ParseAddr(s)
	return err == nil || strings.Contains(s, ".")
}

// hubDevice finds a device of the running hub by what the user calls it.
func (a *app) hubDevice(ctx context.Context, ref string) (id string, t target, err error) {
	targets, err := a.resolve(ctx, []string{ref})
	if err != nil {
		return "", target{}, err
	}
	if len(targets) != 1 {
		return "", target{}, usagef("name one device", "%q is more than one device", ref)
	}
	t = targets[0]
	if _, in := a.memory.housed[hub.ID{MAC: t.known.MAC}]; !in {
		return "", t, notInHub(&t)
	}
	return hub.Slug(hub.ID{MAC: t.known.MAC, Child: t.child}), t, nil
}

// notInHub is for a device that somebody else knows.
func notInHub(t *target) error {
	return &fault{subject: t.name(), err: errors.New("it is not in the hub"), code: CodeNotFound, hint: `"wattle hub add" takes it in`}
}

func newHubRemove(a *app) *cobra.Command {
	var yes bool
	cmd := &cobra.Command{
		Use:               "remove DEVICE",
		Aliases:           []string{"rm"},
		Short:             "Take a device out of the running hub, and forget it",
		Example:           "wattle hub remove \"Desk lamp\"\nwattle hub remove 50:C7:BF:00:00:01 --yes",
		Long:              "Its history is kept. With hub.adopt it is not taken in again by itself: \"wattle hub add\" does that.",
		Args:              exactly(1, "the name of a device"),
		ValidArgsFunction: a.completeDevices,
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.through(cmd, func(ctx context.Context, c *hubclient.Client) error {
				id, t, err := a.hubDevice(ctx, args[0])
				if err != nil {
					return err
				}
				if err := a.confirm(ctx, fmt.Sprintf("take %s out of the hub", t.name()), yes); err != nil {
					return err
				}
				if err := c.Do(ctx, http.MethodDelete, "/devices/"+id, nil, nil); err != nil {
					return of(t.name(), hubFault(err))
				}
				a.say("%s is no longer in the hub", t.name())
				return nil
			})
		},
	}
	cmd.Flags().BoolVarP(&yes, "yes", "y", false, "do not ask")
	return cmd
}

func newHubRename(a *app) *cobra.Command {
	return &cobra.Command{
		Use:               "rename DEVICE NAME",
		Short:             "Give a device of the running hub another name, as the app shows it",
		Example:           `wattle hub rename "Desk lamp" "Reading lamp"`,
		Args:              exactly(2, "a device and its new name"),
		ValidArgsFunction: a.completeDevices,
		RunE: func(cmd *cobra.Command, args []string) error {
			if strings.TrimSpace(args[1]) == "" {
				return usagef("for example: "+firstExample(cmd), "%q is no name of a device", args[1])
			}
			return a.through(cmd, func(ctx context.Context, c *hubclient.Client) error {
				id, t, err := a.hubDevice(ctx, args[0])
				if err != nil {
					return err
				}
				return of(t.name(), hubFault(c.Do(ctx, http.MethodPatch, "/devices/"+id, hubapi.ChangeRequest{Alias: &args[1]}, nil)))
			})
		},
	}
}

func newHubSweep(a *app) *cobra.Command {
	return &cobra.Command{
		Use:     "sweep",
		Short:   "Let the running hub search the network now",
		Example: "wattle hub sweep && wattle hub devices --found",
		Args:    exactly(0, ""),
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.through(cmd, func(ctx context.Context, c *hubclient.Client) error {
				return c.Do(ctx, http.MethodPost, "/sweep", struct{}{}, nil)
			})
		},
	}
}

func newHubReload(a *app) *cobra.Command {
	return &cobra.Command{
		Use:     "reload",
		Short:   "Let the running hub read its configuration again",
		Example: "wattle config set hub.interval 10s && wattle hub reload",
		Long: `As SIGHUP does: sessions stay, and a mistake in the file changes nothing. Prints the
settings that are different now, and those that want a new start of the hub.`,
		Args: exactly(0, ""),
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.through(cmd, func(ctx context.Context, c *hubclient.Client) error {
				var told hubapi.Reloaded
				if err := c.Do(ctx, http.MethodPost, "/reload", struct{}{}, &told); err != nil {
					return err
				}
				t := &table{head: []string{"setting", "taken"}}
				for _, key := range told.Changed {
					t.add(plain(key), plain("now"))
				}
				for _, key := range told.Restart {
					t.add(plain(key), plain("with the next start"))
				}
				return a.printRows(told, t, "no setting has changed")
			})
		},
	}
}
