package cli

import (
	"context"
	"fmt"
	"net/url"
	"strings"

	"github.com/spf13/cobra"

	"wattle/internal/hubclient"
)

// shelf is where the hub keeps named things of a kind: one and many are what they
// are called, in commands and in paths of the API.
type shelf struct{ one, many string }

var (
	groupShelf = shelf{"group", "groups"}
	sceneShelf = shelf{"scene", "scenes"}
	ruleShelf  = shelf{"rule", "rules"}
	hookShelf  = shelf{"hook", "hooks"}
)

// path is the path of a stored thing.
func (s shelf) path(name string, more ...string) string {
	return "/" + s.many + "/" + url.PathEscape(name) + strings.Join(more, "")
}

// with does something with one thing on the shelf. Of one that is not there it says
// which it may be.
func (s shelf) with(cmd *cobra.Command, a *app, name string, do func(ctx context.Context, c *hubclient.Client) error) error {
	if err := s.check(cmd, name); err != nil {
		return err
	}
	return a.through(cmd, func(ctx context.Context, c *hubclient.Client) error { return s.missing(ctx, c, name, do(ctx, c)) })
}

// check refuses what cannot be a name, and would make another path of the request.
func (s shelf) check(cmd *cobra.Command, name string) error {
	if strings.TrimSpace(name) == "" || strings.ContainsAny(name, `/\`) {
		return usagef("for example: "+firstExample(cmd), "%q is no name of a %s", name, s.one)
	}
	return nil
}

// tell sends a request about one thing, of which there is nothing to print.
func (s shelf) tell(cmd *cobra.Command, a *app, name, method, path string, body any) error {
	return s.with(cmd, a, name, func(ctx context.Context, c *hubclient.Client) error { return c.Do(ctx, method, path, body, nil) })
}

// missing gives the error that a thing is not there a hint about those that are.
func (s shelf) missing(ctx context.Context, c *hubclient.Client, name string, err error) error {
	if !isNotFound(err) {
		return err
	}
	hint := fmt.Sprintf(`"wattle %s list" shows them`, s.one)
	type named struct {
		Name string `json:"name"`
	}
	if list, lerr := hubclient.List[named](ctx, c, "/"+s.many); lerr == nil {
		var names []string
		for _, n := range list {
			names = append(names, n.Name)
		}
		if near := meant(name, names); near != "" {
			hint = near
		}
	}
	return &fault{err: err, code: CodeNotFound, hint: hint}
}
