package keystore

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"wattle"
)

// The names in the environment. The second of each pair is that of another
// client, which users have set already.
const (
	envUsername     = "WATTLE_USERNAME"
	envPassword     = "WATTLE_PASSWORD"
	envPasswordFile = "WATTLE_PASSWORD_FILE"
	envUsernameKasa = "KASA_USERNAME"
	envPasswordKasa = "KASA_PASSWORD"
	envFolder       = "CREDENTIALS_DIRECTORY" // of systemd's LoadCredential=
	fileUsername    = "wattle.username"
	filePassword    = "wattle.password"
)

// fromEnvironment gives what the environment holds: nil when it holds nothing,
// an error when it holds one half only.
func (k *Keystore) fromEnvironment() (*Found, error) {
	username, userFrom, err := k.envUser()
	if err != nil {
		return nil, err
	}
	password, passFrom, err := k.envPassword()
	if err != nil {
		return nil, err
	}
	if userFrom == "" && passFrom != "" && k.opt.Username != "" {
		username, userFrom = k.opt.Username, "settings"
	}
	switch {
	case userFrom == "" && passFrom == "":
		return nil, nil
	case userFrom == "":
		return nil, fmt.Errorf("%s is set, but %s is not: %w", passFrom, envUsername, ErrNone)
	case passFrom == "":
		return nil, fmt.Errorf("%s is set, but neither %s nor %s: %w", userFrom, envPassword, envPasswordFile, ErrNone)
	}
	return &Found{
		Credentials: wattle.Credentials{Username: username, Password: password},
		Source:      "environment",
		Detail:      userFrom + ", " + passFrom,
	}, nil
}

func (k *Keystore) envUser() (username, from string, err error) {
	for _, name := range []string{envUsername, envUsernameKasa} {
		if text := k.opt.Getenv(name); text != "" {
			return text, name, nil
		}
	}
	text, path, err := k.systemd(fileUsername)
	return text, path, err
}

func (k *Keystore) envPassword() (password wattle.Secret, from string, err error) {
	if text := k.opt.Getenv(envPassword); text != "" {
		return wattle.NewSecret(text), envPassword, nil
	}
	if path := k.opt.Getenv(envPasswordFile); path != "" {
		// Container engines mount secrets readable for all, below /run.
		text, err := readSecretFile(path, strings.HasPrefix(filepath.Clean(path), "/run/"))
		if err != nil {
			return wattle.Secret{}, "", fmt.Errorf("%s: %w", envPasswordFile, err)
		}
		return wattle.NewSecret(text), envPasswordFile, nil
	}
	if text := k.opt.Getenv(envPasswordKasa); text != "" {
		return wattle.NewSecret(text), envPasswordKasa, nil
	}
	text, path, err := k.systemd(filePassword)
	return wattle.NewSecret(text), path, err
}

// systemd reads a credential that the service manager passed; from is "" where
// there is none.
func (k *Keystore) systemd(name string) (text, from string, err error) {
	folder := k.opt.Getenv(envFolder)
	if folder == "" {
		return "", "", nil
	}
	path := filepath.Join(folder, name)
	text, err = readSecretFile(path, true)
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, ErrNone) {
		return "", "", nil // none, or the empty one with which a unit fills in for a file that is not there
	}
	if err != nil {
		return "", "", fmt.Errorf("%s: %w", envFolder, err)
	}
	return text, path, nil
}

const secretSize = 64 << 10

// readSecretFile reads a file with one line. The folder of trusted files is made
// by the system; others must not be readable by everybody.
func readSecretFile(path string, trusted bool) (string, error) {
	if !trusted {
		if err := checkPrivate(path); err != nil {
			return "", err
		}
	}
	file, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer file.Close()
	data, err := io.ReadAll(io.LimitReader(file, secretSize+1))
	if err != nil {
		return "", err
	}
	text := strings.TrimRight(string(data), "\r\n")
	switch {
	case len(data) > secretSize:
		return "", fmt.Errorf("%s is too large for a password: %w", path, wattle.ErrParam)
	case text == "":
		return "", fmt.Errorf("%s is empty: %w", path, ErrNone)
	}
	return text, nil
}
