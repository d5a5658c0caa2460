package simulator_test

import (
	"testing"

	"wattle/simulator"
	"wattle/simulator/homes"
)

func BenchmarkNew(b *testing.B) {
	library := homes.Library()
	files := homes.Demo()
	b.ReportAllocs()
	i := 0
	for b.Loop() {
		if _, err := simulator.New(files[i%len(files)], &simulator.DeviceOptions{Index: i % 1000, Library: library}); err != nil {
			b.Fatal(err)
		}
		i++
	}
}

func BenchmarkHandle(b *testing.B) {
	for _, tt := range []struct{ name, device, request string }{
		{"iot", "KP115(EU)", `{"system":{"get_sysinfo":{}},"emeter":{"get_realtime":{}}}`},
		{"smart", "P110(EU)", `{"method":"multipleRequest","params":{"requests":[{"method":"get_device_info"},{"method":"get_energy_usage"},{"method":"get_current_power"}]}}`},
		{"hub", "H100(EU)", `{"method":"get_child_device_list"}`},
	} {
		b.Run(tt.name, func(b *testing.B) {
			d := device(b, tt.device, simulator.DeviceOptions{})
			request := []byte(tt.request)
			b.ReportAllocs()
			for b.Loop() {
				if _, err := d.Handle(b.Context(), request); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
