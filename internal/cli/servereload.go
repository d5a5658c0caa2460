package cli

import (
	"context"
	"maps"
	"reflect"
	"slices"
	"strings"

	"wattle"
	"wattle/discover"
	"wattle/history"
	"wattle/internal/hubapi"
	"wattle/recorder"
)

// reload reads the configuration again and applies what has changed; sessions
// stay. With a mistake in it everything stays as it was, and the log tells. So it
// does of settings that want a new start: they keep their values until then.
func (d *daemon) reload(ctx context.Context) (hubapi.Reloaded, error) {
	d.reloading.Lock()
	defer d.reloading.Unlock()
	told, old, err := d.takeSettings(ctx)
	if err != nil {
		d.log.Error("configuration not taken", "err", err, "hint", hintOf(err))
		return told, err
	}
	d.log.Info("configuration read", "changed", told.Changed)
	for _, key := range told.Restart {
		d.log.Warn("takes effect with the next start", "setting", key)
	}
	// Not with the context of who asked: the surface that it came over may be
	// one of those that change.
	d.changing.Go(func() {
		d.changeSurfaces(context.WithoutCancel(ctx))
		old.close(d)
	})
	return told, nil
}

// takeSettings gives the history that is not written any more, if there is one.
func (d *daemon) takeSettings(ctx context.Context) (told hubapi.Reloaded, old *archive, err error) {
	fresh := d.app().again()
	if err := fresh.prepare(); err != nil {
		return told, nil, err
	}
	if _, err := fresh.homeZone(); err != nil {
		return told, nil, err // it would be one at the next start
	}
	told = fresh.set.since(d.app().set)
	next, err := d.prepareSettings(ctx, fresh)
	if err != nil {
		return told, nil, err
	}
	if before, _ := d.app().account(ctx); next.account != before {
		d.hub.SetAccount(next.account)
		d.log.Info("account changed")
	}
	d.hub.Tune(fresh.set.tuning())
	if slices.ContainsFunc(told.Changed, searches) {
		d.hub.SetDiscover(next.discovery)
	}
	d.engine.SetPlace(fresh.set.place())
	if next.moved {
		old = d.archive.Load()
		d.record(next.archive)
	}
	if h := d.archive.Load(); h != nil {
		h.reader.SetTariffs(next.tariffs)
		if err := h.store.SetRetention(next.retention); err != nil {
			return told, old, err // it was checked
		}
	}
	d.current.Store(fresh)
	return told, old, nil
}

// searches reports whether a setting says where devices are looked for.
func searches(key string) bool {
	return strings.HasPrefix(key, "discovery.") || strings.HasSuffix(key, ".targets")
}

// nextSettings are the parts that are made of settings, before any is applied.
type nextSettings struct {
	account   wattle.Credentials
	discovery *discover.Options
	tariffs   *history.Tariffs
	retention history.Retention
	moved     bool     // the history is another one
	archive   *archive // of which this is the new one, nil for none
}

// prepareSettings makes everything that can go wrong.
func (d *daemon) prepareSettings(ctx context.Context, fresh *app) (next nextSettings, err error) {
	if _, err := fresh.profile(); err != nil {
		return next, err
	}
	zone, err := fresh.homeZone()
	if err != nil {
		return next, err
	}
	if next.tariffs, err = recorder.ParseTariffs(zone, fresh.set.tariffs); err != nil {
		return next, of(tariffsKey, err)
	}
	if next.account, err = fresh.account(ctx); err != nil {
		return next, err
	}
	if next.discovery, err = fresh.hubDiscovery(); err != nil {
		return next, err
	}
	if next.retention, err = fresh.set.retention(); err != nil {
		return next, err
	}
	address := ""
	if fresh.set.bool("history.enabled") {
		if address, err = fresh.historyAddress(); err != nil {
			return next, err
		}
	}
	before := ""
	if h := d.archive.Load(); h != nil {
		before = h.address
	}
	if next.moved = address != before; next.moved {
		next.archive, err = d.openHistory(ctx, fresh) // last: nobody else closes it
	}
	return next, err
}

// since tells what differs from settings that a hub runs with, and takes those
// that want a new start back to what they were.
func (s *settings) since(running *settings) (told hubapi.Reloaded) {
	all := map[string]bool{}
	for _, key := range keys() {
		all[key] = !strings.Contains(key, "*")
	}
	for _, set := range []*settings{s, running} {
		for key := range set.byKey {
			all[key] = true
		}
	}
	told = hubapi.Reloaded{Changed: []string{}, Restart: []string{}}
	for _, key := range slices.Sorted(maps.Keys(all)) {
		row, _ := findSetting(key)
		if !all[key] || slices.Equal(s.list(key), running.list(key)) {
			continue
		}
		switch row.reload {
		case atOnce:
			told.Changed = append(told.Changed, key)
		case atStart:
			told.Restart = append(told.Restart, key)
			s.byKey[key] = running.get(key)
		}
	}
	if !reflect.DeepEqual(s.tariffs, running.tariffs) {
		told.Changed = append(told.Changed, tariffsKey)
	}
	return told
}

// again is the program with the same flags that has read nothing yet.
func (a *app) again() *app {
	return &app{
		in: a.in, out: a.out, err: a.err, getenv: a.getenv, environ: a.environ, serving: a.serving,
		inTTY: a.inTTY, outTTY: a.outTTY, errTTY: a.errTTY, flags: a.flags, log: a.log, memory: a.memory, settle: a.settle,
	}
}
