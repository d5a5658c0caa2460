package connect

import (
	"context"
	"log/slog"
	"time"
)

// Away reports whether a device that is preferred locally is reached through the
// cloud, until it is met at home again.
func (k *Keeper) Away() bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.awayLocked()
}

func (k *Keeper) awayLocked() bool {
	return k.result != nil && k.result.Way != nil && k.target.Policy != CloudOnly
}

// hasCloud reports whether the device may be reached through the cloud.
func (k *Keeper) hasCloud() bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.options.Cloud != nil && k.target.Policy != LocalOnly
}

// serveAway is serve through the cloud, with an eye on the device at home. home
// means that it is reached locally now. A refusal at home ends the way: it is no
// reason for the cloud.
func (k *Keeper) serveAway(ctx context.Context) (lost error, home bool) {
	next, closed := time.Now().Add(awayTime), true
	for {
		k.mu.Lock()
		probe := k.probe
		k.mu.Unlock()
		step := time.Until(next)
		if probe > 0 {
			step = min(step, probe)
		}
		timer := time.NewTimer(max(step, 0))
		var try bool
		select {
		case <-ctx.Done():
			timer.Stop()
			return nil, false
		case l := <-k.loss:
			timer.Stop()
			if k.dropped(l) {
				return nil, false // it says nothing about the device at home
			}
			continue
		case <-k.kick:
			try = true
		case <-timer.C:
			try = !time.Now().Before(next)
		}
		timer.Stop()
		if !try && probe > 0 {
			open, known := k.probePort(ctx)
			try = known && open && closed
			closed = !open
		}
		if !try {
			continue
		}
		err := k.comeHome(ctx)
		if err == nil {
			return nil, true
		}
		if state, _ := k.judge(err); state != Unreachable {
			k.drop(false)
			return err, false
		}
		next = time.Now().Add(awayTime)
	}
}

// comeHome opens the device locally in place of the way through the cloud, which
// is closed when its last call is over.
func (k *Keeper) comeHome(ctx context.Context) error {
	leave, err := k.pass(ctx)
	if err != nil {
		return err
	}
	defer leave()
	k.mu.Lock()
	before := k.result
	k.mu.Unlock()
	result, err := k.opener().local(ctx)
	if err != nil {
		k.refusedBy(err)
		return err
	}
	k.took(result)
	k.mu.Lock()
	k.result, k.misses = result, 0
	status := k.status
	k.tellLocked()
	k.mu.Unlock()
	k.closing.Go(func() {
		stop := context.AfterFunc(ctx, func() { _ = before.Close() })
		before.calls.Wait()
		stop()
		_ = before.Close()
	})
	k.log.LogAttrs(ctx, slog.LevelInfo, "device is home again", slog.String("device", k.name()))
	if k.told != nil {
		k.told(status)
	}
	return nil
}
