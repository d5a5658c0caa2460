package cli

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"wattle"
	"wattle/internal/keystore"
)

func newAuth(a *app) *cobra.Command {
	cmd := group(&cobra.Command{
		Use:     "auth",
		Short:   "Store the account that the devices belong to",
		GroupID: groupSetup,
		Example: "wattle auth login\nwattle auth test all\nwattle auth logout",
		Long: `Devices set up with the Kasa or Tapo app take the e-mail and password of that
TP-Link account, also without the Internet. Old Kasa devices need none.`,
	})
	cmd.AddCommand(newLogin(a), newAuthStatus(a), newAuthTest(a), newLogout(a))
	return cmd
}

func newLogin(a *app) *cobra.Command {
	var username, passwordFile, store string
	var stdin bool
	cmd := &cobra.Command{
		Use:   "login",
		Short: "Store e-mail and password",
		Example: `wattle auth login
wattle auth login --username me@example.com --password-stdin < password.txt
wattle auth login --username me@example.com --password-file /run/secrets/tapo`,
		Long: `Asks for what is not given; the password is not shown. It goes into a file of mode
0600 that is encrypted to a key beside it, or with --store into the key store of the
system. A password is never given by flag: others could read it in the process list.

The e-mail has to be typed as when the devices were set up: upper and lower case count.`,
		Args: exactly(0, ""),
		RunE: func(cmd *cobra.Command, _ []string) error {
			ctx := cmd.Context()
			if !contains(stores, store) {
				return usagef(meant(store, stores), "--store %q: want %s", store, list(stores))
			}
			p, err := a.profile()
			if err != nil {
				return err
			}
			if username == "" {
				username = p.username
			}
			if username == "" || a.canAsk() && !cmd.Flags().Changed("username") {
				if !a.canAsk() {
					return usagef("add --username", "no e-mail was given")
				}
				if username, err = a.ask(ctx, "E-mail of the TP-Link account", username); err != nil {
					return err
				}
			}
			if !strings.Contains(username, "@") {
				return usagef("it is the one of the Kasa or Tapo app", "%q is not an e-mail address", username)
			}
			password, err := a.password(ctx, stdin, passwordFile)
			if err != nil {
				return err
			}
			k, err := a.keystore()
			if err != nil {
				return err
			}
			o := keystore.SetOptions{Backend: keystore.Backend(store)}
			if o.Backend == keystore.Passphrase {
				if o.Phrase, err = a.newPassphrase(ctx); err != nil {
					return err
				}
			}
			account := wattle.Credentials{Username: username, Password: password}
			if err := k.Set(ctx, p.name, account, o); err != nil {
				return err
			}
			a.say("stored for %s (%s)", username, store)
			if status, err := k.Status(ctx, p.name); err == nil && status.Source == "environment" {
				a.warn(errors.New("WATTLE_USERNAME or WATTLE_PASSWORD in the environment is used instead of it"))
			}
			return nil
		},
	}
	cmd.Flags().StringVarP(&username, "username", "u", "", "`e-mail` of the account")
	cmd.Flags().BoolVar(&stdin, "password-stdin", false, "read the password from stdin")
	cmd.Flags().StringVar(&passwordFile, "password-file", "", "read the password from a `file`")
	cmd.Flags().StringVar(&store, "store", string(keystore.File), "`where` to: file, keyring (of the system), or passphrase (slow: half a second)")
	cmd.MarkFlagsMutuallyExclusive("password-stdin", "password-file")
	_ = cmd.RegisterFlagCompletionFunc("store", fixed(stores...))
	return cmd
}

var stores = []string{string(keystore.File), string(keystore.Keyring), string(keystore.Passphrase)}

// newPassphrase asks twice.
func (a *app) newPassphrase(ctx context.Context) (wattle.Secret, error) {
	if !a.canAsk() {
		return wattle.Secret{}, usagef("", "a passphrase needs a terminal to ask for it")
	}
	first, err := a.askHidden(ctx, "New passphrase")
	if err != nil {
		return wattle.Secret{}, err
	}
	again, err := a.askHidden(ctx, "Again")
	if err != nil {
		return wattle.Secret{}, err
	}
	if first == "" || first != again {
		return wattle.Secret{}, usagef("", "the passphrases are empty or differ")
	}
	return wattle.NewSecret(first), nil
}

// password reads the password from where it was said, else asks for it.
func (a *app) password(ctx context.Context, stdin bool, file string) (wattle.Secret, error) {
	var text string
	switch {
	case file != "":
		b, err := os.ReadFile(file)
		if err != nil {
			return wattle.Secret{}, err
		}
		text = string(b)
	case stdin:
		line, err := bufio.NewReader(a.in).ReadString('\n')
		if err != nil && !errors.Is(err, io.EOF) {
			return wattle.Secret{}, err
		}
		text = line
	case a.canAsk():
		var err error
		if text, err = a.askHidden(ctx, "Password"); err != nil {
			return wattle.Secret{}, err
		}
	default:
		return wattle.Secret{}, usagef("add --password-stdin or --password-file", "no password was given, and nobody to ask")
	}
	text = strings.TrimRight(text, "\r\n")
	if text == "" {
		return wattle.Secret{}, usagef("", "the password is empty")
	}
	return wattle.NewSecret(text), nil
}

func newAuthStatus(a *app) *cobra.Command {
	return &cobra.Command{
		Use:     "status",
		Short:   "Show which account is used, and where it is stored",
		Example: "wattle auth status\nwattle --profile cabin auth status",
		Long:    "The exit code is 3 when there is no account, or it cannot be read.",
		Args:    exactly(0, ""),
		RunE: func(cmd *cobra.Command, _ []string) error {
			k, err := a.keystore()
			if err != nil {
				return err
			}
			s, err := k.Status(cmd.Context(), a.prof.name)
			if err != nil {
				return err
			}
			t := &table{head: []string{"what", "value"}, bare: true}
			for _, row := range [][2]string{{"profile", s.Profile}, {"e-mail", s.Username}, {"source", s.Source}, {"file", s.Path}} {
				if row[1] != "" {
					t.add(plain(row[0]), plain(row[1]))
				}
			}
			if err := a.print(s, t); err != nil {
				return err
			}
			switch {
			case s.Problem != "":
				return &fault{err: errors.New(s.Problem), code: CodeAuth}
			case s.Source == "":
				return &fault{err: fmt.Errorf("no account for the profile %q", s.Profile), code: CodeAuth, hint: `run "wattle auth login"`}
			}
			return nil
		},
	}
}

func newLogout(a *app) *cobra.Command {
	return &cobra.Command{
		Use:     "logout",
		Short:   "Forget the stored account and all open sessions",
		Example: "wattle auth logout\nwattle --profile cabin auth logout",
		Args:    exactly(0, ""),
		RunE: func(cmd *cobra.Command, _ []string) error {
			ctx := cmd.Context()
			k, err := a.keystore()
			if err != nil {
				return err
			}
			book, err := a.book()
			if err != nil {
				return err
			}
			if err := book.load(ctx); err != nil {
				return err
			}
			// Sessions are keys to the devices: they go first.
			for _, d := range book.devices() {
				if err := book.sessions.Forget(ctx, d.MAC); err != nil {
					return of(d.Name(), err)
				}
			}
			if err := k.Delete(ctx, a.prof.name); err != nil {
				return &fault{err: err, hint: `"wattle auth status" shows what there is`}
			}
			a.say("forgotten")
			return nil
		},
	}
}
