package cli

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"
)

// topics are texts that are read with "wattle help NAME".
func topics() []*cobra.Command {
	topic := func(name, short, long string) *cobra.Command {
		c := &cobra.Command{
			Use: name, Short: short, Long: long, Hidden: true,
			Annotations: map[string]string{"topic": "yes"},
		}
		c.RunE = func(cmd *cobra.Command, _ []string) error { return cmd.Help() }
		return c
	}
	return []*cobra.Command{
		topic("devices", "How devices are named on the command line", topicDevices),
		topic("exit-codes", "What the exit status means", exitCodeText()),
		topic("environment", "Environment variables", environmentText()),
		topic("output", "Tables, JSON, colours and where they go", topicOutput),
	}
}

const topicDevices = `
A device is named by any of these, and the first that fits is meant:

  "Desk lamp"          its name, exactly
  "desk LAMP"          its name, in another case
  desk                 the beginning of its name, if only one begins so
  50:C7:BF:00:00:01    its MAC, with colons, dashes or neither
  8006...              its device id
  192.168.1.20         its address; a host name, or host:port for a simulator
  "Strip/Outlet 2"     an outlet of a strip or a child of a hub; Strip/2 is the second
  room:kitchen         the devices of a room, or of the only one that begins so; with quotes where it
                       has spaces: "room:living room". "wattle hub room" puts devices into rooms
  @evening             the devices of a group of the running hub, see "wattle group"
  all                  every known device

Known devices are those that "wattle discover" or another command has met
before; "wattle list" shows them. A name that is not known is looked for once.
What a device of a room, a group or of all cannot do is left out for it. A strip in a room stands for its
outlets, without those that are in another room.
A device that changed its address is found again by its MAC.`

const topicOutput = `
Results go to stdout; progress, warnings and errors go to stderr.

  -o table    for people (default); clipped to the width of a terminal only
  -o json     one document; same as --json. Streams (discover, watch) are NDJSON:
              one object per line
  -o yaml     the same data as YAML
  -o csv      the table as CSV

With --json the last error is a JSON object on stderr:

  {"error":{"message":"...","code":3,"class":"auth","device":"...","hint":"..."}}

Nothing moves and nothing is coloured unless the stream is a terminal. NO_COLOR,
TERM=dumb and --no-color switch colours off, CLICOLOR_FORCE=1 switches them on.
What is not known is shown as "-" and is null in JSON: never 0 and never off.`

func exitCodeText() string {
	var b strings.Builder
	b.WriteString("Exit codes are a contract for scripts. \"class\" in JSON errors has the name.\n\n")
	for _, c := range codes {
		fmt.Fprintf(&b, "  %3d  %-12s %s\n", int(c.code), c.name, c.text)
	}
	b.WriteString("\nsim, demo, watch and events run until a signal: Ctrl-C is their normal end, with code 0.")
	return b.String()
}

// environment lists the variables that are not settings.
var environment = []struct{ name, help string }{
	{"WATTLE_USERNAME, WATTLE_PASSWORD", "account of the devices; WATTLE_PASSWORD_FILE names a file that holds the password"},
	{"KASA_USERNAME, KASA_PASSWORD", "the same, as the kasa command knows them"},
	{"WATTLE_HUB_TOKEN", "token for --hub URL; WATTLE_HUB_TOKEN_FILE names a file that holds it"},
	{"WATTLE_CONFIG", "configuration file"},
	{"WATTLE_STATE_DIR", "folder of known devices, sessions and credentials"},
	{"WATTLE_LOG_FILE", "file that gets what --debug shows, of every command: for reports of bugs; it holds no secrets"},
	{"XDG_CONFIG_HOME, XDG_STATE_HOME", "where the folder wattle/ is looked for otherwise"},
	{"NO_COLOR, CLICOLOR_FORCE, TERM", "colours, see \"wattle help output\""},
}

func environmentText() string {
	var b strings.Builder
	b.WriteString("A flag wins over the environment, the environment over the configuration file.\n\n")
	width := 0
	for _, v := range environment {
		width = max(width, len(v.name))
	}
	for _, row := range schema {
		width = max(width, len(row.env()))
	}
	for _, v := range environment {
		fmt.Fprintf(&b, "  %-*s  %s\n", width, v.name, v.help)
	}
	b.WriteString("\nEach setting of the configuration file has a variable of its own:\n\n")
	for _, row := range schema {
		if !strings.Contains(row.key, "*") {
			fmt.Fprintf(&b, "  %-*s  %s\n", width, row.env(), row.help)
		}
	}
	return strings.TrimRight(b.String(), "\n")
}
