package cli

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"wattle/recorder"
)

// setting is the row of one key of the configuration: flags, environment, file, manual
// and completion range over [schema].
type setting struct {
	key      string // "discovery.timeout"; "*" stands for a name of the user's
	kind     kind
	fallback string
	flag     string // global flag that overrides it, "" for none
	variable string // in the environment, where it is not the usual one
	choices  []string
	help     string
}

type kind uint8

const (
	text kind = iota
	boolean
	duration
	words // list of texts; in the environment separated by commas
	span  // duration that may be long: "7d", "3y"
)

func (k kind) String() string {
	return [...]string{"text", "true or false", "duration", "list", "span of time"}[k]
}

// env is the variable that overrides a setting: WATTLE_SECTION__KEY.
func (s setting) env() string {
	if s.variable != "" {
		return s.variable
	}
	return "WATTLE_" + strings.ToUpper(strings.ReplaceAll(s.key, ".", "__"))
}

// policies are the ways to devices, see connect.Policy.
var policies = []string{"local", "prefer-local", "cloud"}

// attestations are the values of transport.Attestation.
var attestations = []string{"offered", "off", "required"}

var schema = []setting{
	{key: "profile", flag: "profile", help: "Which account and state to use where --profile does not say."},
	{key: "output", flag: "output", fallback: formatTable, choices: formats, help: "How results are printed."},
	{key: "color", fallback: "auto", choices: []string{"auto", "always", "never"}, help: "When to colour; NO_COLOR wins."},
	{key: "timeout", kind: duration, flag: "timeout", help: "How long a command may take; empty is no limit."},
	{key: "discovery.targets", kind: words, help: "Hosts, broadcast addresses and ranges to sweep as well."},
	{key: "discovery.timeout", kind: duration, fallback: "3s", help: "How long a sweep listens."},
	{key: "discovery.only_targets", kind: boolean, fallback: "false", help: "Leave the networks of this machine out of a sweep."},
	{key: "account.username", help: "E-mail of the TP-Link account, as typed when the devices were set up; passwords: \"wattle auth\"."},
	{key: "via", flag: "via", fallback: "prefer-local", choices: policies, help: "By which way devices are reached; prefer-local uses the cloud where they are not at home."},
	{key: "cloud.enabled", kind: boolean, fallback: "true", help: "Whether the TP-Link cloud may be used, after \"wattle cloud login\"."},
	{key: "cloud.url", help: "Another host in place of TP-Link's, such as that of \"wattle sim --cloud\"."},
	{key: "cloud.ca_file", help: "File with certificates to trust besides those of the system and TP-Link's."},
	{key: "cloud.user_agent", fallback: "android", help: "User-Agent for the cloud: android (Android 14), android6 (as of 2020), or any text."},
	{key: "cloud.terminal_uuid", help: "What names this install to the cloud, in place of a random one."},
	{key: "cloud.terminal_name", fallback: "wattle", help: "What the app's list of signed-in terminals shows."},
	{key: "cloud.stringify", kind: boolean, fallback: "false", help: "Send messages for Kasa devices as text from the start."},
	{key: "cloud.kasa.app", help: "App name for the Kasa side, in place of that of the Android app."},
	{key: "cloud.kasa.version", help: "App version for it."},
	{key: "cloud.kasa.access_key", help: "Access key of that app."},
	{key: "cloud.kasa.secret_key", help: "Secret key of that app; it names the app and no person."},
	{key: "cloud.tapo.app", help: "App name for the Tapo side."},
	{key: "cloud.tapo.version", help: "App version for it."},
	{key: "cloud.tapo.access_key", help: "Access key of that app."},
	{key: "cloud.tapo.secret_key", help: "Secret key of that app."},
	{key: "tpap.ca_file", help: "PEM file of certificates that devices with new firmware may descend from."},
	{key: "tpap.attestation", fallback: "offered", choices: attestations, help: "Whether such devices prove that they are genuine: if offered, off, or required."},
	{key: "hub.use", flag: "hub", variable: "WATTLE_HUB", fallback: "auto", help: "Hub that commands go through: auto takes one that runs here, off none, or its URL."},
	{key: "hub.interval", kind: duration, fallback: "5s", help: "How often the hub polls a device."},
	{key: "hub.sweep", kind: duration, fallback: "10m", help: "How often it looks for devices that moved or are new; 0s is never."},
	{key: "hub.adopt", kind: boolean, fallback: "false", help: "Whether it takes in new devices of the account by itself."},
	{key: "hub.zone", help: "Time zone of the home, such as Europe/Berlin; empty is that of the system."},
	{key: "listen.socket", help: "Path of the hub's Unix socket; empty is the usual one, off is none."},
	{key: "listen.http", kind: words, help: "Addresses of its HTTP API, such as 127.0.0.1:8420, where a token is wanted."},
	{key: "listen.tls_cert", help: "File with the certificate for listen.http, PEM; without one it speaks plain HTTP."},
	{key: "listen.tls_key", help: "File with its key."},
	{key: "listen.hosts", kind: words, help: "Further host names that requests may be addressed to."},
	{key: "listen.origins", kind: words, help: "Web pages elsewhere that may use the API, such as https://panel.example."},
	{key: "listen.tokens", kind: boolean, fallback: "true", help: "Whether tokens are wanted; without them it listens on this computer only."},
	{key: "history.enabled", kind: boolean, fallback: "true", help: "Whether the hub keeps a history."},
	{key: "history.address", help: "File of the history, or postgres:// URL (password in ~/.pgpass); empty: in the data folder."},
	{key: "history.keep.samples", kind: span, fallback: "7d", help: "For how long single samples are kept; 0 is for ever, as below."},
	{key: "history.keep.minutes", kind: span, fallback: "14d", help: "For how long minutes are kept."},
	{key: "history.keep.hours", kind: span, fallback: "1098d", help: "For how long hours are kept; days and energy are kept for ever."},
	{key: "history.keep.states", kind: span, fallback: "400d", help: "For how long states of switches and texts are kept."},
	{key: "history.keep.events", kind: span, fallback: "400d", help: "For how long events are kept."},
	{key: "mqtt.broker", help: "MQTT broker, such as mqtt://127.0.0.1:1883 or mqtts://HOST; Home Assistant finds the devices there."},
	{key: "mqtt.username", help: "User at the broker."},
	{key: "mqtt.password_file", help: "File with the password at the broker; or WATTLE_MQTT_PASSWORD, WATTLE_MQTT_PASSWORD_FILE."},
	{key: "mqtt.ca_file", help: "PEM file of who signed the broker's certificate; empty: the system's."},
	{key: "mqtt.client_cert", help: "PEM file of our own certificate at the broker."},
	{key: "mqtt.client_key", help: "PEM file of its key."},
	{key: "mqtt.client_id", fallback: "wattle", help: "Name of this client, another for each client of a broker."},
	{key: "mqtt.base", fallback: "wattle", help: "First level of our topics."},
	{key: "mqtt.discovery", fallback: "homeassistant", help: "First level of Home Assistant's topics."},
	{key: "mqtt.install", kind: boolean, fallback: "false", help: "Whether Home Assistant may start firmware updates."},
	{key: "metrics.listen", kind: words, help: "Addresses for Prometheus, such as 127.0.0.1:9420; anybody who reaches them may read."},
	{key: "metrics.compat", kind: words, help: "Serve the metric names of older exporters too: kasa, tapo."},
	{key: "metrics.kilowatt_hours", kind: boolean, fallback: "false", help: "Serve energy in kWh besides joules."},
	{key: "profiles.*.username", help: "E-mail of this profile's account."},
	{key: "profiles.*.targets", kind: words, help: "What this profile sweeps in addition."},
	{key: "profiles.*.loopback_only", kind: boolean, help: "Sweep this machine only, for simulated homes."},
}

// find gives the row of a key, with the key as it was asked for.
func findSetting(key string) (setting, bool) {
	parts := strings.Split(key, ".")
	for _, row := range schema {
		want := strings.Split(row.key, ".")
		if len(want) != len(parts) {
			continue
		}
		ok := true
		for i := range want {
			ok = ok && (want[i] == parts[i] || want[i] == "*" && parts[i] != "")
		}
		if ok {
			row.key = key
			return row, true
		}
	}
	return setting{}, false
}

// check tells what is wrong with a value for the setting.
func (s setting) check(values []string) error {
	if s.kind != words && len(values) != 1 {
		return usagef("", "%s: want one value (%s), not a list", s.key, s.kind)
	}
	for _, v := range values {
		switch {
		case s.kind == boolean && v != "true" && v != "false":
			return usagef("", "%s: %q is not true or false", s.key, v)
		case s.kind == duration && v != "":
			if d, err := time.ParseDuration(v); err != nil || d < 0 {
				return usagef(`write a number and a unit, such as "1500ms" or "5s"`, "%s: %q is not a duration", s.key, v)
			}
		case s.kind == span:
			if _, err := parseSpan(v); err != nil {
				return usagef(`write a number and a unit, such as "36h", "7d", "6w" or "3y"`, "%s: %w", s.key, err)
			}
		case len(s.choices) > 0 && !slices.Contains(s.choices, v):
			return usagef(meant(v, s.choices), "%s: %q is not %s", s.key, v, list(s.choices))
		}
	}
	return nil
}

// value is what a setting is, and where that was said.
type value struct {
	values []string
	origin string // "default", "flag --timeout", "env WATTLE_OUTPUT", "file.yaml:3"
}

// settings are all values by key, after precedence.
type settings struct {
	byKey map[string]value
	file  string // path of the file, "" where there is none
	// tariffs are the one thing that is no plain value.
	tariffs []recorder.Tariff
}

func (s *settings) get(key string) value {
	if v, ok := s.byKey[key]; ok {
		return v
	}
	row, _ := findSetting(key)
	if row.fallback == "" {
		return value{origin: "default"}
	}
	return value{values: []string{row.fallback}, origin: "default"}
}

func (s *settings) list(key string) []string { return s.get(key).values }

func (s *settings) text(key string) string { return strings.Join(s.get(key).values, ",") }

func (s *settings) bool(key string) bool { return s.text(key) == "true" }

func (s *settings) span(key string) time.Duration {
	d, _ := parseSpan(s.text(key)) // checked
	return d
}

// parseSpan reads a duration that may be in days, weeks or years of 366 days.
func parseSpan(text string) (time.Duration, error) {
	if text == "0" {
		return 0, nil
	}
	for unit, length := range map[string]time.Duration{"d": 24 * time.Hour, "w": 7 * 24 * time.Hour, "y": 366 * 24 * time.Hour} {
		if digits, ok := strings.CutSuffix(text, unit); ok {
			n, err := strconv.Atoi(digits)
			if err == nil && n >= 0 && n < 100_000 && n <= int(1<<62/length) {
				return time.Duration(n) * length, nil
			}
		}
	}
	d, err := time.ParseDuration(text)
	if err != nil || d < 0 {
		return 0, fmt.Errorf("%q is not a span of time", text)
	}
	return d, nil
}

func (s *settings) duration(key string) time.Duration {
	d, err := time.ParseDuration(s.text(key))
	if err != nil {
		return 0 // check refused everything but ""
	}
	return d
}

// settings loads and merges once: flag over environment over file over default.
func (a *app) settings() (*settings, error) {
	if a.set != nil {
		return a.set, nil
	}
	path, err := a.configFile()
	if err != nil {
		return nil, err
	}
	set, err := readConfig(path, a.flags.config != "" || a.getenv("WATTLE_CONFIG") != "")
	if err != nil {
		return nil, err
	}
	for _, row := range schema {
		if strings.Contains(row.key, "*") {
			continue
		}
		if v := a.getenv(row.env()); v != "" {
			values := []string{v}
			if row.kind == words {
				values = split(v)
			}
			if err := row.check(values); err != nil {
				return nil, of(row.env(), err)
			}
			set.byKey[row.key] = value{values, "env " + row.env()}
		}
	}
	flags := map[string]string{
		"profile": a.flags.profile, "output": a.flags.output, "timeout": durationText(a.flags.timeout), "via": a.flags.via, "hub": a.flags.hub,
	}
	for _, row := range schema {
		if v := flags[row.flag]; v != "" {
			set.byKey[row.key] = value{[]string{v}, "flag --" + row.flag}
		}
	}
	if a.flags.json {
		set.byKey["output"] = value{[]string{formatJSON}, "flag --json"}
	}
	a.set = set
	return set, nil
}

func durationText(d time.Duration) string {
	if d == 0 {
		return ""
	}
	return d.String()
}

// split cuts a list from the environment or a command line at commas and blanks.
func split(s string) []string {
	return strings.FieldsFunc(s, func(r rune) bool { return r == ',' || r == ' ' })
}
