package cli

import (
	"context"

	"wattle/recorder"
)

// reload reads the configuration again and applies what has changed; sessions
// stay. With a mistake in it everything stays as it was, and the log tells.
func (d *daemon) reload(ctx context.Context) error {
	d.reloading.Lock()
	defer d.reloading.Unlock()
	if err := d.takeSettings(ctx); err != nil {
		d.log.Error("configuration not taken", "err", err, "hint", hintOf(err))
		return err
	}
	// Not with the context of who asked: the surface that it came over may be
	// one of those that change.
	go d.changeSurfaces(context.WithoutCancel(ctx))
	d.log.Info("configuration read")
	return nil
}

func (d *daemon) takeSettings(ctx context.Context) error {
	fresh := d.app().again()
	if err := fresh.prepare(); err != nil {
		return err
	}
	if _, err := fresh.profile(); err != nil {
		return err
	}
	zone, err := fresh.homeZone()
	if err != nil {
		return err
	}
	tariffs, err := recorder.ParseTariffs(zone, fresh.set.tariffs)
	if err != nil {
		return of(tariffsKey, err)
	}
	account, err := fresh.account(ctx)
	if err != nil {
		return err
	}
	if before, _ := d.app().account(ctx); account != before {
		d.hub.SetAccount(account)
		d.log.Info("account changed")
	}
	if d.archive != nil {
		d.archive.reader.SetTariffs(tariffs)
	}
	for _, key := range fixedSettings {
		if fresh.set.text(key) != d.app().set.text(key) {
			d.log.Warn("takes effect with the next start", "setting", key)
		}
	}
	d.current.Store(fresh)
	return nil
}

// fixedSettings are those that a running hub cannot change.
var fixedSettings = []string{
	"hub.interval", "hub.sweep", "hub.adopt", "hub.zone", "via", "history.enabled", "history.address", "history.keep.samples",
	"history.keep.minutes", "history.keep.hours", "history.keep.states", "history.keep.events", "tpap.ca_file", "tpap.attestation",
	"discovery.targets", "discovery.only_targets",
}

// again is the program with the same flags that has read nothing yet.
func (a *app) again() *app {
	return &app{
		in: a.in, out: a.out, err: a.err, getenv: a.getenv, environ: a.environ, serving: a.serving,
		inTTY: a.inTTY, outTTY: a.outTTY, errTTY: a.errTTY, flags: a.flags, log: a.log, memory: a.memory,
	}
}
