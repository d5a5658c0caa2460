package device

import (
	"log/slog"
	"time"

	"wattle"
	"wattle/connect"
)

// Options are settings of a device; nil and the zero value work. They are
// copied.
type Options struct {
	// Account is the TP-Link account that set the device up; Kasa devices with
	// old firmware need none. For [Open] only.
	Account wattle.Credentials
	// Connect is how to reach the device, for [Open] only; nil means the
	// defaults. A field Account here goes before the one in it.
	Connect *connect.Options
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
