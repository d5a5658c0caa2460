package device_test

import (
	"context"
	"fmt"
	"log"

	"wattle/capture"
	"wattle/device"
	"wattle/session"
	"wattle/simulator"
	"wattle/simulator/homes"
)

// living opens a device of the invented home whose clock runs fast, and gives
// the simulated device as well, to which things can happen.
func living(ctx context.Context, name string) (*device.Device, *simulator.Device) {
	var file *capture.File
	for _, f := range homes.Demo() {
		if f.Name == name {
			file = f
		}
	}
	virtual, err := simulator.New(file, &simulator.DeviceOptions{Library: homes.Library(), KeepIDs: true, Now: simulator.Faster(50)})
	if err != nil {
		log.Fatal(err)
	}
	d, err := device.New(ctx, session.New(&direct{device: virtual}, file.Family, nil), file.Family, nil)
	if err != nil {
		log.Fatal(err)
	}
	return d, virtual
}

// child is the child of a hub with a name.
func child(hub *device.Device, name string) *device.Device {
	for _, c := range hub.Children() {
		if c.Identity().Alias == name {
			return c
		}
	}
	log.Fatal("no child is called " + name)
	return nil
}

// A leak sensor waits to be paired.
func ExamplePairing() {
	ctx := context.Background()
	hub, _ := living(ctx, "H100(EU)_1.0_1.6.0")
	pairing, err := hub.Pairing()
	if err != nil {
		log.Fatal(err)
	}
	for found, err := range pairing.Scan(ctx, 0) {
		if err != nil {
			log.Fatal(err)
		}
		added, err := pairing.Add(ctx, found)
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(found.Model, "is now", added[0].Identity().Alias)
		if err := added[0].Unpair(ctx); err != nil {
			log.Fatal(err)
		}
		break // what ends the scan
	}
	// Output: T300 is now Washing machine
}

// Follow what buttons and sensors do. Positions are worth being stored: with
// them nothing is lost while the program does not run.
func ExampleFollower() {
	ctx := context.Background()
	hub, home := living(ctx, "H100(EU)_1.0_1.6.0")
	follower, err := hub.Follower(nil)
	if err != nil {
		log.Fatal(err)
	}
	for range follower.Look(ctx) { // what was before does not count
	}
	positions := follower.Positions()

	// Meanwhile, at the back door:
	if err := home.Fire("Back door", "open", ""); err != nil {
		log.Fatal(err)
	}
	follower, err = hub.Follower(&device.FollowOptions{Positions: positions})
	if err != nil {
		log.Fatal(err)
	}
	for e, err := range follower.Look(ctx) {
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(e.Device.Identity().Alias, e.Kind)
	}
	// Output: Back door open
}

func ExampleDevice_Climate() {
	ctx := context.Background()
	hub := demo(ctx, "H100(EU)_1.0_1.6.0")
	series, err := child(hub, "Study climate").Climate(ctx)
	if err != nil {
		log.Fatal(err)
	}
	newest := series.Points[len(series.Points)-1]
	fmt.Println(len(series.Points), "steps, the newest with", *newest.Temperature, series.Unit)
	// Output: 96 steps, the newest with 20.5 celsius
}

func ExampleSiren() {
	ctx := context.Background()
	siren, err := demo(ctx, "H100(EU)_1.0_1.6.0").Siren()
	if err != nil {
		log.Fatal(err)
	}
	if err := siren.Play(ctx, device.Sounding{Sound: "dripping tap", Volume: "low"}); err != nil {
		log.Fatal(err)
	}
	on, known, _, err := siren.Sounding(ctx)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("sounds:", on, known)
	if err := siren.Stop(ctx); err != nil {
		log.Fatal(err)
	}
	// What it cannot play is said before anything is sent.
	fmt.Println(siren.Play(ctx, device.Sounding{Volume: "deafening"}))
	// Output:
	// sounds: true true
	// value refused: volume "deafening" is not one of mute, low, normal, high
}
