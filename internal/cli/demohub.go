package cli

import (
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"math"
	"os"
	"path/filepath"
	"time"

	"wattle"
	"wattle/device"
	"wattle/energy"
	"wattle/feature"
	"wattle/history"
	"wattle/history/store"
)

// demoDays is how far back the history of the demo goes.
const demoDays = 30

// demoHub fills a history, and runs a hub over the devices of the demo until ctx
// ends. What it needs of the settings is its own: a real hub may run beside it.
func (a *app) demoHub(ctx context.Context, targets []target, started func()) error {
	own := a.again()
	own.serving, own.memory = true, nil
	own.flags.profile, own.flags.quiet = demoProfile, true
	own.settle = func(set *settings) {
		for _, key := range []string{"listen.http", "mqtt.broker", "metrics.listen", "history.address", "history.enabled", "listen.socket"} {
			delete(set.byKey, key)
		}
		set.byKey["hub.sweep"] = value{[]string{"0s"}, "demo"}
		set.byKey["via"] = value{[]string{"local"}, "demo"}
		set.tariffs = nil
	}
	if _, err := own.profile(); err != nil {
		return err
	}
	unlock, err := own.lockHome()
	if err != nil {
		return err
	}
	defer unlock()
	if err := a.fillPast(ctx, own, targets); err != nil {
		return of("history", err)
	}
	d := own.newDaemon("text")
	d.started, d.attached = started, true
	return d.run(ctx)
}

// fillPast writes what the devices of the demo would have done in the last days,
// into a history that begins anew with each demo.
func (a *app) fillPast(ctx context.Context, own *app, targets []target) error {
	address, err := own.historyAddress()
	if err != nil {
		return err
	}
	if err := ensureFolder(filepath.Dir(address)); err != nil {
		return err
	}
	for _, suffix := range []string{"", "-wal", "-shm"} {
		if err := os.Remove(address + suffix); err != nil && !os.IsNotExist(err) {
			return err
		}
	}
	zone, err := own.homeZone()
	if err != nil {
		return err
	}
	keep := history.DefaultRetention
	keep.Raw, keep.Minute = (demoDays+2)*24*time.Hour, (demoDays+3)*24*time.Hour
	s, err := store.Open(ctx, store.Options{Address: address, Zone: zone, Retention: keep, SkipCheck: true})
	if err != nil {
		return err
	}
	now := time.Now().In(zone)
	batches, errs := visit(ctx, a, targets, func(ctx context.Context, d *opened) (history.Batch, error) {
		return pastOf(ctx, d.dev, now)
	})
	err = join(errs)
	for i := range batches {
		if err == nil && batches[i].Len() > 0 {
			_, err = s.Write(ctx, batches[i])
		}
	}
	return errors.Join(err, s.Close(context.WithoutCancel(ctx)))
}

// pastOf is the made-up past of a device and its children: the same for the same
// device and hour.
func pastOf(ctx context.Context, d *device.Device, now time.Time) (history.Batch, error) {
	var b history.Batch
	state, err := d.Poll(ctx)
	if err != nil {
		return b, err
	}
	root := history.Device{MAC: state.Identity().MAC}
	var used *energy.Series
	if _, measures := state.Reading("consumption_today"); measures {
		from := energy.Day.Floor(now.AddDate(0, 0, -demoDays))
		if used, err = d.EnergySeries(ctx, from, now, energy.Hour); errors.Is(err, wattle.ErrUnsupported) {
			used, err = d.EnergySeries(ctx, from, now, energy.Day)
		}
		if err != nil {
			return b, err
		}
	}
	addPast(&b, root, state, used, now)
	for i, c := range state.Children() {
		id := c.Identity().DeviceID
		if id == "" {
			id = fmt.Sprintf("%02d", i)
		}
		addPast(&b, history.Device{MAC: root.MAC, Child: id}, c, nil, now)
	}
	return b, nil
}

// wave is a number from -1 to 1 that is the same for the same device and time.
func wave(seed uint32, at time.Time) float64 {
	n := uint64(seed)*2654435761 + uint64(at.Unix()/600)*11400714819323198485
	n ^= n >> 29
	n *= 13787848793156543929
	n ^= n >> 32
	return float64(n%2001)/1000 - 1
}

// evening is how much of a home is awake at a time of the day, from 0 to 1.
func evening(at time.Time) float64 {
	h := float64(at.Hour()) + float64(at.Minute())/60
	return 0.15 + 0.25*math.Exp(-(h-7.5)*(h-7.5)/4) + 0.6*math.Exp(-(h-20)*(h-20)/8)
}

func addPast(b *history.Batch, id history.Device, state *device.State, used *energy.Series, now time.Time) {
	hash := fnv.New32a()
	_, _ = hash.Write([]byte(id.String()))
	seed := hash.Sum32()
	first := now.AddDate(0, 0, -demoDays).Truncate(time.Hour)
	put := func(r *feature.Reading, at time.Time, v feature.Value) {
		b.Samples = append(b.Samples, history.Sample{
			Key: history.Key{Device: id, Feature: r.ID}, Time: at, Value: v, Unit: r.Unit, Hold: 2 * time.Hour,
		})
	}
	readings := state.Readings()
	for i := range readings {
		r := &readings[i]
		base, _ := r.Value.Number()
		switch r.ID {
		case "state":
			last := !wake(seed, first)
			for at := first; at.Before(now); at = at.Add(20 * time.Minute) {
				if on := wake(seed, at); on != last || at.Minute() == 0 {
					put(r, at, feature.ValueOf(on))
					last = on
				}
			}
		case "temperature":
			for at := first; at.Before(now); at = at.Add(15 * time.Minute) {
				day := math.Sin(2 * math.Pi * (float64(at.Hour())/24 - 0.35))
				put(r, at, feature.ValueOf(math.Round(10*(base+1.4*day+0.2*wave(seed, at)))/10))
			}
		case "humidity":
			for at := first; at.Before(now); at = at.Add(15 * time.Minute) {
				put(r, at, feature.ValueOf(int(base-4*math.Sin(2*math.Pi*(float64(at.Hour())/24-0.35))+2*wave(seed, at))))
			}
		case "rssi":
			for at := first; at.Before(now); at = at.Add(time.Hour) {
				put(r, at, feature.ValueOf(int(base+3*wave(seed, at))))
			}
		case "current_consumption":
			if used == nil {
				continue
			}
			addPower(b, id, seed, used, now, func(at time.Time, watts float64) {
				put(r, at, feature.ValueOf(math.Round(10*watts)/10))
			})
		}
	}
}

// wake says whether something is on: mostly in the evening.
func wake(seed uint32, at time.Time) bool {
	return (wave(seed, at.Truncate(40*time.Minute))+1)/2 < evening(at)
}

// addPower spreads what a meter has counted over its hours, and keeps books that
// agree with it.
func addPower(b *history.Batch, id history.Device, seed uint32, used *energy.Series, now time.Time, put func(time.Time, float64)) {
	today := 0.0
	for _, p := range used.Points {
		if !p.Known || p.Start.After(now) {
			continue
		}
		weights, sum := []float64{}, 0.0
		for at := p.Start; at.Before(p.End); at = at.Add(20 * time.Minute) {
			w := evening(at) * (1 + 0.3*wave(seed, at))
			weights, sum = append(weights, w), sum+w
		}
		for i, w := range weights {
			at := p.Start.Add(time.Duration(i) * 20 * time.Minute)
			if !at.Before(now) {
				break
			}
			kwh := p.Value * w / sum
			watts := kwh * 3000
			put(at, watts)
			if at.Hour() == 0 && at.Minute() == 0 {
				today = 0
			}
			today += kwh
			end := at.Add(20*time.Minute - time.Second)
			if end.After(now) {
				break
			}
			b.Meters = append(b.Meters, history.Reading{
				Device: id, Time: end, Clock: end, Today: feature.ValueOf(math.Round(1000*today) / 1000), Power: feature.ValueOf(watts),
			})
		}
	}
}
