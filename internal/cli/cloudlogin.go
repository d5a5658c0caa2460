package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"wattle"
	"wattle/cloud"
)

// cloudLoginFlags are those of "wattle cloud login".
type cloudLoginFlags struct {
	username, passwordFile, code, by, appType string
	stdin, legacy                             bool
	lines                                     []string
}

func newCloudLogin(a *app) *cobra.Command {
	var f cloudLoginFlags
	cmd := &cobra.Command{
		Use:   "login",
		Short: "Sign in to the TP-Link cloud",
		Example: `wattle cloud login
wattle cloud login --username me@example.com --password-stdin < password.txt
wattle cloud login --code 123456                # go on with the code that was mailed`,
		Long: `Signs in to both sides of the account, Kasa and Tapo, and stores the tokens in an encrypted
file, never the password. The account of "wattle auth login" is taken where there is one;
else e-mail and password are asked for.

Where TP-Link wants a verification code, it is sent by mail (or --by app) and asked for. Without
a terminal the command ends with code 3; run it again with --code within ten minutes. It then
needs the password again to go on with the second side.`,
		Args: exactly(0, ""),
		RunE: func(cmd *cobra.Command, _ []string) error {
			ctx, cancel := a.limit(cmd.Context())
			defer cancel()
			return a.cloudLogin(ctx, &f)
		},
	}
	flags := cmd.Flags()
	flags.StringVarP(&f.username, "username", "u", "", "`e-mail` of the account")
	flags.BoolVar(&f.stdin, "password-stdin", false, "read the password from stdin")
	flags.StringVar(&f.passwordFile, "password-file", "", "read the password from a `file`")
	flags.StringVar(&f.code, "code", "", "verification `code` for the login that waits for it; \"-\" reads it from stdin")
	flags.StringVar(&f.by, "by", "mail", "`how` to have the code sent: mail or app")
	flags.StringSliceVar(&f.lines, "line", nil, "sign in to this `side` only: kasa or tapo")
	flags.BoolVar(&f.legacy, "legacy", false, "use the login of 2015, which knows no second factor")
	flags.StringVar(&f.appType, "app-type", "", "`name` to send as appType")
	cmd.MarkFlagsMutuallyExclusive("password-stdin", "password-file")
	_ = cmd.RegisterFlagCompletionFunc("by", fixed("mail", "app"))
	_ = cmd.RegisterFlagCompletionFunc("line", fixed("kasa", "tapo"))
	return cmd
}

func (a *app) cloudLogin(ctx context.Context, f *cloudLoginFlags) error {
	o := &cloud.LoginOptions{Legacy: f.legacy, AppType: f.appType}
	for _, line := range f.lines {
		if !slices.Contains(cloud.Lines(), cloud.Line(line)) {
			return usagef(meant(line, []string{"kasa", "tapo"}), "--line %q: want kasa or tapo", line)
		}
		o.Lines = append(o.Lines, cloud.Line(line))
	}
	way, ok := map[string]cloud.CodeWay{"mail": cloud.ByEmail, "app": cloud.ByApp}[f.by]
	if !ok {
		return usagef(meant(f.by, []string{"mail", "app"}), "--by %q: want mail or app", f.by)
	}
	c, err := a.cloud(ctx)
	if err != nil {
		return err
	}
	if f.code != "" {
		return a.cloudCode(ctx, c, f, way)
	}
	who, err := a.cloudWho(ctx, f, true)
	if err != nil {
		return err
	}
	report, err := c.Login(ctx, who, o)
	return a.cloudLoggedIn(ctx, c, f, way, report, err)
}

// cloudWho is who signs in: by flags, or the stored account, or asked for. Where the
// password is not needed, the zero account is fine.
func (a *app) cloudWho(ctx context.Context, f *cloudLoginFlags, needed bool) (wattle.Credentials, error) {
	p, err := a.profile()
	if err != nil {
		return wattle.Credentials{}, err
	}
	stored, err := a.account(ctx)
	if err != nil {
		return wattle.Credentials{}, err
	}
	given := f.stdin || f.passwordFile != ""
	if !given && !stored.IsZero() && (f.username == "" || strings.EqualFold(f.username, stored.Username)) {
		return stored, nil
	}
	if !given && !needed {
		return wattle.Credentials{}, nil
	}
	who := wattle.Credentials{Username: f.username}
	if who.Username == "" {
		who.Username = p.username
	}
	if who.Username == "" {
		who.Username = stored.Username
	}
	if who.Username == "" {
		if !a.canAsk() {
			return who, usagef(`add --username, or store the account with "wattle auth login"`, "no e-mail was given")
		}
		if who.Username, err = a.ask(ctx, "E-mail of the TP-Link account", ""); err != nil {
			return who, err
		}
	}
	if !strings.Contains(who.Username, "@") {
		return who, usagef("it is the one of the Kasa or Tapo app", "%q is not an e-mail address", who.Username)
	}
	who.Password, err = a.password(ctx, f.stdin, f.passwordFile)
	return who, err
}

// cloudCode goes on with a login of an earlier run.
func (a *app) cloudCode(ctx context.Context, c *cloud.Client, f *cloudLoginFlags, way cloud.CodeWay) error {
	code := f.code
	if code == "-" {
		text, err := io.ReadAll(io.LimitReader(a.in, 1<<10))
		if err != nil {
			return err
		}
		code = string(text)
	}
	who, err := a.cloudWho(ctx, f, false)
	if err != nil {
		return err
	}
	report, err := c.Verify(ctx, wattle.NewSecret(strings.TrimSpace(code)), who)
	return a.cloudLoggedIn(ctx, c, f, way, report, err)
}

// cloudLoggedIn asks for codes as long as TP-Link wants them, and tells how it went.
func (a *app) cloudLoggedIn(ctx context.Context, c *cloud.Client, f *cloudLoginFlags, way cloud.CodeWay, report cloud.Report, err error) error {
	for {
		a.cloudReport(report, err)
		wanted, ok := errors.AsType[*cloud.CodeError](err)
		if !ok {
			break
		}
		if len(wanted.Ways) == 1 {
			way = wanted.Ways[0]
		}
		if err := c.SendCode(ctx, way, wattle.Credentials{}); err != nil {
			return err
		}
		where := "by mail"
		if way == cloud.ByApp && len(wanted.Ways) > 0 {
			where = "to the Tapo app"
		}
		if wanted.Email != "" && way == cloud.ByEmail {
			where += " to " + wanted.Email
		}
		if !a.canAsk() {
			return &fault{
				err: fmt.Errorf("the %s cloud wants a verification code, which was sent %s", wanted.Line, where), code: CodeAuth,
				hint: `run "wattle cloud login --code CODE" within ten minutes, with the same account`,
			}
		}
		a.say("a verification code for the %s cloud was sent %s", wanted.Line, where)
		text, asked := a.askHidden(ctx, "Code")
		if asked != nil {
			return asked
		}
		report, err = c.Verify(ctx, wattle.NewSecret(strings.TrimSpace(text)), wattle.Credentials{})
	}
	if err != nil {
		return err
	}
	status := c.Status()
	a.say("signed in as %s; the tokens are stored, the password is not", status.Username)
	for _, l := range status.Lines {
		if l.Phase != cloud.PhaseOK && len(f.lines) == 0 {
			a.warn(fmt.Errorf("the %s side is not signed in yet: run \"wattle cloud login\" once more, with the password", l.Line))
		}
	}
	return nil
}

// cloudReport tells of sides that could not be signed in, besides the error.
func (a *app) cloudReport(report cloud.Report, err error) {
	for _, l := range report.Lines {
		if l.Err != nil && !errors.Is(err, l.Err) {
			a.warn(fmt.Errorf("not signed in to the %s side: %w", l.Line, l.Err))
		}
	}
}

func newCloudLogout(a *app) *cobra.Command {
	return &cobra.Command{
		Use:     "logout",
		Short:   "Sign out, and forget the tokens",
		Example: "wattle cloud logout",
		Args:    exactly(0, ""),
		RunE: func(cmd *cobra.Command, _ []string) error {
			ctx, cancel := a.limit(cmd.Context())
			defer cancel()
			k, err := a.keystore()
			if err != nil {
				return err
			}
			if !k.HasSession(a.prof.name) {
				return &fault{err: errors.New("nobody is signed in"), code: CodeAuth}
			}
			c, err := a.cloud(ctx)
			if err == nil {
				err = c.Logout(ctx)
			}
			if err != nil {
				a.warn(fmt.Errorf("the cloud was not told: %w", err))
			}
			if err := k.DeleteSession(ctx, a.prof.name); err != nil {
				return err
			}
			a.say("signed out")
			return nil
		},
	}
}

func newCloudStatus(a *app) *cobra.Command {
	return &cobra.Command{
		Use:     "status",
		Short:   "Show who is signed in, and what stands in the way",
		Example: "wattle cloud status\nwattle cloud status --json",
		Long: `Asks nobody. How long tokens live is not known; they are renewed when they expire. The exit
code is 3 when nobody is signed in.`,
		Args: exactly(0, ""),
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := a.cloud(cmd.Context())
			if err != nil {
				return err
			}
			s := c.Status()
			t := &table{head: []string{"side", "state", "host", "region", "token", "renewed"}}
			for _, l := range s.Lines {
				age, renewed := "-", "-"
				if !l.SavedAt.IsZero() {
					age, renewed = ago(time.Since(l.SavedAt)), "when it expires"
					if !l.Renewable {
						renewed = "by a new login"
					}
				}
				t.add(plain(string(l.Line)), plain(string(l.Phase)), plain(l.Host), plain(l.Region), plain(age), plain(renewed))
			}
			if err := a.print(s, t); err != nil {
				return err
			}
			if a.format() == formatTable && s.Username != "" {
				a.say("%s, on this install as %s", s.Username, s.Terminal)
			}
			switch {
			case s.Off:
				return &fault{err: errors.New("the cloud is switched off"), code: CodePolicy, hint: `"wattle config set cloud.enabled true" switches it on`}
			case !s.HoldUntil.IsZero():
				return &fault{err: fmt.Errorf("%s: nothing is sent until %s", s.HoldReason, s.HoldUntil.Local().Format(time.DateTime)), code: CodeAuth}
			case !c.SignedIn():
				return &fault{err: errors.New("nobody is signed in"), code: CodeAuth, hint: `run "wattle cloud login"`}
			}
			return nil
		},
	}
}
