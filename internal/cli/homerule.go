package cli

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"wattle/automation"
	"wattle/internal/hubapi"
	"wattle/internal/hubclient"
)

func newRule(a *app) *cobra.Command {
	cmd := group(&cobra.Command{
		Use:   "rule",
		Short: "Rules of the running hub: what a home does by itself",
		Example: `wattle rule import rules.yaml
wattle rule list
wattle rule test "desk lamp"          # what it would do now, and when next
wattle rule log "desk lamp"`,
		Long: `A rule acts at a time, by the sun, on a change or on an event, under a condition. Rules
are written as YAML, see docs/automation.md, and run in the hub: "wattle schedule" is for
what a device does by itself.`,
		GroupID: groupHub,
	})
	cmd.AddCommand(
		shelfList(a, ruleShelf, `docs/automation.md shows how they are written, "wattle rule import FILE" takes them in`, func(r *automation.Rule) []cell {
			on := cell{"on", style.green}
			if r.Disabled {
				on = dimmed("off")
			}
			var when []string
			for _, t := range r.On {
				when = append(when, a.triggerText(&t))
			}
			return []cell{plain(r.Name), on, plain(strings.Join(when, ", ")), plain(r.If), plain(r.About)}
		}, "name", "enabled", "when", "if", "about"),
		newRuleShow(a), newRuleImport(a), newRuleExport(a), shelfDelete(a, ruleShelf),
		newRuleEnable(a, "enable", false), newRuleEnable(a, "disable", true), newRuleRun(a), newRuleTest(a), newRuleLog(a),
	)
	return cmd
}

func (a *app) triggerText(t *automation.Trigger) string {
	devices := strings.Join(a.namesOf(t.Devices), "/")
	switch {
	case t.At != "":
		return strings.TrimSpace(t.At + " " + t.Days)
	case t.Cron != "":
		return "cron " + t.Cron
	case t.Event != "":
		return devices + " " + t.Event
	case t.Becomes != nil:
		return fmt.Sprintf("%s %s=%v", devices, t.Feature, t.Becomes)
	case t.Above != nil:
		return fmt.Sprintf("%s %s>%v", devices, t.Feature, *t.Above)
	case t.Below != nil:
		return fmt.Sprintf("%s %s<%v", devices, t.Feature, *t.Below)
	}
	return devices + " " + t.Feature
}

// newShelfShow prints one stored thing; pick gives it out of all, where its name is
// the one.
func newShelfShow(a *app, s shelf, example string, pick func(all *automation.Document, is func(name string) bool) automation.Document) *cobra.Command {
	return &cobra.Command{
		Use:     "show NAME",
		Short:   "Print a " + s.one + " as YAML, for editing and importing",
		Example: example,
		Args:    exactly(1, "the name of a "+s.one),
		RunE: func(cmd *cobra.Command, args []string) error {
			name := strings.TrimPrefix(args[0], "@")
			return s.with(cmd, a, name, func(ctx context.Context, c *hubclient.Client) error {
				// This one says best that there is none.
				if err := c.Do(ctx, http.MethodGet, s.path(name), nil, nil); err != nil {
					return err
				}
				var all automation.Document
				if err := c.Do(ctx, http.MethodGet, "/home", nil, &all); err != nil {
					return err
				}
				d := pick(&all, func(n string) bool { return strings.EqualFold(n, strings.TrimSpace(name)) })
				return a.printDocument(&d)
			})
		},
	}
}

func newRuleShow(a *app) *cobra.Command {
	return newShelfShow(a, ruleShelf, "wattle rule show \"desk lamp\" >desk.yaml", func(all *automation.Document, is func(string) bool) automation.Document {
		return automation.Document{Rules: slices.DeleteFunc(all.Rules, func(r automation.Rule) bool { return !is(r.Name) })}
	})
}

func (a *app) printDocument(d *automation.Document) error {
	if a.jsonWanted() {
		return writeJSON(a.out, d)
	}
	text, err := d.YAML()
	if err != nil {
		return err
	}
	_, err = a.out.Write(text)
	return err
}

func newRuleExport(a *app) *cobra.Command {
	return &cobra.Command{
		Use:     "export",
		Short:   "Print all groups, scenes and rules as YAML",
		Example: "wattle rule export >home.yaml",
		Args:    exactly(0, ""),
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.through(cmd, func(ctx context.Context, c *hubclient.Client) error {
				var d automation.Document
				if err := c.Do(ctx, http.MethodGet, "/home", nil, &d); err != nil {
					return err
				}
				return a.printDocument(&d)
			})
		},
	}
}

func newRuleImport(a *app) *cobra.Command {
	var try, replace bool
	cmd := &cobra.Command{
		Use:     "import FILE",
		Aliases: []string{"set"},
		Short:   "Make or replace groups, scenes and rules out of a YAML file",
		Example: `wattle rule import home.yaml --dry-run
wattle rule import home.yaml
wattle rule export | wattle rule import - --hub http://nas:8420`,
		Long: `The hub checks the file as a whole and stores all of it or nothing. What is not in the
file stays as it is, unless --replace is given. "-" is stdin.`,
		Args: exactly(1, "a file"),
		RunE: func(cmd *cobra.Command, args []string) error {
			text, err := a.readFile(args[0])
			if err != nil {
				return err
			}
			return a.through(cmd, func(ctx context.Context, c *hubclient.Client) error {
				var did automation.Imported
				path := fmt.Sprintf("/home?dry_run=%t&replace=%t", try, replace)
				if err := c.Do(ctx, http.MethodPost, path, hubapi.ImportRequest{Name: args[0], Text: string(text)}, &did); err != nil {
					return err
				}
				if a.jsonWanted() {
					return writeJSON(a.out, did)
				}
				what := "stored"
				if try {
					what = "would be stored"
				}
				a.say("%s: groups %d, scenes %d, rules %d", what, did.Groups, did.Scenes, did.Rules)
				return nil
			})
		},
	}
	cmd.Flags().BoolVar(&try, "dry-run", false, "check only, and store nothing")
	cmd.Flags().BoolVar(&replace, "replace", false, "delete the groups, scenes and rules that are not in the file")
	return cmd
}

// fileMost is the largest file that is read.
const fileMost = 8 << 20

// readFile reads a file, or stdin for "-".
func (a *app) readFile(path string) ([]byte, error) {
	in := a.in
	if path != "-" {
		file, err := os.Open(path)
		if err != nil {
			return nil, &fault{err: err, code: CodeNotFound}
		}
		defer func() { _ = file.Close() }()
		in = file
	}
	return io.ReadAll(io.LimitReader(in, fileMost))
}

func newRuleEnable(a *app, word string, disabled bool) *cobra.Command {
	return &cobra.Command{
		Use:     word + " NAME",
		Short:   map[bool]string{false: "Switch a rule on", true: "Switch a rule off"}[disabled],
		Example: fmt.Sprintf("wattle rule %s \"desk lamp\"", word),
		Args:    exactly(1, "the name of a rule"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return ruleShelf.tell(cmd, a, args[0], http.MethodPatch, ruleShelf.path(args[0]), map[string]bool{"disabled": disabled})
		},
	}
}

func newRuleRun(a *app) *cobra.Command {
	return &cobra.Command{
		Use:     "run NAME",
		Short:   "Run a rule now, if its condition holds",
		Example: "wattle rule run \"desk lamp\" && wattle rule log \"desk lamp\"",
		Args:    exactly(1, "the name of a rule"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return ruleShelf.tell(cmd, a, args[0], http.MethodPost, ruleShelf.path(args[0], "/run"), nil)
		},
	}
}

func newRuleTest(a *app) *cobra.Command {
	var at string
	cmd := &cobra.Command{
		Use:     "test NAME|FILE",
		Short:   "Say what a rule would do, and when next; nothing is switched",
		Example: "wattle rule test \"desk lamp\"\nwattle rule test new.yaml --at 2026-12-24T18:00:00Z",
		Long:    "A file may hold rules that are not stored.",
		Args:    exactly(1, "a rule or a file"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.through(cmd, func(ctx context.Context, c *hubclient.Client) error {
				var rules []automation.Rule
				if text, err := os.ReadFile(args[0]); err == nil {
					doc, err := automation.Read(args[0], text)
					if err != nil {
						return &fault{err: err, code: CodeUsage}
					}
					rules = doc.Rules
				} else {
					rules = make([]automation.Rule, 1)
					if err := ruleShelf.check(cmd, args[0]); err != nil {
						return err
					}
					if err := c.Do(ctx, http.MethodGet, ruleShelf.path(args[0]), nil, &rules[0]); err != nil {
						return ruleShelf.missing(ctx, c, args[0], err)
					}
				}
				var errs []error
				for _, r := range rules {
					errs = append(errs, of(r.Name, a.previewRule(ctx, c, &r, at)))
				}
				return join(errs)
			})
		},
	}
	cmd.Flags().StringVar(&at, "at", "", "as if it were this `time` (RFC 3339)")
	return cmd
}

func (a *app) previewRule(ctx context.Context, c *hubclient.Client, r *automation.Rule, at string) error {
	path := "/preview"
	if at != "" {
		path += "?at=" + url.QueryEscape(at)
	}
	var p automation.Preview
	if err := c.Do(ctx, http.MethodPost, path, r, &p); err != nil {
		return hubFault(err)
	}
	t := &table{head: []string{"what", "value"}, bare: true}
	t.add(plain("rule"), plain(r.Name))
	holds := "yes"
	if !p.Holds {
		holds = strings.TrimSpace("no " + p.Why)
	}
	t.add(plain("condition holds"), plain(holds))
	for _, s := range p.Steps {
		var text strings.Builder
		text.WriteString(s.Action)
		for _, o := range s.Outcomes {
			text.WriteString("; " + o.Name + " " + cmp.Or(o.Error, o.Did))
		}
		if s.Error != "" {
			text.WriteString(": " + s.Error)
		}
		t.add(plain("would do"), plain(text.String()))
	}
	for _, n := range p.Next {
		t.add(plain("next"), plain(n.Local().Format("Mon 2006-01-02 15:04:05")))
	}
	return a.print(p, t)
}

func newRuleLog(a *app) *cobra.Command {
	return &cobra.Command{
		Use:     "log [NAME]",
		Short:   "Show what rules did since the hub was started",
		Example: "wattle rule log\nwattle rule log \"desk lamp\" --json",
		Args:    between(0, 1, ""),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.through(cmd, func(ctx context.Context, c *hubclient.Client) error {
				path := "/runs"
				if len(args) == 1 {
					path += "?rule=" + url.QueryEscape(args[0])
				}
				runs, err := hubclient.List[automation.Run](ctx, c, path)
				if err != nil {
					return err
				}
				t := &table{head: []string{"time", "rule", "result", "why", "took"}}
				for _, r := range runs {
					t.add(plain(r.Time.Local().Format(time.DateTime)), plain(r.Rule), plain(strings.TrimSpace(string(r.Result)+" "+r.Reason)),
						plain(r.Cause), plain((time.Duration(r.Ms) * time.Millisecond).String()))
				}
				return a.printRows(runs, t, "no rule has run yet")
			})
		},
	}
}
