package device_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"time"

	"wattle"
	"wattle/device"
	"wattle/effect"
	"wattle/feature"
	"wattle/floor"
)

// polled opens a device of the invented home and polls it.
func polled(ctx context.Context, name string) *device.Device {
	d := demo(ctx, name)
	if _, err := d.Poll(ctx); err != nil {
		log.Fatal(err)
	}
	return d
}

func ExampleLight() {
	ctx := context.Background()
	lamp := polled(ctx, "L530(EU)_3.0_1.2.3")
	light, err := lamp.Light()
	if err != nil {
		log.Fatal(err)
	}
	lo, hi, _ := light.TemperatureRange()
	fmt.Println("white from", lo, "to", hi, "K, colours:", light.HasColor(), "effects:", light.HasEffects())
	// One message: the lamp shows nothing in between.
	err = light.Apply(ctx, device.LightChange{On: new(true), Brightness: new(40), Temperature: new(2700)})
	if err != nil {
		log.Fatal(err)
	}
	if _, err := lamp.Poll(ctx); err != nil {
		log.Fatal(err)
	}
	now := light.State()
	fmt.Println(*now.On, *now.Brightness, *now.Temperature)
	// Tapo lights do not fade to a value.
	err = light.Apply(ctx, device.LightChange{Brightness: new(90), Transition: time.Second})
	fmt.Println(errors.Is(err, wattle.ErrUnsupported))
	// Output:
	// white from 2500 to 6500 K, colours: true effects: true
	// true 40 2700
	// true
}

func ExampleLight_SetEffect() {
	ctx := context.Background()
	strip := polled(ctx, "L920(EU)_1.0_1.2.0")
	light, err := strip.Light()
	if err != nil {
		log.Fatal(err)
	}
	for _, name := range []string{"candy cane", "sequence red #0000ff transition=2s name=Police", "off", "Candy Crane"} {
		if err := light.SetEffect(ctx, name); err != nil {
			fmt.Println(err)
			continue
		}
		if _, err := strip.Poll(ctx); err != nil {
			log.Fatal(err)
		}
		fmt.Printf("%q\n", light.State().Effect)
	}
	// Output:
	// "Candy Cane"
	// "Police"
	// ""
	// value refused: there is no effect "Candy Crane"
}

func ExampleLight_ShowEffect() {
	ctx := context.Background()
	strip := polled(ctx, "KL430(EU)_2.0_1.1.4")
	light, err := strip.Light()
	if err != nil {
		log.Fatal(err)
	}
	mine, err := effect.Build(effect.IOT, effect.Spec{
		Name: "Sea", Colors: []feature.HSV{{Hue: 200, Saturation: 100, Value: 40}, {Hue: 180, Saturation: 60, Value: 80}},
		Transition: 3 * time.Second, Brightness: 60,
	})
	if err != nil {
		log.Fatal(err)
	}
	if err := light.ShowEffect(ctx, mine, effect.IOT); err != nil {
		log.Fatal(err)
	}
	if _, err := strip.Poll(ctx); err != nil {
		log.Fatal(err)
	}
	fmt.Println(light.State().Effect, *light.State().Brightness)
	// Output: Sea 60
}

func ExampleLight_SavePreset() {
	ctx := context.Background()
	lamp := polled(ctx, "KL130(EU)_1.0_1.9.1")
	light, err := lamp.Light()
	if err != nil {
		log.Fatal(err)
	}
	// Save what it shows, fade to something else, and come back.
	if err := light.Apply(ctx, device.LightChange{Color: &feature.HSV{Hue: 300, Saturation: 80, Value: 50}}); err != nil {
		log.Fatal(err)
	}
	if err := light.SavePreset(ctx, device.LightPreset{Number: 2}); err != nil {
		log.Fatal(err)
	}
	if err := light.Apply(ctx, device.LightChange{Temperature: new(3000), Transition: 2 * time.Second}); err != nil {
		log.Fatal(err)
	}
	if err := light.ApplyPreset(ctx, 2); err != nil {
		log.Fatal(err)
	}
	if _, err := lamp.Poll(ctx); err != nil {
		log.Fatal(err)
	}
	presets, err := light.Presets(ctx)
	fmt.Println(light.State().Color, light.State().Preset, presets[1].Color, err)
	// Output: 300,80,50 Light preset 2 300,80,50 <nil>
}

func ExampleLight_SetDefaults() {
	ctx := context.Background()
	light, err := polled(ctx, "L530(EU)_3.0_1.2.3").Light()
	if err != nil {
		log.Fatal(err)
	}
	// After a power cut: stay off, and shine warm and dim once it is on.
	err = light.SetDefaults(ctx, device.LightDefaults{
		Power: "always_off",
		Mains: &device.LightDefault{Mode: device.CustomState, Brightness: new(10), Temperature: new(2700)},
	})
	if err != nil {
		log.Fatal(err)
	}
	d, err := light.Defaults(ctx)
	fmt.Println(d.Power, d.Mains.Mode, *d.Mains.Brightness, *d.Mains.Temperature, err)
	// Output: always_off custom 10 2700 <nil>
}

func ExampleFan() {
	ctx := context.Background()
	ceiling := polled(ctx, "KS240(US)_1.0_1.1.0")
	for _, part := range ceiling.Children() {
		fan, err := part.Fan()
		if err != nil {
			fmt.Println(errors.Is(err, wattle.ErrUnsupported)) // the light of the switch
			continue
		}
		if err := fan.SetSpeed(ctx, fan.Speeds()); err != nil {
			log.Fatal(err)
		}
		if _, err := part.Poll(ctx); err != nil {
			log.Fatal(err)
		}
		level, _ := fan.Speed()
		fmt.Println("level", level)
	}
	// Output:
	// level 4
	// true
}

func ExampleThermostat() {
	ctx := context.Background()
	for _, child := range polled(ctx, "H100(EU)_1.0_1.6.0").Children() {
		valve, err := child.Thermostat()
		if err != nil {
			continue // a sensor
		}
		if err := valve.SetTarget(ctx, 21.5); err != nil {
			log.Fatal(err)
		}
		if _, err := child.Poll(ctx); err != nil {
			log.Fatal(err)
		}
		target, _ := valve.Target()
		fmt.Println(target, valve.Unit(), valve.SetTarget(ctx, 50))
	}
	// Output: 21.5 celsius target_temperature: value refused: 50 is not in 5 to 30 celsius
}

func ExampleAlarm() {
	ctx := context.Background()
	hub := polled(ctx, "H100(EU)_1.0_1.6.0")
	siren, err := hub.Alarm()
	if err != nil {
		log.Fatal(err)
	}
	if err := siren.SetVolume(ctx, "low"); err != nil {
		log.Fatal(err)
	}
	if err := siren.Play(ctx); err != nil {
		log.Fatal(err)
	}
	if _, err := hub.Poll(ctx); err != nil {
		log.Fatal(err)
	}
	fmt.Println(siren.Active())
	fmt.Println(siren.Stop(ctx))
	// Output:
	// true true
	// <nil>
}

func ExampleVacuum() {
	ctx := context.Background()
	robot, err := polled(ctx, "RV30 Max(EU)_1.0_1.3.1").Vacuum()
	if err != nil {
		log.Fatal(err)
	}
	mapID, rooms, err := robot.Rooms(ctx)
	if err != nil {
		log.Fatal(err)
	}
	for _, r := range rooms {
		fmt.Printf("%d %s %.1f m²\n", r.ID, r.Name, r.Area)
	}
	kitchen, err := device.FindRoom(rooms, "kitchen")
	if err != nil {
		log.Fatal(err)
	}
	if err := robot.SetSuction(ctx, "Max"); err != nil {
		log.Fatal(err)
	}
	if err := robot.Clean(ctx, mapID, kitchen); err != nil {
		log.Fatal(err)
	}
	now, err := robot.State(ctx)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(now.Status, now.Mode, now.Suction, *now.Battery, "%")
	// Output:
	// 3 Living room 9.2 m²
	// 2 Kitchen 5.8 m²
	// 4 Hall 5.4 m²
	// 5 Study 3.6 m²
	// 6 Bathroom 1.7 m²
	// 7 Bedroom 2.3 m²
	// Cleaning rooms Max 100 %
}

func ExampleVacuum_Map() {
	ctx := context.Background()
	robot, err := polled(ctx, "RV30 Max(EU)_1.0_1.3.1").Vacuum()
	if err != nil {
		log.Fatal(err)
	}
	plan, err := robot.Map(ctx, 0)
	if err != nil {
		log.Fatal(err)
	}
	small := plan.Grid(36, 28)
	for y := range small.Height {
		for x := range small.Width {
			switch c := small.At(x, y); c.Kind {
			case floor.InRoom:
				fmt.Print(c.Room)
			case floor.Robot:
				fmt.Print("R")
			default:
				fmt.Print(" #.!!DR"[c.Kind : c.Kind+1])
			}
		}
		fmt.Println()
	}
	// Output:
	// ####################################
	// #######3333333333333################
	// #######3333333333333################
	// ###33333333333333333#22222222222222#
	// ###33333333333333333#22222222222222#
	// #3333333333333333333#22222222222222#
	// #3333333333333333333.22222222222222#
	// #3333333333333333333.22222####22222#
	// #3333333333333333333#22222####22222#
	// #3333333333333333333#22222222222222#
	// #3333333333333333333#22222222222222#
	// #333333333333333!!!!#22222222222222#
	// #333333333333333!!!!#22222222222222#
	// #333333333333333!!!!#22222222222222#
	// ########...################...######
	// #4444444444444444444444444444444444#
	// #DR44444444444444444444444444444444#
	// #4444444444444444444444444444444444#
	// #4444444444444444444444444444444444#
	// ######...#########..########...#####
	// #55555555555555#6666####77777777777#
	// #55555555555555#6666####77777777777#
	// #55555555555555#!!!!!!!!77777777777#
	// #55555555555555#6666666#7777#####77#
	// #55555555555555#6666666#7777#####77#
	// #####5555555555#6666666#7777#####77#
	// #####5555555555#6666666#7777#####77#
	// ####################################
}
