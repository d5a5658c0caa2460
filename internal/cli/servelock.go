package cli

import (
	"errors"
	"fmt"
	"path/filepath"

	"github.com/gofrs/flock"
)

// lockHome makes this process the only hub over a state folder, until unlock.
func (a *app) lockHome() (unlock func(), err error) {
	p, err := a.profile()
	if err != nil {
		return nil, err
	}
	if err := ensureFolder(p.dir); err != nil {
		return nil, settledBy(err, movesState)
	}
	path := filepath.Join(p.dir, "hub.lock")
	lock := flock.New(path, flock.SetPermissions(0o600))
	got, err := lock.TryLock()
	switch {
	case err != nil:
		return nil, settledBy(fmt.Errorf("%s: %w", path, err), movesState)
	case !got:
		return nil, &fault{
			err: errors.New("a hub of this state folder runs already"), code: CodePolicy,
			hint: `"wattle hub status" tells of it; --profile runs one beside it`,
		}
	}
	return func() { _ = lock.Unlock() }, nil
}
