package cli

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"wattle"
	"wattle/cloud"
	"wattle/internal/wire/cloudapi"
)

// curlSecrets are members whose values are shell variables in what is printed.
var curlSecrets = map[string]string{
	"token": "TOKEN", "refreshToken": "REFRESH_TOKEN", "cloudUserName": "EMAIL", "cloudPassword": "PASSWORD", "code": "CODE",
}

func newCloudCurl(a *app) *cobra.Command {
	var f cloudRawFlags
	cmd := &cobra.Command{
		Use:   "curl METHOD [JSON]",
		Short: "Print the curl command that makes the same call",
		Example: `wattle cloud curl login                     # wants $EMAIL and $PASSWORD
wattle cloud curl getDeviceList             # wants $TOKEN
wattle cloud curl 'GET /v1/things' --line tapo`,
		Long: `METHOD and JSON as for "wattle cloud raw". Nothing is sent. Secrets are shell variables in the
command: $EMAIL, $PASSWORD, $TOKEN, $REFRESH_TOKEN, $CODE. "login" and "refreshToken" need no JSON.
Calls of the second service (/api/v2/...) are signed, so their body cannot hold a variable.
docs/cloud/requests.http has the same calls for editors that send them.`,
		Args: between(1, 2, "a method"),
		RunE: func(cmd *cobra.Command, args []string) error {
			call, err := f.call(args)
			if err != nil {
				return err
			}
			c, err := a.cloud(cmd.Context())
			if err != nil {
				return err
			}
			text, err := a.curl(c, call)
			if err != nil {
				return err
			}
			_, err = fmt.Fprintln(a.out, text)
			return err
		},
	}
	f.register(cmd)
	return cmd
}

// curl writes a call as a shell command.
func (a *app) curl(c *cloud.Client, call cloud.Raw) (string, error) {
	set, err := a.settings()
	if err != nil {
		return "", err
	}
	o, err := a.cloudOptions(set)
	if err != nil {
		return "", err
	}
	app := o.Kasa
	if call.Line == cloud.Tapo {
		app = o.Tapo
	}
	terminal := cloudapi.Terminal{
		UUID: c.TerminalUUID(), Name: "wattle", Meta: "wattle", Brand: "TPLINK", Model: "Pixel", OSPF: "Android 14", Locale: "en_US", NetType: "wifi",
	}
	words := []string{"curl", "-sS"}
	if path := set.text("cloud.ca_file"); path != "" {
		words = append(words, "--cacert", quote(path))
	}
	header := func(name, value string) { words = append(words, "-H", quote(name+": "+value)) }
	base := call.Base
	if base == "" {
		base = curlBase(c, o, call)
	}
	if call.Service != cloud.Things {
		words = append(words, "-A", quote(cloud.UserAgent(o.UserAgent)))
	}
	switch call.Service {
	case cloud.Things:
		verb, target, _ := strings.Cut(call.Method, " ")
		words = append(words, "-X", verb)
		for _, h := range cloudapi.ThingsHeader(app, terminal, wattle.Secret{}) {
			header(h.Name, h.Value)
		}
		words = append(words, "-H", `"Authorization: ut|$TOKEN"`)
		if len(call.Params) > 0 {
			header("Content-Type", "application/json;charset=UTF-8")
			words = append(words, "--data-binary", quoteJSON(call.Params))
		}
		return strings.Join(append(words, quote(base+target)), " "), nil
	case cloud.V2:
		body := call.Params
		if len(body) == 0 {
			body = json.RawMessage("{}")
		}
		if quoteJSON(body) != quote(string(compact(body))) {
			return "", usagef(`use the first service: "wattle cloud curl login"`, "the call is signed, and its body holds a secret: no command could be printed without it")
		}
		body = compact(body)
		md5 := cloudapi.ContentMD5(body)
		header("Content-Type", "application/json;charset=UTF-8")
		header(cloudapi.HeaderMD5, md5)
		header(cloudapi.HeaderAuthorization, app.Key.Sign(md5, call.Method, cloudapi.Nines, terminal.UUID).String())
		query := cloudapi.Query(app, terminal, wattle.Secret{})
		words = append(words, "--data-binary", quote(string(body)), quote(base+call.Method+"?"+query)+`"&token=$TOKEN"`)
		return strings.Join(words, " "), nil
	}
	body, err := curlBody(call, app, terminal.UUID)
	if err != nil {
		return "", err
	}
	header("Content-Type", "application/json")
	words = append(words, "--data-binary", quoteJSON(body), quote(base+"/"))
	return strings.Join(words, " "), nil
}

// curlBase is where a call goes that names no host.
func curlBase(c *cloud.Client, o *cloud.Options, call cloud.Raw) string {
	own := o.Entries.V1
	for _, l := range c.Status().Lines {
		if l.Line != call.Line {
			continue
		}
		if call.Service == cloud.Things && l.Things != "" {
			return l.Things
		}
		if call.Service == cloud.V2 && l.Host != "" {
			return l.Host
		}
	}
	switch {
	case own != "":
		return own
	case call.Service == cloud.Things:
		return cloudapi.EntryThings
	case call.Service == cloud.V2 && call.Line == cloud.Tapo:
		return cloudapi.EntryTapo
	case call.Service == cloud.V2:
		return cloudapi.EntryKasa
	}
	return cloudapi.EntryV1
}

// curlBody is the envelope of the first service, with the token where one belongs.
func curlBody(call cloud.Raw, app cloud.App, terminal string) (json.RawMessage, error) {
	params := map[string]json.RawMessage{}
	if len(call.Params) > 0 {
		if err := json.Unmarshal(call.Params, &params); err != nil {
			return nil, usagef("", "the parameters are not an object: %v", err)
		}
	}
	give := func(key, value string) {
		if _, given := params[key]; !given {
			params[key], _ = json.Marshal(value) // a text
		}
	}
	switch call.Method {
	case cloudapi.MethodLogin:
		give("appType", app.Type)
		give("cloudUserName", "")
		give("cloudPassword", "")
		give("terminalUUID", terminal)
		params["refreshTokenNeeded"] = json.RawMessage("true")
	case cloudapi.MethodRefresh:
		give("appType", app.Type)
		give("terminalUUID", terminal)
		give("refreshToken", "")
	default:
		give("token", "")
	}
	return json.Marshal(map[string]any{"method": call.Method, "params": params})
}

// compact is JSON without blanks.
func compact(raw json.RawMessage) json.RawMessage {
	var b bytes.Buffer
	if json.Compact(&b, raw) != nil {
		return raw
	}
	return b.Bytes()
}

// quote makes one word of the shell.
func quote(s string) string { return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'" }

// quoteJSON makes one word of a message, in which the values of secrets are shell
// variables.
func quoteJSON(raw json.RawMessage) string {
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	var v any
	if d.Decode(&v) != nil {
		return quote(string(raw))
	}
	mark := func(name string) string { return "\x00" + name + "\x00" }
	var walk func(v any) any
	walk = func(v any) any {
		switch v := v.(type) {
		case map[string]any:
			for key, item := range v {
				if name := curlSecrets[key]; name != "" {
					if _, isText := item.(string); isText {
						v[key] = mark(name)
						continue
					}
				}
				v[key] = walk(item)
			}
		case []any:
			for i := range v {
				v[i] = walk(v[i])
			}
		}
		return v
	}
	v = walk(v)
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if e.Encode(v) != nil {
		return quote(string(raw))
	}
	out := quote(strings.TrimSpace(b.String()))
	for _, name := range slices.Sorted(maps.Values(curlSecrets)) {
		out = strings.ReplaceAll(out, `\u0000`+name+`\u0000`, `'"$`+name+`"'`)
	}
	return out
}
