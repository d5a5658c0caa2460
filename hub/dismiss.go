package hub

import (
	"bytes"
	"context"
	"encoding/json"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"time"

	"wattle"
)

// dismissed are the devices that somebody has taken out: a sweep that meets them
// does not adopt them again, in this run or a later one, until somebody adds them.
type dismissed struct {
	keep Keep // nil: for this run only
	log  *slog.Logger

	mu    sync.Mutex
	macs  map[wattle.MAC]bool
	known bool // what earlier runs have kept is among them
	dirty bool // they are to be saved
}

const dismissedName = "dismissed"

func newDismissed(keep Keep, log *slog.Logger) *dismissed {
	return &dismissed{keep: keep, log: log, macs: map[wattle.MAC]bool{}, known: keep == nil}
}

// has reports whether a device is not to be adopted: also while it is not known
// what was kept.
func (d *dismissed) has(mac wattle.MAC) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return !d.known || d.macs[mac]
}

// set notes that a device was taken out, or added. [dismissed.save] is to follow.
func (d *dismissed) set(mac wattle.MAC, out bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.macs[mac] != out || !d.known {
		d.macs[mac], d.dirty = out, true
	}
}

// load learns what earlier runs have kept, until it has succeeded once.
func (d *dismissed) load(ctx context.Context) {
	d.mu.Lock()
	known := d.known
	d.mu.Unlock()
	if known {
		return
	}
	data, err := d.keep.Load(ctx, dismissedName)
	var kept []wattle.MAC
	if err == nil && data != nil {
		if broken := json.Unmarshal(data, &kept); broken != nil {
			// It is lost whatever is done: devices come back.
			d.log.LogAttrs(ctx, slog.LevelWarn, "devices that were taken out", slog.Any("err", broken))
		}
	}
	if err != nil {
		if ctx.Err() == nil {
			d.log.LogAttrs(ctx, slog.LevelWarn, "devices that were taken out: none is adopted", slog.Any("err", err))
		}
		return
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.known = true
	for _, mac := range kept {
		if _, newer := d.macs[mac]; !newer {
			d.macs[mac] = true
		}
	}
}

// save keeps what has changed. It waits for the disk.
func (d *dismissed) save() {
	if d.keep == nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	d.load(ctx)
	d.mu.Lock()
	if !d.dirty || !d.known {
		d.mu.Unlock()
		return
	}
	maps.DeleteFunc(d.macs, func(_ wattle.MAC, out bool) bool { return !out })
	macs := slices.SortedFunc(maps.Keys(d.macs), func(a, b wattle.MAC) int { return bytes.Compare(a[:], b[:]) })
	d.dirty = false
	d.mu.Unlock()
	data, err := json.Marshal(macs)
	if err == nil {
		err = d.keep.Save(ctx, dismissedName, data)
	}
	if err != nil {
		d.mu.Lock()
		d.dirty = true
		d.mu.Unlock()
		d.log.LogAttrs(ctx, slog.LevelWarn, "devices that were taken out", slog.Any("err", err))
	}
}
