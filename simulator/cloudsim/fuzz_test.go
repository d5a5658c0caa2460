package cloudsim_test

import (
	"encoding/json"
	"net/http"
	"os"
	"testing"

	"wattle/internal/wire/cloudapi"
	"wattle/simulator/cloudsim"
)

// FuzzServe sends what foreign clients might: no request brings the cloud down, and
// each gets an answer.
func FuzzServe(f *testing.F) {
	raw, err := os.ReadFile("../../internal/wire/cloudapi/testdata/cloud.json")
	if err != nil {
		f.Fatal(err)
	}
	var v map[string]json.RawMessage
	if err := json.Unmarshal(raw, &v); err != nil {
		f.Fatal(err)
	}
	for _, key := range []string{"exchanges_v1", "exchanges_v2", "exchanges_things"} {
		var list []exchange
		if err := json.Unmarshal(v[key], &list); err != nil {
			f.Fatal(err)
		}
		for _, e := range list {
			f.Add(e.Request.Method, e.Request.Target, string(e.Request.JSON), key == "exchanges_v2")
		}
	}
	c, err := cloudsim.New(nil, nil)
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, method, target, body string, sign bool) {
		if _, err := http.NewRequest(method, "https://127.44.1.1"+target, nil); err != nil || method == "CONNECT" {
			t.Skip()
		}
		r, _ := http.NewRequest(method, "https://127.44.1.1"+target, nil)
		if r.URL.Host != "127.44.1.1" {
			t.Skip()
		}
		header := map[string]string{"Content-Type": "application/json", "app-cid": "app:x:x"}
		if sign {
			md5 := cloudapi.ContentMD5([]byte(body))
			header[cloudapi.HeaderMD5] = md5
			header[cloudapi.HeaderAuthorization] = cloudapi.TapoAndroid().Key.Sign(md5, r.URL.Path, cloudapi.Nines, "n").String()
		}
		w := &record{}
		for name, value := range header {
			r.Header.Set(name, value)
		}
		r.Body = newBody(body)
		c.ServeHTTP(w, r)
		if w.status == 0 {
			t.Error("no answer")
		}
	})
}
