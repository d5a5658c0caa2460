package cli

import (
	"context"

	"wattle/recorder"
)

// reload reads the configuration again and applies what has changed. With a
// mistake in it everything stays as it was.
func (d *daemon) reload(ctx context.Context) {
	fresh := d.app().again()
	if err := fresh.prepare(); err != nil {
		d.log.Error("configuration not taken", "err", err)
		return
	}
	if _, err := fresh.profile(); err != nil {
		d.log.Error("configuration not taken", "err", err)
		return
	}
	zone, err := fresh.homeZone()
	if err != nil {
		d.log.Error("configuration not taken", "err", err)
		return
	}
	account, err := fresh.account(ctx)
	if err != nil {
		d.log.Error("account not taken", "err", err)
		return
	}
	if before, _ := d.app().account(ctx); account != before {
		d.hub.SetAccount(account)
		d.log.Info("account changed")
	}
	if d.archive != nil {
		tariffs, err := recorder.ParseTariffs(zone, fresh.set.tariffs)
		if err != nil {
			d.log.Error("tariffs not taken", "err", err)
		} else {
			d.archive.reader.SetTariffs(tariffs)
		}
	}
	d.current.Store(fresh)
	d.changeSurfaces(ctx)
	d.log.Info("configuration read")
}

// again is the program with the same flags that has read nothing yet.
func (a *app) again() *app {
	return &app{
		in: a.in, out: a.out, err: a.err, getenv: a.getenv, environ: a.environ,
		inTTY: a.inTTY, outTTY: a.outTTY, errTTY: a.errTTY, flags: a.flags, log: a.log, memory: a.memory,
	}
}
