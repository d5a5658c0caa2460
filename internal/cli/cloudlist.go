package cli

import (
	"encoding/json"
	"errors"
	"io/fs"
	"os"

	"wattle/cloud"
	"wattle/internal/atomicfile"
)

// readList is the list of the account that an earlier command has read, nil where
// there is none: a script that switches ten devices through the cloud asks for
// the list once. The client does not use one that is too old.
func readList(path string) *cloud.Home {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil
	}
	var home cloud.Home
	if json.Unmarshal(data, &home) != nil || home.Time.IsZero() {
		return nil // it is read anew
	}
	return &home
}

// saveList keeps a list; nil is none.
func saveList(path string, home *cloud.Home) error {
	if home == nil {
		if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		return nil
	}
	data, err := json.Marshal(home)
	if err != nil {
		return err
	}
	return atomicfile.Write(path, data, 0o600, false)
}
