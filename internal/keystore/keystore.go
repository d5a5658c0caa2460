package keystore

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"wattle"
)

// DefaultProfile is the account that is used where none is named.
const DefaultProfile = "default"

// Errors to test for.
var (
	// ErrNone: no source has credentials.
	ErrNone = errors.New("no credentials")
	// ErrPassphrase: the passphrase is wrong or there is nobody to ask for it.
	ErrPassphrase = errors.New("passphrase needed")
	// ErrDamaged: a stored file cannot be decrypted or read.
	ErrDamaged = errors.New("stored credentials are damaged")
	// ErrOpenToOthers: a file with secrets can be read by other users.
	ErrOpenToOthers = errors.New("file can be read by other users")
	// ErrNoKeyring: the key store of the operating system does not work here.
	ErrNoKeyring = errors.New("no key store of the operating system")
)

// Backend is where stored credentials lie. Values are printed and stored.
type Backend string

// The backends.
const (
	File       Backend = "file"       // encrypted to the identity beside it
	Passphrase Backend = "passphrase" // encrypted with a passphrase
	Keyring    Backend = "keyring"    // the key store of the operating system
)

// Options are settings of a Keystore.
type Options struct {
	// Dir is the folder of the encrypted files; it is made when something is
	// stored. "" means that nothing is stored.
	Dir string
	// Explicit is what the user gave to this run; it counts before all else.
	Explicit wattle.Credentials
	// Username is the e-mail of the settings: it goes with a password of the
	// environment that comes without one.
	Username string
	// Getenv reads the environment; nil means os.Getenv.
	Getenv func(string) string
	// Ask gets the passphrase of a file from the user; nil means that there is
	// nobody to ask. It is called only for files that have one.
	Ask func(ctx context.Context) (wattle.Secret, error)
	// System is the key store of the operating system; nil means the real one.
	System System
}

// Keystore finds and stores credentials. It may be used by several goroutines.
type Keystore struct {
	opt Options
	// workFactor is log2 of the cost of a passphrase; tests make it small.
	workFactor int
}

// New makes a Keystore. It does no I/O.
func New(o Options) *Keystore {
	if o.Getenv == nil {
		o.Getenv = os.Getenv
	}
	if o.System == nil {
		o.System = osKeyring{}
	}
	return &Keystore{opt: o, workFactor: workFactor}
}

// Found is credentials and where they came from.
type Found struct {
	Credentials wattle.Credentials
	// Source says where they are from, to show: "given", "environment", or a [Backend].
	Source string
	// Detail is the variable, the file or the profile, to show.
	Detail string
}

// Get finds the credentials of a profile: those given explicitly, then those of
// the environment, then what was stored. Errors to test for: [ErrNone],
// [ErrPassphrase], [ErrDamaged], [ErrOpenToOthers], [ErrNoKeyring].
func (k *Keystore) Get(ctx context.Context, profile string) (Found, error) {
	profile, err := profileName(profile)
	if err != nil {
		return Found{}, err
	}
	if !k.opt.Explicit.IsZero() {
		return Found{k.opt.Explicit, "given", "given with this command"}, nil
	}
	if found, err := k.fromEnvironment(); err != nil || found != nil {
		if err != nil {
			return Found{}, err
		}
		return *found, nil
	}
	return k.stored(ctx, profile)
}

func (k *Keystore) stored(ctx context.Context, profile string) (Found, error) {
	entry, err := k.lookup(profile)
	if err != nil {
		return Found{}, err
	}
	var payload []byte
	detail := profile
	switch entry.Backend {
	case "":
		return Found{}, k.none(profile)
	case Keyring:
		payload, err = k.systemGet(ctx, profile)
	default:
		detail = k.path(profile)
		payload, err = k.decrypt(ctx, detail)
	}
	if err != nil {
		return Found{}, err
	}
	account, err := unpack(payload)
	if err != nil {
		return Found{}, fmt.Errorf("%s of profile %q: %w: store them again", entry.Backend, profile, err)
	}
	return Found{account, string(entry.Backend), detail}, nil
}

func (k *Keystore) none(profile string) error {
	return fmt.Errorf("%w for the profile %q: store them with \"wattle auth\", or set WATTLE_USERNAME and WATTLE_PASSWORD", ErrNone, profile)
}

// SetOptions say how to store.
type SetOptions struct {
	Backend Backend // "" means File
	// Phrase encrypts the file; for the backend Passphrase only.
	Phrase wattle.Secret
}

// Set stores the credentials of a profile in place of what was stored before,
// wherever that was.
func (k *Keystore) Set(ctx context.Context, profile string, account wattle.Credentials, o SetOptions) error {
	profile, err := profileName(profile)
	if err != nil {
		return err
	}
	if account.Username == "" || account.Password.IsZero() {
		return fmt.Errorf("both e-mail and password are needed: %w", wattle.ErrParam)
	}
	if k.opt.Dir == "" {
		return fmt.Errorf("no folder to store credentials in: %w", wattle.ErrParam)
	}
	payload, err := pack(account)
	if err != nil {
		return err
	}
	unlock, err := k.lock(ctx)
	if err != nil {
		return err
	}
	defer unlock()
	before, err := k.lookup(profile)
	if err != nil {
		return err
	}
	backend := o.Backend
	switch backend {
	case "", File:
		backend = File
		err = k.encryptToIdentity(k.path(profile), payload)
	case Passphrase:
		err = k.encryptWithPhrase(profile, payload, o.Phrase)
	case Keyring:
		err = k.systemSet(ctx, profile, payload)
	default:
		err = fmt.Errorf("%q is no way to store credentials, want file, passphrase or keyring: %w", backend, wattle.ErrParam)
	}
	if err != nil {
		return err
	}
	if err := k.record(profile, entry{Backend: backend}); err != nil {
		return err
	}
	// The old place must not keep an old password.
	if before.Backend == Keyring && backend != Keyring {
		return k.systemDelete(ctx, profile)
	}
	if before.Backend != "" && before.Backend != Keyring && backend == Keyring {
		return remove(k.path(profile))
	}
	return nil
}

// Delete forgets the stored credentials of a profile. [ErrNone]: there are none.
func (k *Keystore) Delete(ctx context.Context, profile string) error {
	profile, err := profileName(profile)
	if err != nil {
		return err
	}
	if k.opt.Dir == "" {
		return k.none(profile)
	}
	unlock, err := k.lock(ctx)
	if err != nil {
		return err
	}
	defer unlock()
	old, err := k.lookup(profile)
	switch {
	case err != nil:
		return err
	case old.Backend == "":
		return k.none(profile)
	case old.Backend == Keyring:
		err = k.systemDelete(ctx, profile)
	default:
		err = remove(k.path(profile))
	}
	if err != nil {
		return err
	}
	return k.record(profile, entry{})
}

// Status is what can be told of the credentials of a profile without a secret
// and without asking for a passphrase.
type Status struct {
	Profile string `json:"profile"`
	// Source is where [Keystore.Get] would take them from, "" for nowhere: "given",
	// "environment" or a [Backend].
	Source string `json:"source,omitempty"`
	// Stored is where the profile's own are, "" when none are stored; the
	// environment may hide them.
	Stored Backend `json:"stored,omitempty"`
	// Username is the e-mail; "" where it is encrypted with a passphrase.
	Username string `json:"username,omitempty"`
	// Path is the encrypted file, "" for other sources.
	Path string `json:"path,omitempty"`
	// Problem is why they cannot be used, "" when they can.
	Problem string `json:"problem,omitempty"`
}

// Status tells about a profile. The error is for profiles that cannot exist and
// for a folder that cannot be read.
func (k *Keystore) Status(ctx context.Context, profile string) (Status, error) {
	profile, err := profileName(profile)
	if err != nil {
		return Status{}, err
	}
	s := Status{Profile: profile}
	old, err := k.lookup(profile)
	if err != nil {
		return Status{}, err
	}
	s.Stored = old.Backend
	if old.Backend == File || old.Backend == Passphrase {
		s.Path = k.path(profile)
	}
	quiet := *k
	quiet.opt.Ask = nil
	found, err := quiet.Get(ctx, profile)
	switch {
	case err == nil:
		s.Source, s.Username = found.Source, found.Credentials.Username
	case errors.Is(err, ErrNone):
	case errors.Is(err, ErrPassphrase) && old.Backend == Passphrase:
		s.Source = string(Passphrase)
	default:
		s.Source = string(old.Backend)
		s.Problem = err.Error()
	}
	return s, nil
}

// Profiles are the names of the stored profiles, sorted.
func (k *Keystore) Profiles() ([]string, error) {
	index, err := k.readIndex()
	if err != nil {
		return nil, err
	}
	var names []string
	for name := range index.Profiles {
		names = append(names, name)
	}
	slices.Sort(names)
	return names, nil
}

// profileName checks a name, which becomes part of a file name.
func profileName(name string) (string, error) {
	if name == "" {
		return DefaultProfile, nil
	}
	if len(name) > 64 || strings.HasPrefix(name, "-") || strings.HasPrefix(name, ".") ||
		strings.ContainsFunc(name, func(r rune) bool {
			return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && r != '-' && r != '_' && r != '.'
		}) {
		return "", fmt.Errorf("%q is no name for a profile: up to 64 letters, digits, \"-\", \"_\" and \".\": %w", name, wattle.ErrParam)
	}
	return name, nil
}

// path is the encrypted file of a profile.
func (k *Keystore) path(profile string) string { return filepath.Join(k.opt.Dir, profile+".age") }
