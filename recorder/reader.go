package recorder

import (
	"context"
	"iter"
	"time"

	"wattle/energy"
	"wattle/history"
)

// Reader is what may be asked of a history; *store.Store is one. It is safe for
// concurrent use. Errors wrap [history.ErrNotFound] or [wattle.ErrParam] where
// they apply.
type Reader interface {
	// Series lists the series of a device, or of all for the zero Device.
	Series(ctx context.Context, d history.Device) ([]history.Key, error)
	// Latest gives the newest state of every feature.
	Latest(ctx context.Context, d history.Device) ([]history.Sample, error)
	// Samples gives single samples, at most limit; go on behind the last one.
	Samples(ctx context.Context, k history.Key, from history.Cursor, to time.Time, limit int) ([]history.Sample, error)
	// Downsample gives a series in at most points buckets.
	Downsample(ctx context.Context, k history.Key, from, to time.Time, points int) (*history.Series, error)
	// Range gives a series by minute, hour or day.
	Range(ctx context.Context, k history.Key, by history.Resolution, from, to time.Time) (*history.Series, error)
	// Energy gives what a device used by hour, day or month.
	Energy(ctx context.Context, d history.Device, by energy.Step, from, to time.Time) ([]history.Usage, error)
	// Meter gives the lifetime counter of a device, Meters who has one.
	Meter(ctx context.Context, d history.Device) (*history.Meter, error)
	Meters(ctx context.Context) ([]history.Device, error)
	// Books gives the hours of a meter: what was counted, estimated and filled,
	// what the device itself says, and what is not known.
	Books(ctx context.Context, d history.Device, from, to time.Time) ([]history.Entry, []history.Span, error)
	// Records goes through what is selected, for [history.Export].
	Records(ctx context.Context, s history.Selection) iter.Seq2[history.Record, error]
	// Backup copies the history into a new file while everything goes on.
	Backup(ctx context.Context, path string) error
	// Forget deletes all that is known of a device.
	Forget(ctx context.Context, d history.Device) error
	Size(ctx context.Context) (int64, error)
}
