package cli

import (
	"github.com/spf13/cobra"

	"wattle/cloud"
)

func newCloud(a *app) *cobra.Command {
	cmd := group(&cobra.Command{
		Use:     "cloud",
		Short:   "Reach devices from anywhere through the TP-Link cloud",
		GroupID: groupSetup,
		Example: `wattle cloud login
wattle cloud devices
wattle on "Desk lamp" --via cloud
wattle cloud binding heater`,
		Long: `Devices are reached locally first. Once somebody has signed in, those that are not at home are
reached through the TP-Link cloud; "--via local" and "--via cloud" choose for one command, the
setting "via" for all. Tapo devices go through another service than Kasa devices, with the same
account. "wattle config set cloud.enabled false" switches all cloud traffic off.

The API of the cloud is unofficial: its use may be against TP-Link's terms, and it can end any day.`,
	})
	cmd.AddCommand(
		newCloudLogin(a), newCloudLogout(a), newCloudStatus(a), newCloudDevices(a), newCloudRaw(a), newCloudCurl(a), newCloudApps(a),
		newBinding(a), newBind(a), newUnbind(a),
	)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		switch {
		case len(args) == 0:
			return cmd.Help()
		case hintOf(unknownCommand(cmd, args[0])) == listsCommands(cmd): // no mistyped command: likely a device
			return usagef("what a device says of the cloud: wattle cloud binding "+quote(args[0]), "%q is no command of %s", args[0], cmd.CommandPath())
		}
		return unknownCommand(cmd, args[0])
	}
	return cmd
}

// cloudApp is what the client says it is, of one side.
type cloudApp struct {
	Line      cloud.Line `json:"line"`
	App       string     `json:"app"`
	Version   string     `json:"version"`
	Platform  string     `json:"platform"`
	AccessKey string     `json:"access_key"`
	Things    string     `json:"things_app,omitempty"`
	UserAgent string     `json:"user_agent"`
	Terminal  string     `json:"terminal_uuid"`
}

func newCloudApps(a *app) *cobra.Command {
	return &cobra.Command{
		Use:     "apps",
		Short:   "Show which apps wattle says it is",
		Example: "wattle cloud apps\nwattle config set cloud.user_agent android6",
		Long: `The cloud expects the names, versions and keys of TP-Link's apps. They are the same for every
install and name no person. Should TP-Link change them, the settings cloud.kasa.* and cloud.tapo.*
replace them. The terminal UUID names this install; keep it, since limits and verification codes
are bound to it.`,
		Args: exactly(0, ""),
		RunE: func(cmd *cobra.Command, _ []string) error {
			set, err := a.settings()
			if err != nil {
				return err
			}
			o, err := a.cloudOptions(set)
			if err != nil {
				return err
			}
			c, err := a.cloud(cmd.Context())
			if err != nil {
				return err
			}
			var rows []cloudApp
			t := &table{head: []string{"side", "app", "version", "access key", "user agent"}}
			for _, side := range []struct {
				line cloud.Line
				app  cloud.App
			}{{cloud.Kasa, o.Kasa}, {cloud.Tapo, o.Tapo}} {
				row := cloudApp{
					Line: side.line, App: side.app.Type, Version: side.app.Version, Platform: side.app.Platform, AccessKey: side.app.Key.Access,
					UserAgent: cloud.UserAgent(o.UserAgent), Terminal: c.TerminalUUID(),
				}
				if side.app.ThingsApp != "" {
					row.Things = side.app.ThingsApp + " " + side.app.ThingsVer
				}
				rows = append(rows, row)
				t.add(plain(string(row.Line)), plain(row.App), plain(row.Version), plain(row.AccessKey), plain(row.UserAgent))
			}
			return a.print(rows, t)
		},
	}
}
