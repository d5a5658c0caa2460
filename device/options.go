package device

import (
	"log/slog"
	"time"
)

// Options are settings of a device; nil and the zero value work. They are
// copied.
type Options struct {
	// Memory is what an earlier process knew of the device, see
	// [Device.Memory]. With it New asks nothing, so that one command costs one
	// request; the state is unknown until the first poll. nil: ask.
	Memory *Memory
	// Verify polls after every setting and fails where the device does not show
	// the new value.
	Verify bool
	// Now is the clock that answers are stamped with; nil means time.Now.
	Now func() time.Time
	// Logger gets what went wrong with single queries, at debug level and once
	// for each change; nil means none.
	Logger *slog.Logger
}
