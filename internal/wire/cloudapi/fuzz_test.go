package cloudapi_test

import (
	"encoding/json"
	"testing"

	"wattle/internal/wire/cloudapi"
)

// seeds adds every answer and request of the vectors.
func seeds(f *testing.F) {
	f.Helper()
	v := load(f)
	for _, list := range [][]exchange{v.V1, v.V2, v.Things} {
		for _, e := range list {
			f.Add([]byte(e.Response.JSON))
			f.Add([]byte(e.Request.JSON))
		}
	}
	f.Add([]byte(`{"error_code":"-1","result":[1],"errorCode":null}`))
	f.Add([]byte(`{"deviceList":[{"alias":"\ud800"},[],null],"data":[{}],"total":1e9}`))
}

// FuzzAnswer: what a service could send is read or refused, and what was read
// can be written.
func FuzzAnswer(f *testing.F) {
	seeds(f)
	f.Fuzz(func(t *testing.T, data []byte) {
		a, err := cloudapi.ParseAnswer(data)
		if err != nil {
			return
		}
		_ = cloudapi.CurVersion(a)
		var account cloudapi.Account
		if a.Into(&account) == nil {
			if _, err := cloudapi.Marshal(account); err != nil {
				t.Fatal(err)
			}
		}
		_ = a.Into(&cloudapi.ServiceURLs{})
		_ = a.Into(&cloudapi.Shadows{})
		var p cloudapi.PassthroughResult
		if a.Into(&p) == nil {
			_, _, _ = cloudapi.Unwrap(p.ResponseData)
		}
		_, _ = cloudapi.ParseEvents(data)
	})
}

// FuzzLists: entries are written as they were read.
func FuzzLists(f *testing.F) {
	seeds(f)
	f.Fuzz(func(t *testing.T, data []byte) {
		if a, err := cloudapi.ParseAnswer(data); err == nil && a.Result != nil {
			data = a.Result
		}
		if list, _, err := cloudapi.ParseDeviceList(data); err == nil {
			for i := range list.Devices {
				d := &list.Devices[i]
				_ = d.Extra()
				_ = cloudapi.DisplayName(d.DeviceType, d.Alias)
				if b, err := json.Marshal(d); err != nil || !json.Valid(b) {
					t.Fatalf("%s, %v", b, err)
				}
			}
		}
		if page, _, err := cloudapi.ParsePage(data); err == nil {
			for _, thing := range page.Data {
				if b, err := json.Marshal(thing); err != nil || !json.Valid(b) {
					t.Fatalf("%s, %v", b, err)
				}
			}
		}
	})
}

// FuzzRequest: what a client could send to a server.
func FuzzRequest(f *testing.F) {
	seeds(f)
	f.Fuzz(func(_ *testing.T, data []byte) {
		if r, err := cloudapi.ParseRequest(data); err == nil {
			var p cloudapi.Passthrough
			if r.Into(&p) == nil {
				_, _, _ = cloudapi.Unwrap(p.RequestData)
			}
			_ = r.Into(&cloudapi.LoginV1{})
		}
	})
}

// FuzzHeaders are those that a server reads.
func FuzzHeaders(f *testing.F) {
	f.Add("Timestamp=9999999999, Nonce=n, AccessKey=a, Signature=s", "https://eu-wap.tplinkcloud.com")
	f.Add("ut|token", "http://user@[::1]:x/")
	f.Add("app:x:x", "https://n-use1-wap-gw.tplinkcloud.com")
	f.Fuzz(func(t *testing.T, header, url string) {
		if a, err := cloudapi.ParseAuthorization(header); err == nil {
			if again, err := cloudapi.ParseAuthorization(a.String()); err != nil || again != a {
				t.Fatalf("%q: %+v, then %+v, %v", header, a, again, err)
			}
		}
		_, _ = cloudapi.ThingsToken(header)
		_, _ = cloudapi.ParseCID(header)
		_ = cloudapi.ServiceOf(url)
		if base, err := cloudapi.Trust(url); err == nil {
			if again, err := cloudapi.Trust(base); err != nil || again != base {
				t.Fatalf("%q is trusted as %q, which is %q, %v", url, base, again, err)
			}
		}
	})
}
