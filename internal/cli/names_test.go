package cli

import (
	"testing"

	"wattle"
)

func TestFind(t *testing.T) {
	mac := func(n byte) wattle.MAC { return wattle.MAC{0x02, 0, 0, 0, 0, n} }
	home := []named{
		{alias: "Desk lamp", id: "AA01", host: "192.0.2.1", mac: mac(1)},
		{alias: "desk LAMP", id: "AA02", host: "192.0.2.2", mac: mac(2)},
		{alias: "Heater", id: "AA03", host: "192.0.2.3", mac: mac(3)},
		{alias: "Strip", id: "AA04", host: "192.0.2.4", mac: mac(4), children: []named{
			{alias: "Coffee", id: "AA0400"}, {alias: "Tea/Water", id: "AA0401"}, {alias: "Heating pad", id: "AA0402"}}},
		{alias: "Up/down", id: "AA05", host: "192.0.2.5", mac: mac(5), children: []named{{alias: "Coffee", id: "AA0500"}}},
		{alias: "Twin", id: "AA06", host: "192.0.2.6", mac: mac(6)},
		{alias: "Twin", id: "AA07", host: "192.0.2.7", mac: mac(7)},
	}
	for _, tt := range []struct {
		ref  string
		want pick
		code Code
	}{
		{"Desk lamp", pick{0, -1}, 0},
		{"desk LAMP", pick{1, -1}, 0},
		{"DESK lamp", pick{}, CodeUsage},
		{"hea", pick{2, -1}, 0}, // a device goes before a child
		{"heater", pick{2, -1}, 0},
		{"heating", pick{3, 2}, 0},
		{"aa03", pick{2, -1}, 0},
		{"02:00:00:00:00:03", pick{2, -1}, 0},
		{"020000000003", pick{2, -1}, 0},
		{"192.0.2.4", pick{3, -1}, 0},
		{"strip/coffee", pick{3, 0}, 0},
		{"strip/2", pick{3, 1}, 0},
		{"strip/tea/water", pick{3, 1}, 0},
		{"192.0.2.4/AA0402", pick{3, 2}, 0},
		{"strip/4", pick{}, CodeNotFound},
		{"strip/0", pick{}, CodeNotFound},
		{"up/down", pick{4, -1}, 0},
		{"up/down/1", pick{4, 0}, 0},
		{"heater/1", pick{}, CodeNotFound},
		{"coffee", pick{}, CodeUsage},
		{"tea", pick{3, 1}, 0},
		{"twin", pick{}, CodeUsage},
		{"", pick{}, CodeNotFound},
		{"lamp", pick{}, CodeNotFound},
	} {
		got, err := find(tt.ref, home)
		if exitCode(err) != tt.code || err == nil && got != tt.want {
			t.Errorf("%q: %v, %v; want %v with code %d", tt.ref, got, err, tt.want, tt.code)
		}
	}
	_, err := find("Heeter", home)
	if got, want := hintOf(err), `did you mean "Heater"?`; got != want {
		t.Errorf("hint %q, want %q", got, want)
	}
	_, err = find("twin", home)
	if got, want := err.Error(), `"twin" can be "02:00:00:00:00:06" or "02:00:00:00:00:07"`; got != want {
		t.Errorf("%s, want %s", got, want)
	}
}
