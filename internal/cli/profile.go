package cli

import (
	"path/filepath"
	"strings"

	"wattle"
)

// demoProfile is the profile of the simulated home that "wattle demo" runs.
const demoProfile = "demo"

// profile is an account with its own state: credentials, known devices and sessions.
type profile struct {
	name     string // "" is the user's own
	dir      string // folder of its state
	username string // from the configuration, "" where it does not say
	account  wattle.Credentials
	targets  []string
	loopback bool
}

// isProfileName reports whether a text may be a folder's name as well.
func isProfileName(s string) bool {
	letters := strings.Trim(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-") == ""
	return letters && len(s) > 0 && len(s) <= 64 && s[0] != '-' && s[0] != '_'
}

// profile settles which account and state this run uses.
func (a *app) profile() (*profile, error) {
	if a.prof != nil {
		return a.prof, nil
	}
	set, err := a.settings()
	if err != nil {
		return nil, err
	}
	root, err := a.stateRoot()
	if err != nil {
		return nil, err
	}
	p := &profile{
		name: set.text("profile"), dir: root,
		username: set.text("account.username"), targets: set.list("discovery.targets"),
	}
	switch {
	case p.name == "" || p.name == "default":
		p.name = ""
	case !isProfileName(p.name):
		return nil, usagef("use letters, digits, dash and underscore", "profile %q is not a name", p.name)
	default:
		p.dir = filepath.Join(root, "profiles", p.name)
		p.username = set.text("profiles." + p.name + ".username")
		p.targets = set.list("profiles." + p.name + ".targets")
		p.loopback = set.bool("profiles." + p.name + ".loopback_only")
	}
	if p.name == demoProfile {
		p.account = demoAccount()
		p.loopback = true
	}
	a.prof = p
	return p, nil
}

// demoAccount is the invented account of every simulated home.
func demoAccount() wattle.Credentials {
	return wattle.Credentials{Username: "demo@example.com", Password: wattle.NewSecret("demo")}
}
