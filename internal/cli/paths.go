package cli

import (
	"os"
	"path/filepath"
	"runtime"
)

// configFile is where the configuration is read from: --config,
// WATTLE_CONFIG, else config.yaml in the user's configuration folder.
func (a *app) configFile() (string, error) {
	if a.flags.config != "" {
		return a.flags.config, nil
	}
	if path := a.getenv("WATTLE_CONFIG"); path != "" {
		return path, nil
	}
	dir, err := a.folder("XDG_CONFIG_HOME", ".config")
	if err != nil {
		return "", err
	}
	return filepath.Join(dir, "config.yaml"), nil
}

// stateRoot is the folder of known devices, sessions and credentials:
// WATTLE_STATE_DIR, systemd's STATE_DIRECTORY, else the user's state folder.
func (a *app) stateRoot() (string, error) {
	if dir := a.getenv("WATTLE_STATE_DIR"); dir != "" {
		return dir, nil
	}
	if dir := a.getenv("STATE_DIRECTORY"); dir != "" {
		return filepath.SplitList(dir)[0], nil
	}
	return a.folder("XDG_STATE_HOME", ".local/state")
}

// dataRoot is the folder of histories: beside the state where that was said, else
// the user's data folder.
func (a *app) dataRoot() (string, error) {
	if a.getenv("WATTLE_STATE_DIR") != "" || a.getenv("STATE_DIRECTORY") != "" {
		return a.stateRoot()
	}
	return a.folder("XDG_DATA_HOME", ".local/share")
}

// historyAddress is where the history of the profile is: a file or a URL.
func (a *app) historyAddress() (string, error) {
	set, err := a.settings()
	if err != nil {
		return "", err
	}
	if address := set.text("history.address"); address != "" {
		return address, nil
	}
	p, err := a.profile()
	if err != nil {
		return "", err
	}
	root, err := a.dataRoot()
	if p.name != "" {
		root = filepath.Join(root, "profiles", p.name)
	}
	return filepath.Join(root, "history.db"), err
}

// folder is our folder below one of the XDG base folders, or what the
// platform has instead. It follows the XDG base directory specification: a
// relative path in the variable is ignored. (A library for this exists; it reads files while the
// program starts.)
func (a *app) folder(variable, fallback string) (string, error) {
	if base := a.getenv(variable); filepath.IsAbs(base) {
		return filepath.Join(base, "wattle"), nil
	}
	switch runtime.GOOS {
	case "darwin", "windows":
		base, err := os.UserConfigDir()
		return filepath.Join(base, "wattle"), err
	}
	home, err := os.UserHomeDir()
	if err != nil {
		return "", usagef("set HOME, "+variable+" or WATTLE_STATE_DIR", "no home folder: %w", err)
	}
	return filepath.Join(home, filepath.FromSlash(fallback), "wattle"), nil
}

// ensureFolder makes a folder that only its owner can look into.
func ensureFolder(dir string) error { return os.MkdirAll(dir, 0o700) }

// settledBy adds to an error of a folder or file which setting moves it.
func settledBy(err error, setting string) error {
	return &fault{err: err, hint: "make it writable, or choose another place: " + setting}
}

// The settings that move what the hub writes.
const (
	movesState   = "WATTLE_STATE_DIR"
	movesHistory = "history.address"
	movesSocket  = "listen.socket"
)
