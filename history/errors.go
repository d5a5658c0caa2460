package history

import "errors"

// What can be wrong with the place where history is kept. Package history/store
// wraps these and says what to do.
var (
	ErrQueueFull = errors.New("history: too much waits to be written")
	ErrClosed    = errors.New("history: closed")
	ErrDiskFull  = errors.New("history: the disk is full")
	ErrReadOnly  = errors.New("history: cannot be written to")
	ErrDamaged   = errors.New("history: the database is damaged")
	ErrForeign   = errors.New("history: not a history of wattle")
	ErrNewer     = errors.New("history: written by a newer wattle")
	ErrInUse     = errors.New("history: in use by another process")
	ErrNotFound  = errors.New("history: nothing is known of it")
)
