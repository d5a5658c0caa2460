package cli

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"wattle/internal/hubapi"
	"wattle/internal/hubclient"
)

var scopes = []string{string(hubapi.ScopeRead), string(hubapi.ScopeControl), string(hubapi.ScopeAdmin)}

func newToken(a *app) *cobra.Command {
	cmd := group(&cobra.Command{
		Use:     "token",
		Short:   "Tokens for the running hub's API: list, make, revoke",
		Example: "wattle token new panel --scope control\nwattle token list\nwattle token revoke panel",
		Long:    "A token is shown once; the hub keeps a hash. Over its Unix socket the owner needs none.",
		GroupID: groupHub,
	})
	cmd.AddCommand(newTokenList(a), newTokenNew(a), newTokenRevoke(a))
	return cmd
}

func newTokenList(a *app) *cobra.Command {
	return &cobra.Command{
		Use:     "list",
		Short:   "List tokens, without their secrets",
		Example: "wattle token list",
		Args:    exactly(0, ""),
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.through(cmd, func(ctx context.Context, c *hubclient.Client) error {
				list, err := hubclient.List[hubapi.Token](ctx, c, "/tokens")
				if err != nil {
					return err
				}
				t := &table{head: []string{"name", "scope", "created", "last used", "expires", "id"}}
				for _, k := range list {
					t.add(plain(k.Name), plain(string(k.Scope)), plain(k.Created.Local().Format(time.DateTime)), plain(timeOr(k.LastUsed)), plain(timeOr(k.Expires)), dimmed(k.ID))
				}
				return a.printRows(list, t, `there are no tokens; "wattle token new" makes one`)
			})
		},
	}
}

func timeOr(at *time.Time) string {
	if at == nil {
		return "-"
	}
	return at.Local().Format(time.DateTime)
}

func newTokenNew(a *app) *cobra.Command {
	var scope, lasts string
	cmd := &cobra.Command{
		Use:   "new NAME",
		Short: "Make a token and print it, this once",
		Example: `wattle token new panel --scope control
wattle token new grafana --scope read --for 365d >token && chmod 600 token`,
		Long: "read sees, control switches, admin changes the hub and sends raw calls. On stdout is\nthe token alone.",
		Args: exactly(1, "a name for it"),
		RunE: func(cmd *cobra.Command, args []string) error {
			in := hubapi.TokenRequest{Name: args[0], Scope: hubapi.Scope(scope)}
			if !in.Scope.Valid() {
				return usagef(meant(scope, scopes), "--scope %q: want %s", scope, list(scopes))
			}
			var err error
			if in.Expires, err = expiry(lasts); err != nil {
				return err
			}
			return a.through(cmd, func(ctx context.Context, c *hubclient.Client) error {
				var made hubapi.NewToken
				if err := c.Do(ctx, http.MethodPost, "/tokens", in, &made); err != nil {
					return err
				}
				if a.jsonWanted() {
					return writeJSON(a.out, made)
				}
				a.say("it is shown this once; send it as: Authorization: Bearer TOKEN")
				_, err := fmt.Fprintln(a.out, made.Secret)
				return err
			})
		},
	}
	cmd.Flags().StringVar(&scope, "scope", string(hubapi.ScopeRead), "what it `may` do: read, control or admin")
	cmd.Flags().StringVar(&lasts, "for", "", "how `long` it is good, such as 30d (default for ever)")
	_ = cmd.RegisterFlagCompletionFunc("scope", fixed(scopes...))
	return cmd
}

// expiry is when something ends that lasts for a span, nil for ever.
func expiry(text string) (*time.Time, error) {
	if text == "" {
		return nil, nil
	}
	d, err := parseSpan(text)
	if err != nil || d == 0 {
		return nil, usagef("for example --for 30d", "--for %q is not a span of time", text)
	}
	at := time.Now().Add(d)
	return &at, nil
}

func newTokenRevoke(a *app) *cobra.Command {
	return &cobra.Command{
		Use:     "revoke NAME|ID",
		Short:   "Make a token void",
		Example: "wattle token revoke panel",
		Args:    exactly(1, "the name or id of a token"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.through(cmd, func(ctx context.Context, c *hubclient.Client) error {
				all, err := hubclient.List[hubapi.Token](ctx, c, "/tokens")
				if err != nil {
					return err
				}
				var ids []string
				for _, k := range all {
					if k.ID == args[0] || k.Name == args[0] {
						ids = append(ids, k.ID)
					}
				}
				switch len(ids) {
				case 0:
					return &fault{err: fmt.Errorf("no token %q", args[0]), code: CodeNotFound, hint: `"wattle token list" shows them`}
				case 1:
					return c.Do(ctx, http.MethodDelete, "/tokens/"+url.PathEscape(ids[0]), nil, nil)
				}
				return usagef("name one by its id: "+strings.Join(ids, ", "), "%q is the name of %d tokens", args[0], len(ids))
			})
		},
	}
}
