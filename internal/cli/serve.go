package cli

import (
	"github.com/spf13/cobra"

	"wattle/hub"
)

// serveFlags are the flags of "wattle serve".
type serveFlags struct {
	logs string // format of the log
}

func newServe(a *app) *cobra.Command {
	var f serveFlags
	cmd := &cobra.Command{
		Use:   "serve",
		Short: "Run the hub: one owner of all sessions, for everybody else",
		Example: `wattle serve                          # until Ctrl-C; commands go through it
wattle serve --log json
wattle hub status                     # in a second terminal
kill -HUP "$(pidof wattle)"           # reads the configuration again`,
		Long: `Keeps the known devices connected, polls them, and lets all other commands and
programs see and switch them: a device of today lets one client in at a time.
What it does beyond that says the configuration: "wattle config show hub.interval".

Devices come from "wattle discover", "wattle hub add", and with hub.adopt from the
hub's own sweeps. SIGHUP reads the configuration again, and sessions stay; a
mistake in it is told and changes nothing. What wants a new start (hub.zone, via,
profile, and what is below cloud and tpap) is named. SIGTERM ends within seconds.`,
		GroupID: groupHub,
		Args:    exactly(0, ""),
		RunE: func(cmd *cobra.Command, _ []string) error {
			a.serving = true
			defer hub.SaveMemory()()
			return a.serveHub(cmd.Context(), &f)
		},
	}
	cmd.Flags().StringVar(&f.logs, "log", "text", "write the log to stderr as `text` or json")
	_ = cmd.RegisterFlagCompletionFunc("log", fixed("text", formatJSON))
	return cmd
}
