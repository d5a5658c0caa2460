package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"wattle/internal/hubclient"
)

func newHubLogs(a *app) *cobra.Command {
	var last int
	var follow bool
	cmd := &cobra.Command{
		Use:     "logs",
		Short:   "Show the log of the running hub",
		Example: "wattle hub logs\nwattle hub logs --follow\nwattle hub logs --last 1000 --json | jq -r 'select(.level != \"INFO\").msg'",
		Long: `The newest lines, the oldest first; with --follow those that come as well, until Ctrl-C.
The hub keeps some thousand lines in memory; its stderr has them all. --json prints each as it is.`,
		Args: exactly(0, ""),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if last < 0 || last > 10_000 {
				return usagef("", "--last %d: want 0 to 10000", last)
			}
			return a.through(cmd, func(ctx context.Context, c *hubclient.Client) error {
				for line, err := range c.Logs(ctx, last, follow) {
					if err != nil {
						if follow && cmd.Context().Err() != nil {
							return nil // Ctrl-C is the normal end
						}
						return err
					}
					if a.format() != formatJSON {
						line = a.logText(line)
					}
					if _, err := fmt.Fprintln(a.out, line); err != nil {
						return err
					}
				}
				return nil
			})
		},
	}
	cmd.Flags().IntVarP(&last, "last", "n", 100, "how many lines of before")
	cmd.Flags().BoolVarP(&follow, "follow", "f", false, "go on with those that come")
	return cmd
}

// logText is a line of the log for people: when, what, and then its attributes. A
// line that is no JSON is shown as it is.
func (a *app) logText(line string) string {
	var fields map[string]any
	if json.Unmarshal([]byte(line), &fields) != nil {
		return oneLine(line)
	}
	when, level, message := oneLine(fmt.Sprint(fields["time"])), fmt.Sprint(fields["level"]), oneLine(fmt.Sprint(fields["msg"]))
	if t, err := time.Parse(time.RFC3339Nano, when); err == nil {
		when = t.Local().Format(time.DateTime)
	}
	for _, known := range []string{"time", "level", "msg"} {
		delete(fields, known)
	}
	paint := map[string]func(style, string) string{"WARN": style.yellow, "ERROR": style.red}[level]
	if paint != nil {
		message = paint(a.outStyle, message)
	}
	var b strings.Builder
	b.WriteString(a.outStyle.dim(when) + "  " + message)
	for _, name := range slices.Sorted(maps.Keys(fields)) {
		value := fmt.Sprint(fields[name])
		if strings.ContainsAny(value, " =\"") {
			value = strconv.Quote(value)
		}
		b.WriteString("  " + a.outStyle.dim(oneLine(name)+"=") + oneLine(value))
	}
	return b.String()
}
