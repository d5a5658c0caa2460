package cli

import (
	"context"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/pflag"

	"wattle"
	"wattle/simulator"
	"wattle/simulator/cloudsim"
)

// cloudSimFlags are those of "wattle sim" that are about the cloud.
type cloudSimFlags struct {
	with, only  bool
	address, ca string
}

func (f *cloudSimFlags) register(flags *pflag.FlagSet) {
	flags.BoolVar(&f.with, "cloud", false, "play the TP-Link cloud as well")
	flags.BoolVar(&f.only, "cloud-only", false, "play the cloud alone: the devices are not in the local network")
	flags.StringVar(&f.address, "cloud-address", "127.0.0.1:0", "loopback `address` of the cloud; port 0 is any free one")
	flags.StringVar(&f.ca, "cloud-ca", "", "`file` for the certificate of the cloud (default: one in the runtime folder)")
}

func (f *cloudSimFlags) on() bool { return f.with || f.only }

// split tells faults of the cloud from those of devices.
func (f *cloudSimFlags) split(faults []string) (devices, cloud []string, err error) {
	for _, spec := range faults {
		if !strings.HasPrefix(spec, cloudsim.Name+"-") {
			devices = append(devices, spec)
			continue
		}
		if !f.on() {
			return nil, nil, usagef("add --cloud", "--fault %s: no cloud is played", spec)
		}
		cloud = append(cloud, spec)
	}
	return devices, cloud, nil
}

// cloudReady is the line of the cloud.
type cloudReady struct {
	Name      string `json:"name"`
	Transport string `json:"transport"`
	URL       string `json:"url"`
	CAFile    string `json:"ca_file"`
}

// simCloud makes the cloud of a home, and gives what serves it.
func (a *app) simCloud(home *simulator.Home, f *cloudSimFlags, faults []string, account wattle.Credentials, now func() time.Time, ready func(simulator.Ready)) (func(context.Context) error, error) {
	address, err := netip.ParseAddrPort(f.address)
	if err != nil {
		return nil, usagef("for example --cloud-address 127.0.0.1:8443", "--cloud-address %q is not an address with a port", f.address)
	}
	cloud, err := cloudsim.New(home, &cloudsim.Options{Account: account, Faults: faults, Now: now, Logger: a.log})
	if err != nil {
		return nil, err
	}
	authority, err := cloudsim.NewAuthority()
	if err != nil {
		return nil, err
	}
	file := f.ca
	if file == "" {
		dir, err := a.runtimeFolder()
		if err == nil {
			err = ensureFolder(dir)
		}
		if err != nil {
			return nil, err
		}
		file = filepath.Join(dir, fmt.Sprintf("cloud-%d.pem", os.Getpid()))
		if err := os.Remove(file); err != nil && !os.IsNotExist(err) { // of a dead process
			return nil, err
		}
	}
	return func(ctx context.Context) error {
		if err := authority.WriteCA(file); err != nil {
			return err
		}
		defer os.Remove(file)
		return cloud.Run(ctx, &cloudsim.RunOptions{
			Address: address, CAFile: file, Authority: authority, Ready: func(string) { ready(cloud.Describe()) },
		})
	}, nil
}
