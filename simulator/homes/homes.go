// Package homes holds a home of invented devices, one of each kind, for the
// demo and for tests: two rooms of plugs, lights, switches, a strip, a hub with
// sensors and a vacuum. The captures were written by hand after the protocol
// documents; no value in them comes from a real device.
//
//	home := simulator.NewHome(nil)
//	for i, file := range homes.Demo() {
//		d, err := simulator.New(file, &simulator.DeviceOptions{Library: homes.Library(), KeepIDs: true, Index: i})
//		...
//		err = home.Add(d, nil)
//	}
//	err := home.Run(ctx)
//
// docs/devices.md tells what each of them can do.
package homes

import (
	"embed"
	"fmt"
	"io/fs"
	"path"
	"sync"

	"wattle/capture"
)

//go:embed data
var data embed.FS

// order is how the devices of the demo are shown.
var order = []string{
	"HS100(EU)_2.1_1.6.2",
	"HS110(EU)_1.0_1.3.1",
	"KP115(EU)_1.0_1.1.3",
	"HS200(US)_3.0_1.2.1",
	"HS220(US)_2.0_1.1.2",
	"KS200M(US)_1.0_1.1.1",
	"KP303(EU)_2.0_1.1.5",
	"KL110(EU)_1.0_1.9.2",
	"KL130(EU)_1.0_1.9.1",
	"KL430(EU)_2.0_1.1.4",
	"HS100(UK)_4.2_1.2.0",
	"HS103(US)_5.1_1.2.4",
	"P100(EU)_1.0_1.5.1",
	"P110(EU)_1.0_1.4.2",
	"P300(EU)_1.0_1.1.2",
	"L530(EU)_3.0_1.2.3",
	"L920(EU)_1.0_1.2.0",
	"S505D(US)_1.0_1.1.1",
	"KS240(US)_1.0_1.1.0",
	"H100(EU)_1.0_1.6.0",
	"RV30 Max(EU)_1.0_1.3.1",
}

// Demo gives the devices of the home, in the order in which they are shown.
// They have ids and MACs of their own, so simulator.DeviceOptions.KeepIDs suits
// them. The captures are shared: do not change them.
func Demo() []*capture.File { return append([]*capture.File(nil), parsed().devices...) }

// Children gives the captures of the hub's children.
func Children() []*capture.File { return append([]*capture.File(nil), parsed().children...) }

// Library finds the children of the hub.
func Library() *capture.Library {
	l := &capture.Library{}
	l.Add(Children()...)
	return l
}

type set struct{ devices, children []*capture.File }

// parsed reads the captures once. They are part of the program, and a test
// reads all of them: one that is broken is a mistake of ours.
var parsed = sync.OnceValue(func() set {
	var s set
	for _, name := range order {
		s.devices = append(s.devices, mustParse("data/"+name+".json"))
	}
	children, err := fs.Glob(data, "data/child/*.json")
	if err != nil {
		panic(fmt.Sprintf("homes: %v", err))
	}
	for _, name := range children {
		s.children = append(s.children, mustParse(name))
	}
	return s
})

func mustParse(name string) *capture.File {
	in, err := data.Open(name)
	if err != nil {
		panic(fmt.Sprintf("homes: %v", err))
	}
	defer in.Close()
	f, err := capture.Parse(path.Base(path.Dir(name))+"/"+path.Base(name), in)
	if err != nil {
		panic(fmt.Sprintf("homes: %v", err))
	}
	return f
}
