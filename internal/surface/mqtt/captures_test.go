package mqtt_test

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"wattle"
	"wattle/capture"
	"wattle/hub"
	"wattle/hub/hubtest"
	"wattle/internal/recorded"
)

// TestCaptures holds what is announced of every recorded device against what Home
// Assistant takes.
func TestCaptures(t *testing.T) {
	paths := recorded.Files(t, "iot", "smart")
	f := readFields(t)
	devices, components := 0, 0
	for _, path := range paths {
		file, err := capture.Load(path)
		if err != nil {
			t.Fatal(err)
		}
		synctest.Test(t, func(t *testing.T) { // each by itself: many have the same masked MAC
			home := hubtest.Start(t, []*capture.File{file})
			o := home.Options()
			if o.Entries[0].Target.MAC.IsZero() {
				o.Entries[0].Target.MAC = wattle.MAC{2, 0, 0, 0, 0, 1}
			}
			h := home.Hub(o)
			hubtest.Online(t, h, 1)
			b := start(t, h, home, nil)
			settle(time.Minute)
			for _, v := range h.Views() {
				topic := "homeassistant/device/wattle_" + hub.Slug(v.ID) + "/config"
				text, ok := b.get(topic)
				if !ok {
					t.Errorf("%s: %s was not announced", file.Name, hub.Slug(v.ID))
					continue
				}
				devices++
				components += strings.Count(text, `"unique_id"`)
				for _, problem := range f.check(topic, text, b.get) {
					t.Errorf("%s %s: %s", file.Name, hub.Slug(v.ID), problem)
				}
			}
		})
	}
	t.Logf("%d devices, %d components", devices, components)
}
