package cli

import (
	"context"
	"log/slog"
	"runtime/debug"
	"time"
)

// settled is how long after its start a hub has done what is done only then:
// devices are connected, the history was looked after once.
const settled = 2 * time.Minute

// saveMemory gives back, once, what only the start has needed: the heap's free
// pages, and the pages of the program's file that packages were set up with.
func (d *daemon) saveMemory(ctx context.Context) error {
	timer := time.NewTimer(settled)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return nil
	case <-timer.C:
	}
	debug.FreeOSMemory()
	if err := releaseProgram(); err != nil {
		d.log.LogAttrs(ctx, slog.LevelDebug, "pages of the program stay mapped", slog.Any("err", err))
	}
	<-ctx.Done()
	return nil
}
