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
	least    float64 // of counts and numbers
	most     float64
	reload   reload // what a running hub does with a change
	help     string
}

// reload is when a running hub takes a change of a setting.
type reload uint8

const (
	_       reload = iota // every row says one of the others
	atOnce                // when the configuration is read again; sessions stay
	atStart               // with the next start; reloading says so
	outside               // never: it is for commands, which read it each time
)

type kind uint8

const (
	text kind = iota
	boolean
	duration
	words  // list of texts; in the environment separated by commas
	span   // duration that may be long: "7d", "3y"
	count  // whole number, of a range
	number // of a range
)

func (k kind) String() string {
	return [...]string{"text", "true or false", "duration", "list", "span of time", "whole number", "number"}[k]
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
	{key: "profile", flag: "profile", reload: atStart, help: "Which account and state to use where --profile does not say."},
	{key: "output", flag: "output", fallback: formatTable, choices: formats, reload: outside, help: "How results are printed."},
	{key: "color", fallback: "auto", choices: []string{"auto", "always", "never"}, reload: outside, help: "When to colour; NO_COLOR wins."},
	{key: "timeout", kind: duration, flag: "timeout", reload: outside, help: "How long a command may take; empty is no limit."},
	{key: "discovery.targets", kind: words, reload: atOnce, help: "Hosts, broadcast addresses and ranges to sweep as well."},
	{key: "discovery.timeout", kind: duration, fallback: "3s", reload: outside, help: "How long a sweep listens."},
	{key: "discovery.only_targets", kind: boolean, fallback: "false", reload: atOnce, help: "Leave the networks of this machine out of a sweep."},
	{key: "account.username", reload: atOnce, help: "E-mail of the TP-Link account, as typed when the devices were set up; passwords: \"wattle auth\"."},
	{key: "via", flag: "via", fallback: "prefer-local", choices: policies, reload: atStart, help: "By which way devices are reached; prefer-local uses the cloud where they are not at home."},
	{key: "cloud.enabled", kind: boolean, fallback: "true", reload: atStart, help: "Whether the TP-Link cloud may be used, after \"wattle cloud login\"."},
	{key: "cloud.url", reload: atStart, help: "Another host in place of TP-Link's, such as that of \"wattle sim --cloud\"."},
	{key: "cloud.ca_file", reload: atStart, help: "File with certificates to trust besides those of the system and TP-Link's."},
	{key: "cloud.user_agent", fallback: "android", reload: atStart, help: "User-Agent for the cloud: android (Android 14), android6 (as of 2020), or any text."},
	{key: "cloud.terminal_uuid", reload: atStart, help: "What names this install to the cloud, in place of a random one."},
	{key: "cloud.terminal_name", fallback: "wattle", reload: atStart, help: "What the app's list of signed-in terminals shows."},
	{key: "cloud.stringify", kind: boolean, fallback: "false", reload: atStart, help: "Send messages for Kasa devices as text from the start."},
	{key: "cloud.kasa.app", reload: atStart, help: "App name for the Kasa side, in place of that of the Android app."},
	{key: "cloud.kasa.version", reload: atStart, help: "App version for it."},
	{key: "cloud.kasa.access_key", reload: atStart, help: "Access key of that app."},
	{key: "cloud.kasa.secret_key", reload: atStart, help: "Secret key of that app; it names the app and no person."},
	{key: "cloud.tapo.app", reload: atStart, help: "App name for the Tapo side."},
	{key: "cloud.tapo.version", reload: atStart, help: "App version for it."},
	{key: "cloud.tapo.access_key", reload: atStart, help: "Access key of that app."},
	{key: "cloud.tapo.secret_key", reload: atStart, help: "Secret key of that app."},
	{key: "tpap.ca_file", reload: atStart, help: "PEM file of certificates that devices with new firmware may descend from."},
	{key: "tpap.attestation", fallback: "offered", choices: attestations, reload: atStart, help: "Whether such devices prove that they are genuine: if offered, off, or required."},
	{key: "hub.use", flag: "hub", variable: "WATTLE_HUB", fallback: "auto", reload: outside, help: "Hub that commands go through: auto takes one that runs here, off none, or its URL."},
	{key: "hub.interval", kind: duration, fallback: "5s", reload: atOnce, help: "How often the hub polls a device."},
	{key: "hub.sweep", kind: duration, fallback: "10m", reload: atOnce, help: "How often it looks for devices that moved or are new; 0s is never."},
	{key: "hub.adopt", kind: boolean, fallback: "false", reload: atOnce, help: "Whether it takes in new devices of the account by itself, except those that were removed."},
	{key: "hub.zone", reload: atStart, help: "Time zone of the home, such as Europe/Berlin; empty is that of the system."},
	{key: "hub.latitude", kind: number, least: -90, most: 90, reload: atOnce, help: "Where the home is, in degrees, north is positive, for sunrise and sunset; empty: as devices say."},
	{key: "hub.longitude", kind: number, least: -180, most: 180, reload: atOnce, help: "The same, east is positive."},
	{key: "listen.socket", reload: atOnce, help: "Path of the hub's Unix socket; empty is the usual one, off is none."},
	{key: "listen.http", kind: words, reload: atOnce, help: "Addresses of its HTTP API, such as 127.0.0.1:8420, where a token is wanted."},
	{key: "listen.tls_cert", reload: atOnce, help: "File with the certificate for listen.http, PEM; without one it speaks plain HTTP."},
	{key: "listen.tls_key", reload: atOnce, help: "File with its key."},
	{key: "listen.hosts", kind: words, reload: atOnce, help: "Further host names that requests may be addressed to."},
	{key: "listen.origins", kind: words, reload: atOnce, help: "Web pages elsewhere that may use the API, such as https://panel.example."},
	{key: "listen.tokens", kind: boolean, fallback: "true", reload: atOnce, help: "Whether tokens are wanted; without them it listens on this computer only."},
	{key: "listen.limits.rate", kind: number, fallback: "50", least: 0.1, most: 100000, reload: atOnce, help: "Requests per second that the API answers to one token, and to one address."},
	{key: "listen.limits.burst", kind: count, fallback: "200", least: 1, most: 100000, reload: atOnce, help: "How many of them may come at once."},
	{key: "listen.limits.connections", kind: count, fallback: "512", least: 1, most: 100000, reload: atOnce, help: "Connections at once, on each address and on the socket."},
	{key: "listen.limits.per_address", kind: count, fallback: "128", least: 1, most: 100000, reload: atOnce, help: "Connections at once from one address."},
	{key: "listen.limits.followers", kind: count, fallback: "128", least: 1, most: 100000, reload: atOnce, help: "Who may follow changes at once."},
	{key: "listen.limits.body", kind: count, fallback: "1048576", least: 1024, most: 1073741824, reload: atOnce, help: "How long what is sent to it may be, in bytes."},
	{key: "history.enabled", kind: boolean, fallback: "true", reload: atOnce, help: "Whether the hub keeps a history."},
	{key: "history.address", reload: atOnce, help: "File of the history, or postgres:// URL (password in ~/.pgpass); empty: in the data folder."},
	{key: "history.keep.samples", kind: span, fallback: "7d", reload: atOnce, help: "For how long single samples are kept; 0 is for ever, as below."},
	{key: "history.keep.minutes", kind: span, fallback: "14d", reload: atOnce, help: "For how long minutes are kept."},
	{key: "history.keep.hours", kind: span, fallback: "1098d", reload: atOnce, help: "For how long hours are kept; days and energy are kept for ever."},
	{key: "history.keep.states", kind: span, fallback: "400d", reload: atOnce, help: "For how long states of switches and texts are kept."},
	{key: "history.keep.events", kind: span, fallback: "400d", reload: atOnce, help: "For how long events are kept."},
	{key: "mqtt.broker", reload: atOnce, help: "MQTT broker, such as mqtt://127.0.0.1:1883 or mqtts://HOST; Home Assistant finds the devices there."},
	{key: "mqtt.username", reload: atOnce, help: "User at the broker."},
	{key: "mqtt.password_file", reload: atOnce, help: "File with the password at the broker; or WATTLE_MQTT_PASSWORD, WATTLE_MQTT_PASSWORD_FILE."},
	{key: "mqtt.ca_file", reload: atOnce, help: "PEM file of who signed the broker's certificate; empty: the system's."},
	{key: "mqtt.client_cert", reload: atOnce, help: "PEM file of our own certificate at the broker."},
	{key: "mqtt.client_key", reload: atOnce, help: "PEM file of its key."},
	{key: "mqtt.client_id", fallback: "wattle", reload: atOnce, help: "Name of this client, another for each client of a broker."},
	{key: "mqtt.base", fallback: "wattle", reload: atOnce, help: "First level of our topics."},
	{key: "mqtt.discovery", fallback: "homeassistant", reload: atOnce, help: "First level of Home Assistant's topics."},
	{key: "mqtt.install", kind: boolean, fallback: "false", reload: atOnce, help: "Whether Home Assistant may start firmware updates."},
	{key: "metrics.listen", kind: words, reload: atOnce, help: "Addresses for Prometheus, such as 127.0.0.1:9420; anybody who reaches them may read."},
	{key: "metrics.compat", kind: words, reload: atOnce, help: "Serve the metric names of older exporters too: kasa, tapo."},
	{key: "metrics.kilowatt_hours", kind: boolean, fallback: "false", reload: atOnce, help: "Serve energy in kWh besides joules."},
	{key: "profiles.*.username", reload: atOnce, help: "E-mail of this profile's account."},
	{key: "profiles.*.targets", kind: words, reload: atOnce, help: "What this profile sweeps in addition."},
	{key: "profiles.*.loopback_only", kind: boolean, reload: atStart, help: "Sweep this machine only, for simulated homes."},
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
		case s.kind == count || s.kind == number:
			if err := s.checkNumber(v); err != nil {
				return err
			}
		case len(s.choices) > 0 && !slices.Contains(s.choices, v):
			return usagef(meant(v, s.choices), "%s: %q is not %s", s.key, v, list(s.choices))
		}
	}
	return nil
}

// checkNumber tells what is wrong with a number; an empty one says nothing.
func (s setting) checkNumber(v string) error {
	if v == "" {
		return nil
	}
	n, err := strconv.ParseFloat(v, 64)
	if err == nil && s.kind == count {
		_, err = strconv.Atoi(v)
	}
	if err != nil || !(n >= s.least && n <= s.most) { // not a number is in no range
		format := func(n float64) string { return strconv.FormatFloat(n, 'f', -1, 64) }
		return usagef("", "%s: %q: want a %s from %s to %s", s.key, v, s.kind, format(s.least), format(s.most))
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

// number is 0 where the setting is empty.
func (s *settings) number(key string) float64 {
	n, _ := strconv.ParseFloat(s.text(key), 64) // checked
	return n
}

// count is 0 where the setting is empty.
func (s *settings) count(key string) int {
	n, _ := strconv.Atoi(s.text(key)) // checked
	return n
}

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
	if err := set.checkPlace(); err != nil {
		return nil, err
	}
	if a.settle != nil {
		a.settle(set)
	}
	a.set = set
	return set, nil
}

// checkPlace wants both coordinates of a place or none.
func (s *settings) checkPlace() error {
	const north, east = "hub.latitude", "hub.longitude"
	for _, key := range [][2]string{{north, east}, {east, north}} {
		if s.text(key[0]) != "" && s.text(key[1]) == "" {
			return of(s.get(key[0]).origin, usagef("", "%s without %s", key[0], key[1]))
		}
	}
	return nil
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
