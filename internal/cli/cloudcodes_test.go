package cli

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"wattle"
	"wattle/simulator"
	"wattle/simulator/cloudsim"
	"wattle/simulator/homes"
)

// TestSeedCodes: each code that docs/protocol/seed-facts.md section E names has a
// named error, a sentence, advice, an exit code and a fault of a simulator.
func TestSeedCodes(t *testing.T) {
	for code, want := range map[int]struct {
		err   error
		exit  Code
		class error
	}{
		0:      {nil, CodeOK, nil},
		-20104: {&wattle.CloudError{Method: "getDeviceList", Code: wattle.CloudNoParameter}, CodeUsage, wattle.ErrParam},
		-20571: {&wattle.CloudError{Method: "passthrough", Code: wattle.CloudOffline}, CodeUnreachable, wattle.ErrUnreachable},
		-1:     {&wattle.CloudError{Method: "passthrough", Code: wattle.CloudBadRequest}, CodeUsage, wattle.ErrParam},
		-1009:  {&wattle.DeviceError{Family: wattle.SMART, Method: "securePassthrough", Code: -1009}, CodeGeneral, wattle.ErrSession},
	} {
		if got := exitCode(want.err); got != want.exit {
			t.Errorf("%d: exit code %d, want %d", code, got, want.exit)
		}
		if want.err == nil {
			continue
		}
		if !errors.Is(want.err, want.class) {
			t.Errorf("%d is not of the class %v", code, want.class)
		}
		number := fmt.Sprint(code)
		if text := want.err.Error(); !strings.Contains(text, number+" (") {
			t.Errorf("%d has no name: %s", code, text)
		}
		if hintOf(want.err) == "" {
			t.Errorf("%d has no advice", code)
		}
		h := simulator.NewHome(nil)
		d, err := simulator.New(homes.Demo()[0], nil)
		if err == nil {
			err = h.Add(d, nil)
		}
		if err == nil {
			_, err = cloudsim.New(h, nil)
		}
		if err != nil {
			t.Fatal(err)
		}
		fault := "cloud-code=" + number
		if code == -1009 {
			fault = "code=" + number // of a device in the local network
		}
		if err := h.SetFault(d.Info().Alias, fault); err != nil {
			t.Errorf("%d: %v", code, err)
		}
	}
}
