package cloudsim_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"wattle"
	"wattle/internal/wire/cloudapi"
	"wattle/simulator"
	"wattle/simulator/cloudsim"
	"wattle/simulator/homes"
)

const terminal = "2a8ced52-f200-4b79-a1fe-2f6b58193c4c"

// home is the invented home, in the cloud and not on the network.
func home(t *testing.T) *simulator.Home {
	t.Helper()
	h := simulator.NewHome(nil)
	for i, file := range homes.Demo() {
		d, err := simulator.New(file, &simulator.DeviceOptions{Library: homes.Library(), KeepIDs: true, Index: i})
		if err == nil {
			err = h.Add(d, nil)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	return h
}

func newCloud(t *testing.T, h *simulator.Home, o *cloudsim.Options) *cloudsim.Cloud {
	t.Helper()
	c, err := cloudsim.New(h, o)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// simulated finds a device of a home by its alias.
func simulated(t *testing.T, h *simulator.Home, alias string) *simulator.Device {
	t.Helper()
	for _, d := range h.Devices() {
		if d.Info().Alias == alias {
			return d
		}
	}
	t.Fatalf("no device is called %q", alias)
	return nil
}

// answer is what came back.
type answer struct {
	status int
	header http.Header
	body   map[string]any
	text   string
}

func (a answer) code() int {
	n, _ := a.body["error_code"].(float64)
	if n == 0 {
		n, _ = a.body["code"].(float64)
	}
	return int(n)
}

func (a answer) result() map[string]any {
	r, _ := a.body["result"].(map[string]any)
	return r
}

// send asks the cloud without a network. Host and scheme are those of base.
func send(t *testing.T, c http.Handler, method, url string, header map[string]string, body string) (a answer) {
	t.Helper()
	r := httptest.NewRequest(method, url, strings.NewReader(body))
	for name, value := range header {
		r.Header.Set(name, value)
	}
	w := httptest.NewRecorder()
	dropped := func() (dropped bool) {
		defer func() {
			err, _ := recover().(error)
			dropped = errors.Is(err, http.ErrAbortHandler)
		}()
		c.ServeHTTP(w, r)
		return false
	}()
	if dropped {
		return answer{}
	}
	a = answer{status: w.Code, header: w.Header(), text: w.Body.String()}
	_ = json.Unmarshal(w.Body.Bytes(), &a.body)
	return a
}

var jsonHeader = map[string]string{"Content-Type": "application/json"}

// first sends an envelope to A.
func first(t *testing.T, c http.Handler, body string) answer {
	t.Helper()
	return send(t, c, "POST", cloudapi.EntryV1+"/", jsonHeader, body)
}

// second sends a signed call to B.
func second(t *testing.T, c http.Handler, app cloudapi.App, url, body string) answer {
	t.Helper()
	return send(t, c, "POST", url, signed(app, url, body), body)
}

func signed(app cloudapi.App, url, body string) map[string]string {
	path := httptest.NewRequest("POST", url, nil).URL.Path
	md5 := cloudapi.ContentMD5([]byte(body))
	return map[string]string{
		"Content-Type": "application/json;charset=UTF-8", cloudapi.HeaderMD5: md5,
		cloudapi.HeaderAuthorization: app.Key.Sign(md5, path, cloudapi.Nines, "00000000-0000-4000-8000-000000000001").String(),
	}
}

func loginBody(who wattle.Credentials, app string) string {
	b, _ := json.Marshal(map[string]any{"method": "login", "params": map[string]any{
		"appType": app, "cloudUserName": who.Username, "cloudPassword": who.Password.Reveal(), "terminalUUID": terminal, "refreshTokenNeeded": true,
	}})
	return string(b)
}

// login gives the token of the demo account.
func login(t *testing.T, c http.Handler, app string) string {
	t.Helper()
	a := first(t, c, loginBody(simulator.DemoAccount(), app))
	token, _ := a.result()["token"].(string)
	if token == "" {
		t.Fatalf("no token: %s", a.text)
	}
	return token
}

// thing asks C.
func thing(t *testing.T, c http.Handler, method, target, token, body string) answer {
	t.Helper()
	return send(t, c, method, "https://euw1-app-server.iot.i.tplinknbu.com"+target, map[string]string{
		"Authorization": "ut|" + token, "app-cid": "app:TP-Link_Tapo_Android:" + terminal, "Content-Type": "application/json;charset=UTF-8",
	}, body)
}

// direct asks a device itself.
func direct(t *testing.T, d *simulator.Device, request string) string {
	t.Helper()
	a, err := d.Handle(context.Background(), []byte(request))
	if err != nil {
		t.Fatal(err)
	}
	return string(a)
}

// record is a writer that keeps the status.
type record struct {
	header http.Header
	status int
}

func (w *record) Header() http.Header {
	if w.header == nil {
		w.header = http.Header{}
	}
	return w.header
}
func (w *record) Write(b []byte) (int, error) { return len(b), nil }
func (w *record) WriteHeader(status int)      { w.status = status }

func newBody(s string) io.ReadCloser { return io.NopCloser(strings.NewReader(s)) }
