package cli

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"wattle"
	"wattle/cloud"
)

// cloudRawFlags are those of "wattle cloud raw" and "cloud curl".
type cloudRawFlags struct {
	line, base string
	stringify  bool
}

func (f *cloudRawFlags) register(cmd *cobra.Command) {
	cmd.Flags().StringVar(&f.line, "line", "kasa", "`side` of the account: kasa or tapo")
	cmd.Flags().StringVar(&f.base, "base", "", "send it to this `URL`, such as a device's appServerUrl")
	cmd.Flags().BoolVar(&f.stringify, "stringify", false, "send requestData as one string and not as an object")
	_ = cmd.RegisterFlagCompletionFunc("line", fixed("kasa", "tapo"))
}

func newCloudRaw(a *app) *cobra.Command {
	var f cloudRawFlags
	cmd := &cobra.Command{
		Use:   "raw METHOD [JSON]",
		Short: "Send one call to the cloud as it is, and print the answer",
		Example: `wattle cloud raw getDeviceList
wattle cloud raw passthrough '{"deviceId":"8006...","requestData":{"system":{"get_sysinfo":null}}}'
wattle cloud raw /api/v2/account/getMFAFeatureStatus '{}' --line tapo
wattle cloud raw 'GET /v1/things?page=0&pageSize=20'`,
		Long: `METHOD is a method of the first service, a path of the second (/api/v2/...), or verb and target
of the things service ("GET /v1/things"). JSON is the params, or the body. The token is added where
it belongs. The JSON is checked before anything is sent; an answer with an error code is printed
and makes the exit code.`,
		Args: between(1, 2, "a method"),
		RunE: func(cmd *cobra.Command, args []string) error {
			call, err := f.call(args)
			if err != nil {
				return err
			}
			ctx, cancel := a.limit(cmd.Context())
			defer cancel()
			c, err := a.cloud(ctx)
			if err != nil {
				return err
			}
			e := a.warnOfFamily(ctx, c, call)
			answer, err := c.Raw(ctx, call)
			err = wrongRelay(err, e)
			if len(answer) == 0 {
				return err
			}
			var shown any
			d := json.NewDecoder(bytes.NewReader(answer))
			d.UseNumber()
			if d.Decode(&shown) != nil {
				return errors.Join(wattle.ErrProtocol, err)
			}
			if a.format() == formatYAML {
				return errors.Join(a.print(shown, nil), err)
			}
			return errors.Join(writeJSON(a.out, shown), err)
		},
	}
	f.register(cmd)
	return cmd
}

// call reads a call off the command line.
func (f *cloudRawFlags) call(args []string) (cloud.Raw, error) {
	if f.line != string(cloud.Kasa) && f.line != string(cloud.Tapo) {
		return cloud.Raw{}, usagef(meant(f.line, []string{"kasa", "tapo"}), "--line %q: want kasa or tapo", f.line)
	}
	call := cloud.Raw{Line: cloud.Line(f.line), Method: args[0], Base: f.base, Service: cloud.V1}
	verb, target, found := strings.Cut(args[0], " ")
	switch {
	case found && strings.HasPrefix(target, "/"):
		call.Service, call.Line = cloud.Things, cloud.Tapo
		call.Method = strings.ToUpper(verb) + " " + target
	case strings.HasPrefix(args[0], "/"):
		call.Service = cloud.V2
	}
	if len(args) == 2 {
		var members map[string]json.RawMessage
		if !json.Valid([]byte(args[1])) {
			return call, usagef("put it in single quotes, so that the shell leaves it alone", "the parameters are not JSON: %s; nothing was sent", jsonFault(args[1]))
		}
		if json.Unmarshal([]byte(args[1]), &members) != nil || members == nil {
			return call, usagef(`for example '{"deviceId":"..."}'`, "the parameters are not a JSON object; nothing was sent")
		}
		call.Params = json.RawMessage(args[1])
		if data := members["requestData"]; f.stringify && len(data) > 0 && data[0] != '"' {
			var compact bytes.Buffer
			if err := json.Compact(&compact, data); err != nil {
				return call, err
			}
			text, err := json.Marshal(compact.String())
			if err != nil {
				return call, err
			}
			members["requestData"] = text
			if call.Params, err = json.Marshal(members); err != nil {
				return call, err
			}
		}
	}
	return call, nil
}

// wrongRelay explains why a device that works is "offline" to a relay.
func wrongRelay(err error, e *cloud.Entry) error {
	refused, ok := errors.AsType[*wattle.CloudError](err)
	if !ok || refused.Code != wattle.CloudOffline || e == nil || e.Family() != wattle.SMART {
		return err
	}
	return &fault{
		err:  fmt.Errorf("%w; that does not mean that %s is off line: it is a Tapo device, and no Tapo device is connected to this relay", err, cmp.Or(e.Name, e.ID)),
		hint: "wattle reaches it through the Tapo service, for example: wattle state --via cloud " + quote(cmp.Or(e.Name, e.ID)),
	}
}

// warnOfFamily tells of a message in the language of another family. It gives the
// device that the call is about, nil for none.
func (a *app) warnOfFamily(ctx context.Context, c *cloud.Client, call cloud.Raw) *cloud.Entry {
	var p struct {
		DeviceID    string          `json:"deviceId"`
		RequestData json.RawMessage `json:"requestData"`
	}
	if json.Unmarshal(call.Params, &p) != nil || p.DeviceID == "" {
		return nil
	}
	home, err := c.Devices(ctx)
	if err != nil {
		return nil
	}
	e := home.ByID(p.DeviceID)
	if e == nil || len(p.RequestData) == 0 {
		return e
	}
	var text string
	if json.Unmarshal(p.RequestData, &text) == nil {
		p.RequestData = json.RawMessage(text)
	}
	warnings, err := cloud.Warnings(e.Family(), p.RequestData)
	if err != nil {
		a.warn(err)
	}
	for _, w := range warnings {
		a.warn(errors.New(w))
	}
	return e
}
