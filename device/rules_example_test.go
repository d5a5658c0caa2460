package device_test

import (
	"context"
	"fmt"
	"log"
	"time"

	"wattle/energy"
	"wattle/method"
	"wattle/rule"
)

// Rules are carried out by the device itself, without wattle.
func ExampleDevice_AddSchedule() {
	ctx := context.Background()
	lamp := demo(ctx, "L530(EU)_3.0_1.2.3")
	id, err := lamp.AddSchedule(ctx, rule.Schedule{
		Enabled: true, Days: rule.Workdays, At: rule.ClockTime(6, 30),
		Action: rule.Action{Do: rule.On, Brightness: method.Some(20), ColorTemp: method.Some(2700)},
	})
	if err != nil {
		log.Fatal(err)
	}
	if err := lamp.EnableSchedule(ctx, id, false); err != nil { // the holidays
		log.Fatal(err)
	}
	schedules, err := lamp.Schedules(ctx)
	if err != nil {
		log.Fatal(err)
	}
	last := schedules.List[len(schedules.List)-1]
	fmt.Println(last.Days, last.At, last.Action.Do, last.Action.Brightness.Or(0), "enabled:", last.Enabled)
	fmt.Println("room for", schedules.Max-len(schedules.List), "more")
	// Output:
	// mon-fri 06:30 on 20 enabled: false
	// room for 31 more
}

func ExampleDevice_SetTimer() {
	ctx := context.Background()
	// The same for a Kasa and a Tapo device.
	for _, name := range []string{"HS100(EU)_2.1_1.6.2", "P110(EU)_1.0_1.4.2"} {
		plug := demo(ctx, name)
		if err := plug.SetTimer(ctx, 20*time.Minute, false); err != nil {
			log.Fatal(err)
		}
		t, err := plug.Timer(ctx)
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(plug.Family(), t.Timer.Action.Do, "in", t.Timer.Remain)
	}
	// Output:
	// iot off in 20m0s
	// smart off in 20m0s
}

func ExampleDevice_SetAway() {
	ctx := context.Background()
	plug := demo(ctx, "HS100(EU)_2.1_1.6.2")
	err := plug.SetAway(ctx, rule.Away{
		Enabled: true, Days: rule.Daily, Start: rule.At{From: rule.Sunset}, End: rule.ClockTime(23, 0),
	})
	if err != nil {
		log.Fatal(err)
	}
	away, err := plug.Away(ctx)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(away.Enabled, away.List[0].Days, away.List[0].Start, "to", away.List[0].End)
	// Output: true daily sunset to 23:00
}

// What a device does not offer is nil; auto-off is one of the things that only
// Tapo devices have.
func ExampleDevice_Rules() {
	ctx := context.Background()
	for _, name := range []string{"HS100(EU)_2.1_1.6.2", "P110(EU)_1.0_1.4.2"} {
		rules, err := demo(ctx, name).Rules(ctx)
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(rules.Schedules != nil, rules.Timer != nil, rules.Away != nil, rules.AutoOff != nil)
	}
	// Output:
	// true true true false
	// true true true true
}

// A strip has a series for itself, the sum, and one for each outlet.
func ExampleDevice_EnergySeries_strip() {
	ctx := context.Background()
	strip := demo(ctx, "KP303(EU)_2.0_1.1.5")
	today, err := strip.DeviceTime(ctx)
	if err != nil {
		log.Fatal(err)
	}
	s, err := strip.EnergySeries(ctx, today.AddDate(0, -1, 0), today, energy.Month)
	if err != nil {
		log.Fatal(err)
	}
	whole, _, _ := s.Total()
	sum := 0.0
	for i := range s.Parts {
		part, _, _ := s.Parts[i].Total()
		sum += part
	}
	fmt.Printf("%d months of %d outlets, the sum is right: %t\n", len(s.Points), len(s.Parts), whole-sum < 0.001)
	// Kasa devices keep days and months, not hours.
	_, err = strip.EnergySeries(ctx, today.AddDate(0, 0, -1), today, energy.Hour)
	fmt.Println(err != nil)
	// Output:
	// 2 months of 3 outlets, the sum is right: true
	// true
}
