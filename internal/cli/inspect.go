package cli

import (
	"context"
	"encoding/json"
	"errors"
	"net/netip"
	"path/filepath"
	"runtime"
	"slices"

	"github.com/spf13/cobra"

	"wattle/capture"
	"wattle/connect"
	"wattle/device"
	"wattle/discover"
	"wattle/simulator"
)

// inspectFlags are what "wattle inspect" takes.
type inspectFlags struct {
	out, transport, hub, addresses string
}

func newInspect(a *app) *cobra.Command {
	var f inspectFlags
	cmd := &cobra.Command{
		Use:   "inspect [flags] CAPTURE|DIR...",
		Short: "Read captures as if they were devices",
		Example: `wattle inspect P110.json
wattle inspect --json P110.json | jq .features
wattle inspect --out out/ captures/`,
		Long: `Each capture is served on loopback with the ids that are stored in it and a clock that
stands still, opened over the wire as a device would be, and printed in the neutral
shape that programs can compare:

  {"model":..,"alias":..,"features":{"state":{"value":true}},"children":[..]}

--out writes one file per capture, FAMILY/NAME.json. A capture that cannot be opened is
reported, the others are read nevertheless, and the exit code is 7.`,
		GroupID: groupSim,
		ValidArgsFunction: func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
			return []string{"json"}, cobra.ShellCompDirectiveFilterFileExt
		},
		Args: atLeast(1, "a capture or a folder of captures"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.inspect(cmd.Context(), &f, args)
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&f.out, "out", "", "write FAMILY/NAME.json into this `folder`")
	flags.StringVar(&f.transport, "transport", "", "serve this instead of the announced one: "+list(simTransports))
	flags.StringVar(&f.hub, "hub", "", "capture of the hub to which captures of single children are attached (default: an invented one)")
	flags.StringVar(&f.addresses, "range", simulator.DefaultRange.String(), "`range` of loopback addresses for the devices")
	_ = cmd.RegisterFlagCompletionFunc("transport", fixed(simTransports...))
	_ = cmd.MarkFlagDirname("out")
	return cmd
}

func (a *app) inspect(ctx context.Context, f *inspectFlags, paths []string) error {
	ctx, cancel := a.limit(ctx)
	defer cancel()
	if f.transport != "" && !slices.Contains(simTransports, f.transport) {
		return usagef(meant(f.transport, simTransports), "--transport %q: want %s", f.transport, list(simTransports))
	}
	if _, err := netip.ParsePrefix(f.addresses); err != nil {
		return usagef("for example --range 127.0.64.0/20", "--range %q is not a range of addresses", f.addresses)
	}
	var hub *capture.File
	var err error
	if f.hub != "" {
		if hub, err = capture.Load(f.hub); err != nil {
			return captureErrors(err)
		}
	}
	files, err := capture.ReadAll(paths...)
	var broken []error
	if s, ok := errors.AsType[*several](captureErrors(err)); ok {
		broken = s.errs
	} else if err != nil {
		broken = []error{captureErrors(err)}
	}
	if len(files) == 0 && len(broken) == 0 {
		return &fault{err: errors.New("no capture was found there"), code: CodeNotFound}
	}
	library := capture.NewLibrary(folders(files)...)
	library.Add(files...)
	progress := a.progress("inspecting", len(files))
	results := make([]device.Inspection, len(files))
	single := len(files) == 1 && len(broken) == 0
	errs := fan(ctx, len(files), 2*runtime.GOMAXPROCS(0), func(ctx context.Context, i int) error {
		defer progress.step()
		var err error
		results[i], err = a.inspectOne(ctx, f, files[i], library, hub)
		return of(files[i].Name, err)
	}, func(i int, failed error) error {
		if failed != nil {
			return failed
		}
		return a.emitInspection(f, files[i], &results[i], single)
	})
	progress.done()
	if err := ctx.Err(); err != nil {
		return context.Cause(ctx)
	}
	failed := slices.DeleteFunc(append(broken, errs...), func(err error) bool { return err == nil })
	if len(failed) > 0 {
		return &inspectError{several{errs: failed, total: len(files) + len(broken)}}
	}
	if f.out != "" {
		a.say("%d captures read into %s", len(files), f.out)
	}
	return nil
}

// inspectError is a failure of some or all captures: always "partial".
type inspectError struct{ several }

func (*inspectError) exitCode() Code  { return CodePartial }
func (e *inspectError) Unwrap() error { return &e.several }

// inspectOne serves a capture and reads it over the wire.
func (a *app) inspectOne(ctx context.Context, f *inspectFlags, file *capture.File, library *capture.Library, hub *capture.File) (device.Inspection, error) {
	dev, err := simulator.New(file, &simulator.DeviceOptions{
		Library: library, Hub: hub, KeepIDs: true, Freeze: true, Transport: f.transport,
	})
	if err != nil {
		return device.Inspection{}, err
	}
	ctx, cancel := context.WithCancel(ctx)
	ready := make(chan simulator.Ready, 1)
	home := simulator.NewHome(&simulator.HomeOptions{
		Range: netip.MustParsePrefix(f.addresses), Account: demoAccount(), Logger: a.log,
		Ready: func(r simulator.Ready) {
			select {
			case ready <- r:
			default:
			}
		},
	})
	if err := home.Add(dev, nil); err != nil {
		cancel()
		return device.Inspection{}, err
	}
	served := make(chan error, 1)
	go func() { served <- home.Run(ctx) }()
	var out device.Inspection
	ended := false
	select {
	case r := <-ready:
		out, err = a.inspectAt(ctx, r)
	case err = <-served:
		ended = true
		if err == nil {
			err = context.Cause(ctx)
		}
	}
	cancel()
	if !ended {
		err = errors.Join(err, <-served)
	}
	if file.Child && len(out.Children) == 1 {
		out = out.Children[0] // not the hub that it was attached to
	}
	return out, err
}

// inspectAt opens the device that is served, with the client that every command uses.
func (a *app) inspectAt(ctx context.Context, r simulator.Ready) (device.Inspection, error) {
	opened, err := connect.Open(ctx, connect.Target{Host: r.Address}, &connect.Options{
		Account: demoAccount(), Logger: a.log, Discover: &discover.Options{LoopbackOnly: true, Logger: a.log},
	})
	if err != nil {
		return device.Inspection{}, err
	}
	defer opened.Session.Close()
	d, err := device.New(ctx, opened.Session, opened.Route.Family, &device.Options{Logger: a.log})
	if err != nil {
		return device.Inspection{}, err
	}
	state, err := d.Poll(ctx)
	if err != nil {
		return device.Inspection{}, err
	}
	return device.Inspect(state).Reveal(), nil // a capture has them in clear
}

// emitInspection writes the file of one capture, or prints it: a single one as
// an object, several as one object per line with the capture's name.
func (a *app) emitInspection(f *inspectFlags, file *capture.File, in *device.Inspection, single bool) error {
	if f.out != "" {
		b, err := json.MarshalIndent(in, "", "  ")
		if err != nil {
			return err
		}
		return replaceFile(filepath.Join(f.out, filepath.FromSlash(file.Kind), file.Name+".json"), b)
	}
	if single {
		return writeJSON(a.out, in)
	}
	return writeLine(a.out, struct {
		Capture string `json:"capture"`
		*device.Inspection
	}{file.Kind + "/" + file.Name, in})
}
