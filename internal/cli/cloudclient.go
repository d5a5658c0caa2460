package cli

import (
	"cmp"
	"context"
	"errors"
	"io/fs"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"wattle"
	"wattle/cloud"
	"wattle/connect"
	"wattle/internal/atomicfile"
	"wattle/internal/keystore"
)

// cloudAccount is the client of the cloud for the length of a command.
type cloudAccount struct {
	once   sync.Once
	client *cloud.Client
	err    error
}

// policy is by which way devices are reached.
func (a *app) policy() connect.Policy {
	set, err := a.settings()
	if err != nil {
		return connect.PreferLocal
	}
	return connect.Policy(set.text("via"))
}

// cloudFor is the client for reaching devices by a policy: nil where the cloud is
// not to be used, because of the policy, or since nobody is signed in.
func (a *app) cloudFor(ctx context.Context, policy connect.Policy) (*cloud.Client, error) {
	if policy == connect.LocalOnly {
		return nil, nil
	}
	if policy != connect.CloudOnly {
		set, err := a.settings()
		if err != nil || !set.bool("cloud.enabled") {
			return nil, err
		}
		k, err := a.keystore()
		if err != nil || !k.HasSession(a.prof.name) {
			return nil, err
		}
	}
	c, err := a.cloud(ctx)
	if err != nil && policy != connect.CloudOnly {
		a.warn(err) // what is at home works without
		return nil, nil
	}
	return c, err
}

// cloud is the client of the cloud, with what an earlier login left.
func (a *app) cloud(ctx context.Context) (*cloud.Client, error) {
	a.cloudOf.once.Do(func() { a.cloudOf.client, a.cloudOf.err = a.newCloud(ctx) })
	return a.cloudOf.client, a.cloudOf.err
}

func (a *app) newCloud(ctx context.Context) (*cloud.Client, error) {
	set, err := a.settings()
	if err != nil {
		return nil, err
	}
	k, err := a.keystore()
	if err != nil {
		return nil, err
	}
	profile := a.prof.name
	state, err := k.Session(ctx, profile)
	if err != nil && !errors.Is(err, keystore.ErrNone) {
		return nil, &fault{err: err, code: CodeAuth, hint: `"wattle cloud logout" forgets the login; then sign in again`}
	}
	o, err := a.cloudOptions(set)
	if err != nil {
		return nil, err
	}
	keep, err := a.terminal(o)
	if err != nil {
		return nil, err
	}
	o.State = state
	o.Save = func(ctx context.Context, state wattle.Secret) error { return k.SetSession(ctx, profile, state) }
	list := filepath.Join(a.prof.dir, "cloud-list.json")
	o.Listed = readList(list)
	o.SaveList = func(home *cloud.Home) {
		if err := saveList(list, home); err != nil {
			a.log.Debug("the list of the cloud could not be stored", "err", err)
		}
	}
	c, err := cloud.New(o)
	if err != nil {
		return nil, &fault{err: err, hint: `"wattle config show" tells the settings of the cloud`}
	}
	if err := keep(c.TerminalUUID()); err != nil {
		a.warn(err)
	}
	return c, nil
}

// terminal gives the client the UUID of this install where one was made before; keep
// stores the one that it has. It outlives logins: limits and verification codes are
// bound to it.
func (a *app) terminal(o *cloud.Options) (keep func(uuid string) error, err error) {
	nothing := func(string) error { return nil }
	root, err := a.stateRoot()
	if err != nil || o.TerminalUUID != "" { // a setting says it
		return nothing, err
	}
	path := filepath.Join(root, "terminal-uuid")
	text, err := os.ReadFile(path)
	switch {
	case err == nil && strings.TrimSpace(string(text)) != "":
		o.TerminalUUID = strings.TrimSpace(string(text))
		return nothing, nil
	case err != nil && !errors.Is(err, fs.ErrNotExist):
		return nothing, err
	}
	return func(uuid string) error { return atomicfile.Write(path, []byte(uuid+"\n"), 0o600, false) }, nil
}

// cloudOptions reads the settings of the cloud.
func (a *app) cloudOptions(set *settings) (*cloud.Options, error) {
	o := &cloud.Options{
		Off: !set.bool("cloud.enabled"), Kasa: cloud.KasaAndroid(), Tapo: cloud.TapoAndroid(),
		UserAgent: set.text("cloud.user_agent"), TerminalUUID: set.text("cloud.terminal_uuid"), TerminalName: set.text("cloud.terminal_name"),
		Stringify: set.bool("cloud.stringify"), Logger: a.log,
	}
	for name, app := range map[string]*cloud.App{"kasa": &o.Kasa, "tapo": &o.Tapo} {
		app.Type = cmp.Or(set.text("cloud."+name+".app"), app.Type)
		app.Version = cmp.Or(set.text("cloud."+name+".version"), app.Version)
		if access, secret := set.text("cloud."+name+".access_key"), set.text("cloud."+name+".secret_key"); access != "" || secret != "" {
			if access == "" || secret == "" {
				return nil, usagef("set both, or neither", "cloud.%s.access_key and cloud.%s.secret_key go together", name, name)
			}
			app.Key = cloud.Key{Access: access, Secret: wattle.NewSecret(secret)}
		}
	}
	if base := strings.TrimSuffix(set.text("cloud.url"), "/"); base != "" {
		u, err := url.Parse(base)
		if err != nil || u.Scheme != "https" || u.Host == "" || u.Path != "" || u.User != nil {
			return nil, usagef("for example https://127.0.0.1:8443", "cloud.url: %q is not the URL of a host", base)
		}
		o.Entries = cloud.Entries{V1: base, Kasa: base, Tapo: base, Things: base}
		o.AllowHosts = []string{u.Hostname()} // of a simulator: each region has a port there
		if ip := net.ParseIP(u.Hostname()); ip != nil && ip.IsLoopback() {
			o.Rate = -1
		}
	}
	if path := set.text("cloud.ca_file"); path != "" {
		pem, err := os.ReadFile(path)
		if err != nil {
			return nil, of("cloud.ca_file", err)
		}
		o.ExtraCA = pem
	}
	return o, nil
}
