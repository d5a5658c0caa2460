package device_test

import (
	"context"
	"fmt"
	"log"

	"wattle"
	"wattle/capture"
	"wattle/device"
	"wattle/energy"
	"wattle/method"
	"wattle/rule"
	"wattle/session"
	"wattle/simulator"
	"wattle/simulator/homes"
)

// demo opens one device of the invented home. A real one is opened with
// device.Open and its address.
func demo(ctx context.Context, name string) *device.Device {
	var file *capture.File
	for _, f := range homes.Demo() {
		if f.Name == name {
			file = f
		}
	}
	virtual, err := simulator.New(file, &simulator.DeviceOptions{Library: homes.Library(), KeepIDs: true, Freeze: true, Now: now})
	if err != nil {
		log.Fatal(err)
	}
	s := session.New(&direct{device: virtual}, file.Family, nil)
	d, err := device.New(ctx, s, file.Family, &device.Options{Now: now})
	if err != nil {
		log.Fatal(err)
	}
	return d
}

func ExampleDevice_Set() {
	ctx := context.Background()
	lamp := demo(ctx, "L530(EU)_3.0_1.2.3")
	for _, s := range []struct {
		id    string
		value any
	}{{"brightness", 40}, {"hsv", "#ff8800"}, {"color_temperature", 9000}} {
		if err := lamp.Set(ctx, s.id, s.value); err != nil {
			fmt.Println(err)
		}
	}
	state, err := lamp.Poll(ctx)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(state.Value("state"), state.Value("hsv"))
	// Output:
	// color_temperature: value refused: 9000 is not in 2500 to 6500 K
	// on 32,100,100
}

func ExampleDevice_Children() {
	ctx := context.Background()
	strip := demo(ctx, "KP303(EU)_2.0_1.1.5")
	for _, outlet := range strip.Children() {
		if err := outlet.SetOn(ctx, false); err != nil {
			log.Fatal(err)
		}
	}
	state, err := strip.Poll(ctx)
	if err != nil {
		log.Fatal(err)
	}
	on, _ := state.On()
	fmt.Println(strip.Identity().Type, "with", len(strip.Children()), "outlets, on:", on)
	// Output: Strip with 3 outlets, on: false
}

func ExampleState_Energy() {
	ctx := context.Background()
	// The first has the old unit system, the second the new one.
	for _, name := range []string{"HS110(EU)_1.0_1.3.1", "P110(EU)_1.0_1.4.2"} {
		state, err := demo(ctx, name).Poll(ctx)
		if err != nil {
			log.Fatal(err)
		}
		e, ok := state.Energy()
		fmt.Println(state.Identity().Family, ok, e.Power != nil, e.Total != nil)
	}
	// Output:
	// iot true true true
	// smart true true false
}

func ExampleDevice_Get() {
	plug := demo(context.Background(), "HS100(EU)_2.1_1.6.2")
	_, err := plug.Get("brightness")
	fmt.Println(plug.Family() == wattle.IOT, err)
	// Output: true not supported by this device: Desk lamp has no feature "brightness"
}

func ExampleDevice_EnergySeries() {
	ctx := context.Background()
	plug := demo(ctx, "P110(EU)_1.0_1.4.2")
	now, err := plug.DeviceTime(ctx)
	if err != nil {
		log.Fatal(err)
	}
	s, err := plug.EnergySeries(ctx, now.AddDate(0, 0, -2), now.AddDate(0, 0, 1), energy.Day)
	if err != nil {
		log.Fatal(err)
	}
	for _, p := range s.Points {
		fmt.Printf("%s known %t, running %t\n", p.Start.Format("2 January"), p.Known, p.Running)
	}
	_, known, missing := s.Total()
	fmt.Println(s.Unit, known, missing)
	// Output:
	// 13 January known true, running false
	// 14 January known true, running false
	// 15 January known true, running true
	// 16 January known false, running false
	// kWh 3 0
}

func ExampleDevice_PlanSchedules() {
	ctx := context.Background()
	lamp, plug := demo(ctx, "KL130(EU)_1.0_1.9.1"), demo(ctx, "P100(EU)_1.0_1.5.1")
	evening := rule.Schedule{
		Enabled: true, Days: rule.Workdays, At: rule.At{From: rule.Sunset, Offset: -30},
		Action: rule.Action{Do: rule.On, Brightness: method.Some(40)},
	}
	if _, err := lamp.AddSchedule(ctx, evening); err != nil {
		log.Fatal(err)
	}
	schedules, err := lamp.Schedules(ctx)
	if err != nil {
		log.Fatal(err)
	}
	plan, err := plug.PlanSchedules(ctx, schedules.List, false)
	if err != nil {
		log.Fatal(err)
	}
	for _, loss := range plan.Losses {
		fmt.Println("lost:", loss)
	}
	if err := plug.ApplySchedules(ctx, plan); err != nil {
		log.Fatal(err)
	}
	fmt.Println(&plan.Added[0])
	// Output:
	// lost: mon-fri sunset-30m on, 40 %: brightness 40 %: the device cannot be dimmed
	// mon-fri sunset-30m on
}
