package hubapi_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"testing"

	"wattle"
	"wattle/internal/hubapi"
	"wattle/method"
)

// sent is an error after its way over the wire.
func sent(t *testing.T, err error) *hubapi.Problem {
	t.Helper()
	data, merr := json.Marshal(hubapi.ProblemOf(err))
	if merr != nil {
		t.Fatal(merr)
	}
	got := new(hubapi.Problem)
	if err := json.Unmarshal(data, got); err != nil {
		t.Fatal(err)
	}
	return got
}

// all are the classes of package wattle: a new one has to get a word here too.
var all = []error{
	wattle.ErrAuth, wattle.ErrAccess, wattle.ErrLockout, wattle.ErrUnreachable, wattle.ErrTransport, wattle.ErrSession, wattle.ErrBusy,
	wattle.ErrUnsupported, wattle.ErrParam, wattle.ErrRefused, wattle.ErrProtocol, wattle.ErrIdentity, wattle.ErrNotFound, wattle.ErrClosed,
	context.Canceled, context.DeadlineExceeded,
	hubapi.ErrToken, hubapi.ErrScope, hubapi.ErrPolicy, hubapi.ErrConflict, hubapi.ErrChanged, hubapi.ErrTooLarge, hubapi.ErrMediaType,
	hubapi.ErrMethod, hubapi.ErrRequest, hubapi.ErrRate, hubapi.ErrAbsent,
}

func TestEveryClassSurvives(t *testing.T) {
	words := map[string]bool{}
	for i, class := range all {
		err := fmt.Errorf("desk: %w: do this", class)
		got := sent(t, err)
		if got.Error() != err.Error() {
			t.Errorf("text %q, want %q", got.Error(), err.Error())
		}
		if got.Status < 400 || got.Status == http.StatusInternalServerError || got.Type == "about:blank" {
			t.Errorf("%v: status %d, type %s", class, got.Status, got.Type)
		}
		for j, other := range all {
			if is := errors.Is(got, other); is != (i == j) {
				t.Errorf("%v is %v: %v", class, other, is)
			}
		}
		if words[got.Class] || !errors.Is(hubapi.ClassFor(got.Class), class) || hubapi.ClassOf(err) != got.Class {
			t.Errorf("word %q of %v", got.Class, class)
		}
		words[got.Class] = true
	}
}

func TestRefusalsSurvive(t *testing.T) {
	device := &wattle.DeviceError{Family: wattle.IOT, Method: "smartlife.iot.dimmer.set_brightness", Code: -3, Msg: "invalid argument"}
	got := sent(t, fmt.Errorf("setting: %w", device))
	back, ok := errors.AsType[*wattle.DeviceError](got)
	if !ok || *back != *device || !errors.Is(got, wattle.ErrParam) || got.Status != http.StatusUnprocessableEntity {
		t.Errorf("got %+v of %+v", back, got)
	}
	if _, ok := errors.AsType[*wattle.CloudError](got); ok {
		t.Error("a refusal of the device is none of the cloud")
	}

	remote := &wattle.CloudError{Method: "passthrough", Code: wattle.CloudOffline, Msg: "device is offline"}
	got = sent(t, remote)
	cloud, ok := errors.AsType[*wattle.CloudError](got)
	if !ok || *cloud != *remote || !errors.Is(got, wattle.LookupCloudCode(wattle.CloudOffline).Class) {
		t.Errorf("got %+v of %+v", cloud, got)
	}
	remote = &wattle.CloudError{Method: "/v2/things", Status: 503}
	if cloud, _ = errors.AsType[*wattle.CloudError](sent(t, remote)); cloud == nil || *cloud != *remote {
		t.Errorf("got %+v", cloud)
	}
}

// judged has a class of its own and the refusal that decided, as *connect.Error.
type judged struct{ refusal *wattle.DeviceError }

func (judged) Error() string        { return "desk: wrong password" }
func (judged) Is(target error) bool { return target == wattle.ErrAuth }
func (j judged) As(target any) bool { return errors.As(j.refusal, target) }

func TestOuterClassCounts(t *testing.T) {
	err := judged{&wattle.DeviceError{Family: wattle.SMART, Method: "login_device", Code: -1501}}
	got := sent(t, fmt.Errorf("hub: %w", err))
	for i, class := range all {
		if errors.Is(got, class) != (i == 0) { // ErrAuth
			t.Errorf("it is %v: %v", class, errors.Is(got, class))
		}
	}
	if back, ok := errors.AsType[*wattle.DeviceError](got); !ok || *back != *err.refusal {
		t.Errorf("got %+v", back)
	}
}

func TestNoClass(t *testing.T) {
	got := sent(t, errors.New("a bug"))
	if got.Status != http.StatusInternalServerError || got.Class != "" || got.Error() != "a bug" {
		t.Errorf("got %+v", got)
	}
	for _, class := range all {
		if errors.Is(got, class) {
			t.Errorf("it is %v", class)
		}
	}
	if again := hubapi.ProblemOf(fmt.Errorf("hub: %w", sent(t, wattle.ErrBusy))); again.Class != "busy" || again.Detail != "hub: device is busy" {
		t.Errorf("a problem that is wrapped: %+v", again)
	}
	if hubapi.ProblemOf(nil) != nil {
		t.Error("no error is a problem")
	}
}

func TestCallsBothWays(t *testing.T) {
	for _, c := range []method.Call{
		{Method: "get_device_info"},
		{Module: "system", Method: "set_relay_state", Params: json.RawMessage(`{"state":1}`), Effect: method.Absolute},
		{Method: "play_alarm", Params: json.RawMessage(`{}`), Effect: method.Once},
	} {
		data, err := json.Marshal(hubapi.CallOf(c))
		if err != nil {
			t.Fatal(err)
		}
		var over hubapi.Call
		if err := json.Unmarshal(data, &over); err != nil {
			t.Fatal(err)
		}
		got, err := over.Call()
		if err != nil || got.Key() != c.Key() || string(got.Params) != string(c.Params) || got.Effect != c.Effect {
			t.Errorf("got %+v, %v; want %+v", got, err, c)
		}
	}
	for _, c := range []hubapi.Call{{}, {Method: "x", Effect: "twice"}} {
		if _, err := c.Call(); !errors.Is(err, wattle.ErrParam) {
			t.Errorf("%+v: %v", c, err)
		}
	}
	if c, _ := (hubapi.Call{Method: "x"}).Call(); c.Effect != method.Once {
		t.Error("a call that does not tell its effect may be repeated")
	}
	refusal := &wattle.DeviceError{Family: wattle.SMART, Method: "set_x", Code: -1008}
	r := hubapi.ResultOf(method.Result{Err: refusal, Source: method.Cloud})
	data, _ := json.Marshal(r)
	var over hubapi.CallResult
	if err := json.Unmarshal(data, &over); err != nil {
		t.Fatal(err)
	}
	back, ok := errors.AsType[*wattle.DeviceError](over.Result().Err)
	if !ok || *back != *refusal || over.Result().Source != method.Cloud {
		t.Errorf("got %+v", over.Result())
	}
	if ok := hubapi.ResultOf(method.Result{Raw: json.RawMessage(`{"a":1}`)}); ok.Result().Err != nil || string(ok.Result().Raw) != `{"a":1}` {
		t.Errorf("got %+v", ok)
	}
}

func TestScopes(t *testing.T) {
	order := []hubapi.Scope{hubapi.ScopeRead, hubapi.ScopeControl, hubapi.ScopeAdmin}
	for i, has := range order {
		for j, want := range order {
			if has.Includes(want) != (i >= j) {
				t.Errorf("%s includes %s: %v", has, want, has.Includes(want))
			}
		}
	}
	if hubapi.Scope("root").Includes("") || hubapi.Scope("").Includes(hubapi.ScopeRead) || hubapi.Scope("").Includes("") {
		t.Error("an unknown scope allows something")
	}
}
