package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"wattle"
	"wattle/method"
)

func newRaw(a *app) *cobra.Command {
	var childRef string
	cmd := &cobra.Command{
		Use:   "raw DEVICE METHOD [JSON]",
		Short: "Send one request as it is and print the answer",
		Example: `wattle raw "Desk lamp" get_device_info
wattle raw heater system.get_sysinfo
wattle raw heater emeter.get_daystat '{"month":11,"year":2026}'
wattle raw lamp smartlife.iot.smartbulb.lightingservice.get_light_state
wattle raw --child "Outlet 2" strip get_device_info`,
		Long: `Kasa devices that speak IOT want MODULE.METHOD, all others METHOD. The answer is
printed as JSON. Nothing is checked and nothing is repeated: a request that
changes something is sent once, whatever becomes of the answer.`,
		GroupID:           groupSwitch,
		Args:              between(2, 3, "a device and a method"),
		ValidArgsFunction: a.completeDeviceThen(nil),
		RunE: func(cmd *cobra.Command, args []string) error {
			call := method.Call{Method: args[1], Effect: method.Once}
			if dot := strings.LastIndex(args[1], "."); dot >= 0 { // modules of bulbs have dots of their own
				call.Module, call.Method = args[1][:dot], args[1][dot+1:]
			}
			if call.Method == "" {
				return usagef("for example: "+firstExample(cmd), "%q is not a method", args[1])
			}
			if strings.HasPrefix(call.Method, "get") {
				call.Effect = method.Read
			}
			if len(args) == 3 {
				if !json.Valid([]byte(args[2])) {
					return usagef("put it in single quotes, so that the shell leaves it alone", "the parameters are not JSON: %s", jsonFault(args[2]))
				}
				call.Params = json.RawMessage(args[2])
			}
			ref := args[0]
			if childRef != "" {
				ref += "/" + childRef
			}
			ctx, cancel := a.limit(cmd.Context())
			defer cancel()
			targets, err := a.resolve(ctx, []string{ref})
			if err != nil {
				return err
			}
			answers, errs := visit(ctx, a, targets, func(ctx context.Context, d *opened) (json.RawMessage, error) {
				results, err := d.dev.Call(ctx, call)
				if err != nil {
					return nil, err
				}
				return results[0].Raw, results[0].Err
			})
			if err := join(errs); err != nil {
				return err
			}
			var answer any
			dec := json.NewDecoder(bytes.NewReader(answers[0]))
			dec.UseNumber()
			if len(answers[0]) > 0 {
				if err := dec.Decode(&answer); err != nil {
					return of(targets[0].name(), fmt.Errorf("%w: %w", wattle.ErrProtocol, err))
				}
			}
			if a.format() == formatYAML {
				return a.print(answer, nil)
			}
			return writeJSON(a.out, answer)
		},
	}
	cmd.Flags().StringVar(&childRef, "child", "", "outlet or child to send it to: name, number or `id`")
	return cmd
}

// jsonFault says where a text stops being JSON.
func jsonFault(text string) string {
	var v any
	err := json.Unmarshal([]byte(text), &v)
	if e, ok := err.(*json.SyntaxError); ok { //nolint:errorlint // comes from json itself
		return fmt.Sprintf("%v at byte %d", err, e.Offset)
	}
	return fmt.Sprint(err)
}
