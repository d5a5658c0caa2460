package cloudsim_test

import (
	"errors"
	"net/http"

	"strings"
	"testing"

	"wattle"
	"wattle/cloud"
	"wattle/device"
	"wattle/method"
	"wattle/simulator"
	"wattle/simulator/cloudsim"
)

// account is a client of a cloud that is served on loopback.
type account struct {
	*cloud.Client
	cloud *cloudsim.Cloud
	home  *simulator.Home
	url   string
}

// signUp serves the cloud of a home and makes a client for it.
func signUp(t *testing.T, so *cloudsim.Options, change func(*cloud.Options)) *account {
	t.Helper()
	h := home(t)
	c := newCloud(t, h, so)
	authority, err := cloudsim.NewAuthority()
	if err != nil {
		t.Fatal(err)
	}
	url := serve(t, c, cloudsim.RunOptions{Authority: authority})
	o := &cloud.Options{
		Entries:    cloud.Entries{V1: url, Kasa: url, Tapo: url, Things: url},
		AllowHosts: []string{address.Addr().String()}, ExtraCA: authority.PEM(), Rate: -1,
	}
	if change != nil {
		change(o)
	}
	client, err := cloud.New(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = client.Close() })
	return &account{client, c, h, url}
}

func (a *account) login(t *testing.T, o *cloud.LoginOptions) {
	t.Helper()
	if _, err := a.Login(t.Context(), simulator.DemoAccount(), o); err != nil {
		t.Fatal(err)
	}
}

// open is a device as a program has it, by its name.
func (a *account) open(t *testing.T, name string) *device.Device {
	t.Helper()
	e, err := a.FindName(t.Context(), name)
	if err != nil {
		t.Fatal(err)
	}
	way, err := a.Open(e, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = way.Close() })
	d, err := device.New(t.Context(), way.Caller, way.Family, nil)
	if err != nil {
		t.Fatal(name, err)
	}
	return d
}

func poll(t *testing.T, d *device.Device) *device.State {
	t.Helper()
	st, err := d.Poll(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if st.Source() != method.Cloud {
		t.Errorf("%s came by %q", st.Identity().Alias, st.Source())
	}
	return st
}

// on reads the switch of a device.
func on(t *testing.T, d *device.Device) bool {
	t.Helper()
	b, ok := poll(t, d).Value("state").Bool()
	if !ok {
		t.Fatalf("%s does not tell its state", d.Identity().Alias)
	}
	return b
}

// TestEndToEnd drives a home that is not in the local network: login with a code, the
// list, switching and reading of each kind, and a token that runs out in between.
func TestEndToEnd(t *testing.T) {
	a := signUp(t, &cloudsim.Options{Faults: []string{"cloud-mfa=mail"}}, nil)
	ctx := t.Context()
	_, err := a.Login(ctx, simulator.DemoAccount(), nil)
	wanted, ok := errors.AsType[*cloud.CodeError](err)
	if !ok {
		t.Fatalf("no code is wanted: %v", err)
	}
	if err := a.SendCode(ctx, cloud.ByEmail, wattle.Credentials{}); err != nil {
		t.Fatal(err)
	}
	mail := a.cloud.Mail()
	report, err := a.Verify(ctx, wattle.NewSecret(mail[len(mail)-1].Code), wattle.Credentials{})
	if err != nil || len(report.Lines) != 2 {
		t.Fatalf("%s: %+v, %v", wanted.Line, report, err)
	}
	list, err := a.Devices(ctx)
	if err != nil || len(list.Errs) > 0 || len(list.Entries) < len(a.home.Devices())+2 {
		t.Fatalf("%d entries, %v, %v", len(list.Entries), list.Errs, err)
	}
	for _, name := range []string{"Fridge", "Corner lamp", "Heater", "Study lamp", "alias"} {
		d := a.open(t, name)
		for _, want := range []bool{false, true, false} {
			if err := d.SetOn(ctx, want); err != nil {
				t.Fatal(name, err)
			}
			if got := on(t, d); got != want {
				t.Errorf("%s is %v, want %v", name, got, want)
			}
		}
	}
	for name, want := range map[string]string{"Fridge": `"relay_state":0`, "Heater": `"device_on":false`} {
		if got := state(t, simulated(t, a.home, name)); !strings.Contains(got, want) {
			t.Errorf("%s itself: %s", name, got)
		}
	}
	strip := a.open(t, "Media strip")
	outlet := strip.Children()[1]
	if err := outlet.SetOn(ctx, false); err != nil {
		t.Fatal(err)
	}
	for i, child := range strip.Children() {
		if got := on(t, child); got != (i != 1) {
			t.Errorf("outlet %d is %v", i, got)
		}
	}
	for _, name := range []string{"Corner lamp", "Study lamp"} {
		lamp := a.open(t, name)
		if err := lamp.SetMany(ctx, device.Setting{ID: "brightness", Value: "37"}); err != nil {
			t.Fatal(name, err)
		}
		if n, ok := poll(t, lamp).Value("brightness").Number(); !ok || n != 37 {
			t.Errorf("%s: brightness %v", name, n)
		}
	}
	for _, expired := range []bool{false, true} {
		if expired {
			a.cloud.Expire(false)
		}
		for _, name := range []string{"Fridge", "Heater"} {
			d := a.open(t, name)
			if err := d.SetOn(ctx, true); err != nil {
				t.Fatal(name, err)
			}
			if n, ok := poll(t, d).Value("current_consumption").Number(); !ok || n <= 0 {
				t.Errorf("%s takes %v W", name, n)
			}
		}
	}
	logins, renewals := 0, 0
	for _, r := range a.cloud.Journal() {
		switch r.Method {
		case "login":
			logins++
		case "refreshToken":
			renewals++
		}
	}
	if logins != 2 || renewals != 2 {
		t.Errorf("%d logins and %d renewals, want one for each side", logins, renewals)
	}
}

// state is what a device itself says.
func state(t *testing.T, d *simulator.Device) string {
	t.Helper()
	if d.Info().Family == wattle.IOT {
		return direct(t, d, `{"system":{"get_sysinfo":{}}}`)
	}
	return direct(t, d, `{"method":"get_device_info"}`)
}

// TestWrongRelay: a Tapo plug is "offline" to the relay of Kasa devices, and is not
// called so.
func TestWrongRelay(t *testing.T) {
	a := signUp(t, nil, nil)
	a.login(t, nil)
	for _, params := range []string{`{"deviceId":"deviceId"}`, `{"deviceId":"deviceId","requestData":{"method":"get_device_info"}}`} {
		_, err := a.Raw(t.Context(), cloud.Raw{Service: cloud.V1, Method: "passthrough", Params: []byte(params)})
		refused, ok := errors.AsType[*wattle.CloudError](err)
		if !ok || refused.Code != wattle.CloudOffline {
			t.Fatalf("%s: %v", params, err)
		}
	}
	e, err := a.FindName(t.Context(), "alias")
	if err != nil {
		t.Fatal(err)
	}
	path, err := e.Path()
	if err != nil || path.Service != cloud.Things || !path.Attested || e.Device.Status.Value != 0 {
		t.Errorf("%+v, %v", path, err)
	}
	if connected, known := e.Connected(); !connected || !known {
		t.Error("the plug of the seed is taken for off line")
	}
	a.cloud.ClearJournal()
	d := a.open(t, "alias")
	if err := d.SetOn(t.Context(), true); err != nil {
		t.Fatal(err)
	}
	for _, r := range a.cloud.Journal() {
		if r.Service != "things" && r.Method == "passthrough" {
			t.Errorf("a Tapo device through the relay: %+v", r)
		}
	}
}

// TestUncontrollable: the camera of the seed is listed, with a reason.
func TestUncontrollable(t *testing.T) {
	a := signUp(t, nil, nil)
	a.login(t, nil)
	e, err := a.FindName(t.Context(), "Hallway camera")
	if err != nil || e.Model != "NC220" || e.Device.Status.Value != 1 {
		t.Fatal(e, err)
	}
	if _, err := a.Open(e, nil); !errors.Is(err, wattle.ErrUnsupported) || !strings.Contains(err.Error(), "NC220") {
		t.Error(err)
	}
}

// TestHostsOfDevices: each message goes to the server that the list names for its device.
func TestHostsOfDevices(t *testing.T) {
	a := signUp(t, nil, nil)
	a.login(t, nil)
	hosts := map[string]string{}
	for _, name := range []string{"Fridge", "Study ceiling"} {
		a.cloud.ClearJournal()
		d := a.open(t, name)
		if err := d.SetOn(t.Context(), true); err != nil {
			t.Fatal(name, err)
		}
		e, err := a.FindName(t.Context(), name)
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range a.cloud.Journal() {
			if r.Method == "passthrough" && "https://"+r.Host != e.Device.AppServerURL {
				t.Errorf("%s is at %s, and was asked at %s", name, e.Device.AppServerURL, r.Host)
			}
		}
		hosts[e.Device.AppServerURL] = e.Device.DeviceRegion
	}
	if len(hosts) != 2 {
		t.Errorf("the devices are not at two hosts: %v", hosts)
	}
}

// TestFirstGeneration: with the login of 2015 no token is in a URL, calls say that they
// are JSON, and a relay that takes only text is given text.
func TestFirstGeneration(t *testing.T) {
	a := signUp(t, &cloudsim.Options{Faults: []string{"cloud-content-type", "cloud-strings"}}, nil)
	a.login(t, &cloud.LoginOptions{Lines: []cloud.Line{cloud.Kasa}, Legacy: true, AppType: "banana"})
	d := a.open(t, "Fridge")
	if err := d.SetOn(t.Context(), false); err != nil {
		t.Fatal(err)
	}
	refused := 0
	for _, r := range a.cloud.Journal() {
		if r.Query["token"] != "" {
			t.Errorf("a token in the URL: %+v", r)
		}
		if r.Service != "v1" || r.Header["Content-Type"] != "application/json" || r.HTTP != http.MethodPost || r.Path != "/" {
			t.Errorf("%+v", r)
		}
		if r.Code != 0 {
			refused++
		}
	}
	if refused != 1 {
		t.Errorf("%d calls were refused, want the first object alone", refused)
	}
}

// TestNotUnderstood: -1 for what is inside is told with the request, and not repeated.
func TestNotUnderstood(t *testing.T) {
	a := signUp(t, nil, nil)
	a.login(t, nil)
	d := a.open(t, "Fridge")
	if err := a.home.SetFault("Fridge", "cloud-code=-1"); err != nil {
		t.Fatal(err)
	}
	a.cloud.ClearJournal()
	err := d.SetOn(t.Context(), true)
	if err == nil || !strings.Contains(err.Error(), "set_relay_state") {
		t.Errorf("%v", err)
	}
	if n := len(a.cloud.Journal()); n != 1 {
		t.Errorf("%d requests", n)
	}
}

// TestBlackListed: a block stops the client; the devices at home are not concerned.
func TestBlackListed(t *testing.T) {
	a := signUp(t, nil, nil)
	a.login(t, nil)
	if err := a.cloud.SetFault(nil, "blacklist"); err != nil {
		t.Fatal(err)
	}
	a.cloud.ClearJournal()
	for range 5 {
		_, err := a.Refresh(t.Context())
		if !errors.Is(err, wattle.ErrLockout) {
			t.Fatalf("%v", err)
		}
	}
	if n := len(a.cloud.Journal()); n > 3 { // the three lists of the first round
		t.Errorf("%d requests after the block", n)
	}
	if s := a.Status(); s.HoldReason == "" || s.HoldUntil.IsZero() {
		t.Errorf("it does not say why: %+v", s)
	}
}

// TestOneTerminal: all calls of an install have one terminal UUID, in any run; two
// installs have two.
func TestOneTerminal(t *testing.T) {
	a := signUp(t, nil, nil)
	a.login(t, nil)
	again, err := cloud.New(&cloud.Options{State: a.Export()})
	if err != nil {
		t.Fatal(err)
	}
	other, err := cloud.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	if again.TerminalUUID() != a.TerminalUUID() || other.TerminalUUID() == a.TerminalUUID() {
		t.Errorf("%s, %s and %s", a.TerminalUUID(), again.TerminalUUID(), other.TerminalUUID())
	}
	for _, r := range a.cloud.Journal() {
		if id := r.Query["termID"]; id != a.TerminalUUID() {
			t.Errorf("%s with the terminal %q", r.Method, id)
		}
	}
}

// TestUserAgents: the default says an Android that is not out of support.
func TestUserAgents(t *testing.T) {
	for preset, want := range map[string]string{"": "Android 14", "android6": "Android 6.0.1; A0001 Build/M4B30X", "mine/1": "mine/1"} {
		a := signUp(t, nil, func(o *cloud.Options) { o.UserAgent = preset })
		a.login(t, &cloud.LoginOptions{Lines: []cloud.Line{cloud.Kasa}})
		for _, r := range a.cloud.Journal() {
			if !strings.Contains(r.Header["User-Agent"], want) {
				t.Errorf("%q: %s", preset, r.Header["User-Agent"])
			}
		}
	}
}
