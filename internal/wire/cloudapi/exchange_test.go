package cloudapi_test

import (
	"bytes"
	"encoding/json"
	"net/url"
	"reflect"
	"strings"
	"testing"

	"wattle"
	"wattle/internal/wire/cloudapi"
)

// strict decodes into what our types know, and fails for members that they do
// not, so that nothing is lost on the way back.
func strict(t *testing.T, what string, raw []byte, v any) {
	t.Helper()
	d := json.NewDecoder(bytes.NewReader(raw))
	d.DisallowUnknownFields()
	if err := d.Decode(v); err != nil {
		t.Fatalf("%s: %v in %s", what, err, raw)
	}
}

// around decodes raw into a new value of the type of like and gives it written
// again.
func around(t *testing.T, what string, raw []byte, like any) []byte {
	t.Helper()
	v := reflect.New(reflect.TypeOf(like))
	strict(t, what, raw, v.Interface())
	out, err := cloudapi.Marshal(v.Elem().Interface())
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func token(t *testing.T, e *exchange) wattle.Secret {
	t.Helper()
	u, err := url.Parse(e.Request.Target)
	if err != nil {
		t.Fatal(err)
	}
	return wattle.NewSecret(u.Query().Get("token"))
}

// answerBack writes the answer again from what was read of it.
func answerBack(t *testing.T, e *exchange, result any) {
	t.Helper()
	a, err := cloudapi.ParseAnswer(e.Response.JSON)
	if err != nil {
		t.Fatal(err)
	}
	var outer struct {
		Code int    `json:"error_code"`
		Msg  string `json:"msg"`
	}
	_ = json.Unmarshal(e.Response.JSON, &outer)
	var back []byte
	var decoded any
	if a.Result != nil {
		decoded = json.RawMessage(around(t, "result", a.Result, result))
	}
	if outer.Code == 0 {
		back, err = cloudapi.Success(decoded)
	} else {
		back, err = cloudapi.Failure(a.Code, a.Msg, decoded)
	}
	if err != nil {
		t.Fatal(err)
	}
	same(t, "answer", back, e.Response.JSON)
}

// TestExchangesV1 reads each request as a server and makes it as a client, and
// the other way round with each answer.
func TestExchangesV1(t *testing.T) {
	list := load(t).V1
	if len(list) != 24 {
		t.Fatalf("%d exchanges", len(list))
	}
	params := map[string]any{
		cloudapi.MethodLogin: cloudapi.LoginV1{}, cloudapi.MethodRefresh: cloudapi.Refresh{}, cloudapi.MethodList: cloudapi.Bearer{},
		cloudapi.MethodPassthrough: cloudapi.Passthrough{}, "noSuchMethod": cloudapi.Bearer{},
	}
	results := map[string]any{
		cloudapi.MethodLogin: cloudapi.Account{}, cloudapi.MethodRefresh: cloudapi.Account{}, cloudapi.MethodList: cloudapi.DeviceList{},
		cloudapi.MethodPassthrough: cloudapi.PassthroughResult{},
	}
	for _, e := range list {
		t.Run(e.Name, func(t *testing.T) {
			r, err := cloudapi.ParseRequest(e.Request.JSON)
			if err != nil {
				t.Fatal(err)
			}
			var inner any
			if r.Params != nil {
				inner = json.RawMessage(around(t, "params", r.Params, params[r.Method]))
			}
			back, err := cloudapi.NewRequest(r.Method, inner)
			if err != nil {
				t.Fatal(err)
			}
			same(t, "request", back, e.Request.JSON)
			if e.Request.Headers["Content-Type"] != "application/json" {
				t.Error("another content type")
			}
			answerBack(t, &e, results[r.Method])
			if r.Method == cloudapi.MethodPassthrough {
				forms(t, r, e.Response.JSON)
			}
		})
	}
}

// forms: the type of the answer follows the type of the request.
func forms(t *testing.T, r *cloudapi.Request, answer []byte) {
	t.Helper()
	var p cloudapi.Passthrough
	if err := r.Into(&p); err != nil {
		t.Fatal(err)
	}
	a, _ := cloudapi.ParseAnswer(answer)
	if p.RequestData == nil || a.Code != 0 {
		return
	}
	asked, asText, err := cloudapi.Unwrap(p.RequestData)
	if err != nil || !json.Valid(asked) {
		t.Fatalf("requestData %s: %v", asked, err)
	}
	var result cloudapi.PassthroughResult
	if err := a.Into(&result); err != nil {
		t.Fatal(err)
	}
	answered, isText, err := cloudapi.Unwrap(result.ResponseData)
	if err != nil || asText != isText || !json.Valid(answered) {
		t.Errorf("text asked %t, answered %t: %s, %v", asText, isText, answered, err)
	}
	for _, pair := range []struct {
		inner []byte
		wire  json.RawMessage
	}{{asked, p.RequestData}, {answered, result.ResponseData}} {
		if again, err := cloudapi.Wrap(pair.inner, asText); err != nil || !bytes.Equal(again, pair.wire) {
			t.Errorf("wrapped %s, %v\n   want %s", again, err, pair.wire)
		}
	}
}

func TestExchangesV2(t *testing.T) {
	list := load(t).V2
	if len(list) != 11 {
		t.Fatalf("%d exchanges", len(list))
	}
	types := map[string][2]any{
		cloudapi.PathAccountStatus:    {cloudapi.AccountName{}, cloudapi.AccountStatus{}},
		cloudapi.PathLogin:            {cloudapi.Login{}, cloudapi.Account{}},
		cloudapi.PathRefresh:          {cloudapi.Refresh{}, cloudapi.Account{}},
		cloudapi.PathEmailCode:        {cloudapi.SendCode{}, cloudapi.Account{}},
		cloudapi.PathCheckCode:        {cloudapi.CheckCode{}, cloudapi.Account{}},
		cloudapi.PathAppServiceURL:    {cloudapi.ServiceIDs{}, cloudapi.ServiceURLs{}},
		cloudapi.PathAppServiceByName: {cloudapi.ServiceIDs{}, cloudapi.ServiceURLs{}},
		cloudapi.PathPassthrough:      {cloudapi.Passthrough{}, cloudapi.PassthroughResult{}},
	}
	for _, e := range list {
		t.Run(e.Name, func(t *testing.T) {
			path, query, _ := strings.Cut(e.Request.Target, "?")
			kind, known := types[path]
			if !known {
				t.Fatalf("no types for %s", path)
			}
			same(t, "request", around(t, "request", e.Request.JSON, kind[0]), e.Request.JSON)
			if query != "" {
				if got := cloudapi.Query(cloudapi.TapoAndroid(), pixel, token(t, &e)); got != query {
					t.Errorf("query %s\n want %s", got, query)
				}
			}
			answerBack(t, &e, kind[1])
		})
	}
}

func TestExchangesThings(t *testing.T) {
	list := load(t).Things
	if len(list) != 8 {
		t.Fatalf("%d exchanges", len(list))
	}
	const id = "80221111222233334444555566667777888899AA"
	kinds := []struct {
		method, target  string
		request, answer any
	}{
		{"GET", cloudapi.TargetServerInfo, nil, cloudapi.ServerInfo{}},
		{"GET", cloudapi.TargetThings(0, 20), nil, cloudapi.Page{}},
		{"GET", cloudapi.TargetShadows(id), nil, cloudapi.Shadows{}},
		{"PATCH", cloudapi.TargetShadow(id), cloudapi.ShadowPatch{}, cloudapi.Patched{}},
		{"PATCH", cloudapi.TargetShadow(id), cloudapi.ShadowPatch{}, cloudapi.ThingsFailure{}},
		{"POST", cloudapi.TargetService(id), cloudapi.ServiceCall{}, cloudapi.ServiceAnswer{}},
		{"GET", cloudapi.TargetThings(0, 20), nil, cloudapi.ThingsFailure{}},
		{"GET", cloudapi.TargetThings(0, 20), nil, nil},
	}
	for i, e := range list {
		k := kinds[i]
		t.Run(e.Name, func(t *testing.T) {
			if e.Request.Method != k.method || e.Request.Target != k.target {
				t.Errorf("%s %s, want %s %s", k.method, k.target, e.Request.Method, e.Request.Target)
			}
			if k.request != nil {
				same(t, "request", around(t, "request", e.Request.JSON, k.request), e.Request.JSON)
			}
			if k.answer != nil {
				same(t, "answer", around(t, "answer", e.Response.JSON, k.answer), e.Response.JSON)
			} else {
				answerBack(t, &e, nil)
			}
			thingsHeader(t, e.Request.Headers)
		})
	}
	conflict, err := cloudapi.ParseAnswer(list[4].Response.JSON)
	if n := cloudapi.CurVersion(conflict); err != nil || conflict.Code != cloudapi.CodeConflict || n != cloudapi.Int(118) {
		t.Errorf("conflict %+v, %v: %v", conflict, err, n)
	}
	page, broken, err := cloudapi.ParsePage(list[1].Response.JSON)
	if err != nil || broken != 0 || len(page.Data) != 1 || page.Data[0].Name != id || page.Data[0].Status != cloudapi.Int(1) {
		t.Errorf("page %+v, %d, %v", page, broken, err)
	}
}

// thingsHeader makes the headers of a request and reads them.
func thingsHeader(t *testing.T, want map[string]string) {
	t.Helper()
	cid, ok := cloudapi.ParseCID(want["app-cid"])
	authorization, signed := want["Authorization"]
	if len(want) < 3 { // the shortest that are taken
		if ok && cid != (cloudapi.CID{App: "x", UUID: "x"}) {
			t.Errorf("app-cid %+v", cid)
		}
		return
	}
	if !ok || cid.UUID != pixel.UUID {
		t.Errorf("app-cid %+v, %t", cid, ok)
	}
	secret, ok := cloudapi.ThingsToken(authorization)
	if ok != signed {
		t.Errorf("Authorization %q: %t", authorization, ok)
	}
	got := map[string]string{}
	for _, f := range cloudapi.ThingsHeader(cloudapi.TapoAndroid(), pixel, secret) {
		got[f.Name] = f.Value
	}
	for name, value := range want {
		if name != "Content-Type" && got[name] != value {
			t.Errorf("%s: %q, want %q", name, got[name], value)
		}
	}
}
