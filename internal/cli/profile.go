package cli

import (
	"path/filepath"
	"regexp"

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

var profileName = regexp.MustCompile(`^[a-zA-Z0-9][a-zA-Z0-9_-]{0,63}$`)

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
	case !profileName.MatchString(p.name):
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
