package cli

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"github.com/spf13/cobra"

	"wattle"
	"wattle/capture"
	"wattle/simulator"
	"wattle/simulator/cloudsim"
	"wattle/simulator/homes"
)

// simFlags are what "wattle sim" takes.
type simFlags struct {
	addresses, username, password, transport string
	hub, control                             string
	cloud                                    cloudSimFlags
	faults                                   []string
	portBase                                 int
	speed                                    float64
	keepIDs, freeze, battery                 bool
}

func newSim(a *app) *cobra.Command {
	var f simFlags
	cmd := &cobra.Command{
		Use:   "sim [flags] [CAPTURE|DIR...]",
		Short: "Simulate devices from captures, on real sockets",
		Example: `wattle sim captures/P110.json
wattle sim --json captures/ | jq -r .address
wattle sim --fault slow=2s --fault drop=10 plug.json
wattle sim ctl P110 fault busy
wattle sim --cloud                           # and a cloud that they are connected to`,
		Long: `Every device gets a loopback address of its own with the ports that real ones have,
where these can be had; else ports from --port-base, which it announces. The devices
answer discovery, take commands and keep time until Ctrl-C. Nothing listens beyond
loopback. "wattle sim ctl" switches faults while it runs.

A capture is what a device answered: one JSON object, MODULE: {METHOD: ANSWER} (Kasa)
or METHOD: RESULT (Tapo). A folder stands for all captures in it; without any the
invented home of "wattle demo" is served. With --json one object is printed per device
as soon as it is ready, and again when it has moved:

  {"name":..,"alias":..,"model":..,"family":..,"transport":..,"address":..,"port":..,"device_id":..,"mac":..}

--cloud also plays the TP-Link cloud for the account of the devices, on TLS with a CA of its
own, and prints where ("url") and which certificate to trust ("ca_file"):

  {"name":"cloud","transport":"cloud","url":..,"ca_file":..}`,
		GroupID: groupSim,
		Args:    cobra.ArbitraryArgs,
		ValidArgsFunction: func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
			return []string{"json"}, cobra.ShellCompDirectiveFilterFileExt
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.sim(cmd.Context(), &f, args)
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&f.addresses, "range", simulator.DefaultRange.String(), "`range` of loopback addresses for the devices")
	flags.StringVar(&f.username, "username", demoAccount().Username, "`e-mail` of the invented account that the devices belong to")
	flags.StringVar(&f.password, "password", demoAccount().Password.Reveal(), "`password` of the invented account")
	flags.StringVar(&f.transport, "transport", "", "serve this instead of the announced one: "+list(simTransports))
	flags.StringArrayVar(&f.faults, "fault", nil, "switch a fault on from the start, as `NAME[=ARG]`; repeatable")
	flags.IntVar(&f.portBase, "port-base", 10080, "first `port` where the real one cannot be had")
	flags.StringVar(&f.hub, "hub", "", "capture of the hub for captures of single children (default: an invented one)")
	flags.BoolVar(&f.keepIDs, "keep-ids", false, "keep stored ids and MACs, also when several devices share them")
	flags.BoolVar(&f.battery, "battery", false, "answer discovery on UDP 20004, as battery cameras and doorbells do")
	flags.BoolVar(&f.freeze, "freeze", false, "clock and energy stand still")
	flags.Float64Var(&f.speed, "speed", 1, "let the clocks of the devices run this many `times` as fast")
	flags.StringVar(&f.control, "control", "", "`socket` for \"wattle sim ctl\" (default: one in the runtime folder)")
	f.cloud.register(flags)
	_ = cmd.RegisterFlagCompletionFunc("transport", fixed(simTransports...))
	_ = cmd.RegisterFlagCompletionFunc("fault", cobra.FixedCompletions(faultCompletions(), cobra.ShellCompDirectiveNoFileComp))
	cmd.AddCommand(newSimCtl(a))
	return cmd
}

// maxSpeed is how much faster than real clocks those of simulated devices run
// at most: a year in a minute.
const maxSpeed = 500_000

var simTransports = simulator.Transports()

func faultCompletions() []string {
	var out []string
	for _, name := range simulator.FaultNames() {
		out = append(out, name+"\t"+simulator.FaultHelp(name))
	}
	for _, name := range cloudsim.FaultNames() {
		out = append(out, name+"\t"+cloudsim.FaultHelp(name))
	}
	return out
}

// sim serves captures until a signal.
func (a *app) sim(ctx context.Context, f *simFlags, paths []string) error {
	if f.transport != "" && !slices.Contains(simTransports, f.transport) {
		return usagef(meant(f.transport, simTransports), "--transport %q: want %s", f.transport, list(simTransports))
	}
	if !(f.speed > 0 && f.speed <= maxSpeed) {
		return usagef("for example --speed 60", "--speed %v: want more than 0 and at most %d", f.speed, maxSpeed)
	}
	addresses, err := netip.ParsePrefix(f.addresses)
	if err != nil {
		return usagef("for example --range 127.0.64.0/20", "--range %q is not a range of addresses", f.addresses)
	}
	files, err := capture.ReadAll(paths...)
	if err != nil {
		return captureErrors(err)
	}
	library := capture.NewLibrary(folders(files)...)
	library.Add(files...)
	if len(paths) == 0 {
		files, library, f.keepIDs = homes.Demo(), homes.Library(), true
	}
	if len(files) == 0 {
		return &fault{err: errors.New("no capture was found there"), code: CodeNotFound}
	}
	var hub *capture.File
	if f.hub != "" {
		if hub, err = capture.Load(f.hub); err != nil {
			return captureErrors(err)
		}
	}
	var now func() time.Time
	if f.speed != 1 {
		now = simulator.Faster(f.speed)
	}
	faults, ofCloud, err := f.cloud.split(f.faults)
	if err != nil {
		return err
	}
	show := a.printReady()
	home := simulator.NewHome(&simulator.HomeOptions{
		Reboot: max(time.Duration(float64(simulator.DefaultReboot)/f.speed), 100*time.Millisecond),
		Range:  addresses, PortBase: f.portBase, Logger: a.log, Ready: show,
		Account: wattle.Credentials{Username: f.username, Password: wattle.NewSecret(f.password)},
	})
	var left []error
	added := 0
	for i, file := range files {
		dev, err := simulator.New(file, &simulator.DeviceOptions{
			Library: library, Hub: hub, KeepIDs: f.keepIDs, Index: i, Freeze: f.freeze, Transport: f.transport, Battery: f.battery, Now: now,
		})
		if err == nil {
			err = home.Add(dev, &simulator.PlaceOptions{Faults: faults})
		}
		switch {
		case errors.Is(err, wattle.ErrUnsupported):
			left = append(left, of(file.Name, err))
		case err != nil:
			return of(file.Name, err)
		default:
			added++
		}
	}
	for _, err := range left {
		a.warn(err)
	}
	if added == 0 {
		return &several{errs: left, total: len(files)}
	}
	run := []func(context.Context) error{home.Run}
	if f.cloud.on() {
		cloud, err := a.simCloud(home, &f.cloud, ofCloud, wattle.Credentials{Username: f.username, Password: wattle.NewSecret(f.password)}, now, show)
		if err != nil {
			return err
		}
		run = append(run, cloud)
	}
	if f.cloud.only {
		run = run[1:]
	}
	return a.serve(ctx, home, f.control, run...)
}

// serve runs what belongs to a home, with its control socket, until ctx ends: the
// normal end. Any of it may end it earlier.
func (a *app) serve(ctx context.Context, home *simulator.Home, control string, runs ...func(context.Context) error) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var running sync.WaitGroup
	var mu sync.Mutex
	var failed error
	run := func(f func(context.Context) error) {
		running.Go(func() {
			err := f(ctx)
			mu.Lock()
			defer mu.Unlock()
			if err != nil && ctx.Err() == nil && failed == nil {
				failed = err
			}
			cancel()
		})
	}
	path, err := a.controlPath(control)
	if err != nil {
		return err
	}
	if ln, err := simulator.ListenControl(ctx, path); err != nil {
		if control != "" {
			return err
		}
		a.warn(err)
	} else {
		run(func(ctx context.Context) error { return simulator.ServeControl(ctx, ln, home) })
	}
	for _, f := range runs {
		run(f)
	}
	running.Wait()
	return failed
}

// printReady prints a device that can be reached: an object, or a row of a
// table whose widths are fixed, since it grows.
func (a *app) printReady() func(simulator.Ready) {
	var one sync.Mutex
	if a.jsonWanted() {
		return func(r simulator.Ready) {
			one.Lock()
			defer one.Unlock()
			if r.Name == cloudsim.Name {
				_ = writeLine(a.out, cloudReady{r.Name, string(r.Transport), r.URL, r.CAFile})
				return
			}
			_ = writeLine(a.out, r)
		}
	}
	head := false
	return func(r simulator.Ready) {
		one.Lock()
		defer one.Unlock()
		st := a.outStyle
		if r.Name == cloudsim.Name {
			fmt.Fprintf(a.out, "%s %s, trust %s\n", st.bold("cloud"), r.URL, r.CAFile)
			return
		}
		if !head {
			head = true
			fmt.Fprintln(a.out, st.dim(fmt.Sprintf("%-13s %-6s %-17s %-18s %s", "ADDRESS", "PORT", "SPEAKS", "NAME", "MODEL")))
		}
		name := r.Alias
		if name == "" {
			name = r.Name
		}
		fmt.Fprintf(a.out, "%-13s %-6d %-17s %-18s %s\n", r.Address, r.Port, routeOf(r).Name(), oneLine(name), r.Model)
	}
}

func routeOf(r simulator.Ready) wattle.Route {
	return wattle.Route{Family: r.Family, Transport: r.Transport, Host: r.Address, Port: r.Port, TLS: r.TLS, Version: r.Version}
}

// folders are where the files are, for finding the children of hubs.
func folders(files []*capture.File) []string {
	var out []string
	for _, f := range files {
		dir := filepath.Dir(f.Path)
		for _, d := range []string{dir, filepath.Join(dir, "child"), filepath.Dir(dir)} {
			if info, err := os.Stat(d); err == nil && info.IsDir() && !slices.Contains(out, d) {
				out = append(out, d)
			}
		}
	}
	return out
}

// captureErrors makes one failure for each file that cannot be used.
func captureErrors(err error) error {
	if err == nil {
		return nil
	}
	var all []error
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		for _, e := range joined.Unwrap() {
			e = captureErrors(e)
			if s, ok := errors.AsType[*several](e); ok {
				all = append(all, s.errs...)
				continue
			}
			all = append(all, e)
		}
	}
	switch len(all) {
	case 0:
		if errors.Is(err, os.ErrNotExist) {
			return &fault{err: err, code: CodeNotFound}
		}
		if _, ok := errors.AsType[*capture.FormatError](err); ok {
			return &fault{err: err, code: CodeUsage}
		}
		return err
	case 1:
		return all[0]
	}
	return &several{errs: all, total: len(all)}
}
