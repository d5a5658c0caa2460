package cloudapi_test

import (
	"encoding/hex"
	"encoding/json"
	"errors"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"wattle"
	"wattle/internal/wire/cloudapi"
)

// vectors is testdata/cloud.json.
type vectors struct {
	Signing struct {
		Cases []struct {
			Name, Body, Path, Timestamp, Nonce, Signature, App string
			BodyHex                                            string            `json:"body_hex"`
			ContentMD5                                         string            `json:"content_md5"`
			AccessKey                                          string            `json:"access_key"`
			SecretKey                                          string            `json:"secret_key"`
			Authorization                                      string            `json:"x_authorization"`
			Target                                             string            `json:"request_target"`
			Headers                                            map[string]string `json:"headers"`
		} `json:"cases"`
		Rejected []struct {
			Name      string
			Wrong     string `json:"signature_that_must_be_rejected"`
			Correct   string `json:"correct_signature"`
			Body      string `json:"body_sent"`
			Path      string `json:"path_sent"`
			Timestamp string `json:"timestamp"`
			Nonce     string `json:"nonce"`
			AccessKey string `json:"access_key"`
			MD5       string `json:"content_md5_header"`
		} `json:"must_be_rejected"`
	} `json:"signing"`
	V1      []exchange `json:"exchanges_v1"`
	V2      []exchange `json:"exchanges_v2"`
	Things  []exchange `json:"exchanges_things"`
	Derived struct {
		Regions []struct{ URL, Region string } `json:"region_from_url"`
		Aliases []struct {
			DeviceType  string `json:"deviceType"`
			Alias       string `json:"alias"`
			DisplayName string `json:"display_name"`
		} `json:"alias_decoding"`
		Things []struct {
			DeviceID string `json:"deviceId"`
			MD5      string `json:"md5_hex_lower"`
		} `json:"mqtt_thing_id"`
		Codes []struct {
			JSON json.RawMessage `json:"json"`
			Code int             `json:"code"`
		} `json:"error_code_position"`
	} `json:"derived"`
}

type exchange struct {
	Name    string
	Request struct {
		Method, Host, Target string
		Headers              map[string]string
		JSON                 json.RawMessage
	}
	Response struct {
		Status int
		JSON   json.RawMessage
	}
}

func load(tb testing.TB) *vectors {
	tb.Helper()
	data, err := os.ReadFile("testdata/cloud.json")
	if err != nil {
		tb.Fatal(err)
	}
	var v vectors
	if err := json.Unmarshal(data, &v); err != nil {
		tb.Fatal(err)
	}
	return &v
}

// TestSigning: what the apps send, byte for byte, and what a server makes of it.
func TestSigning(t *testing.T) {
	v := load(t)
	if len(v.Signing.Cases) != 21 || len(v.Signing.Rejected) != 5 {
		t.Fatalf("%d cases and %d refusals", len(v.Signing.Cases), len(v.Signing.Rejected))
	}
	apps := map[string]cloudapi.App{"kasa": cloudapi.KasaAndroid(), "tapo": cloudapi.TapoAndroid()}
	for _, c := range v.Signing.Cases {
		t.Run(c.Name, func(t *testing.T) {
			body := []byte(c.Body)
			if hex.EncodeToString(body) != c.BodyHex {
				t.Fatal("the vector is broken")
			}
			key := apps[c.App].Key
			if key.Access != c.AccessKey || key.Secret.Reveal() != c.SecretKey {
				t.Error("other constants than the app's")
			}
			sum := cloudapi.ContentMD5(body)
			if sum != c.ContentMD5 {
				t.Errorf("MD5 %s, want %s", sum, c.ContentMD5)
			}
			a := key.Sign(sum, c.Path, c.Timestamp, c.Nonce)
			if a.String() != c.Authorization || a.Signature != c.Signature {
				t.Errorf("signed %s\n want %s", a, c.Authorization)
			}
			read, err := cloudapi.ParseAuthorization(c.Authorization)
			if err != nil || read != a {
				t.Errorf("read %+v, %v", read, err)
			}
			if err := key.Verify(read, c.ContentMD5, c.Path, body); err != nil {
				t.Error(err)
			}
			if c.Target == "" {
				return
			}
			terminal := pixel
			var token wattle.Secret
			if _, text, found := strings.Cut(c.Target, "&token="); found {
				token = wattle.NewSecret(text)
			}
			path := strings.TrimSuffix(c.Path, "/")
			if got := path + "?" + cloudapi.Query(apps[c.App], terminal, token); got != c.Target && "/"+got != c.Target {
				t.Errorf("target %s\n  want %s", got, c.Target)
			}
			if c.Headers[cloudapi.HeaderMD5] != sum || c.Headers[cloudapi.HeaderAuthorization] != a.String() {
				t.Error("other headers than the client sent")
			}
		})
	}
}

// TestSigningRefused: a server refuses what is signed in other ways.
func TestSigningRefused(t *testing.T) {
	key := cloudapi.KasaAndroid().Key
	for _, c := range load(t).Signing.Rejected {
		a := cloudapi.Authorization{Timestamp: c.Timestamp, Nonce: c.Nonce, AccessKey: c.AccessKey, Signature: c.Wrong}
		err := key.Verify(a, c.MD5, c.Path, []byte(c.Body))
		if !errors.Is(err, cloudapi.ErrSignature) {
			t.Errorf("%s: %v", c.Name, err)
		}
		a.Signature = c.Correct
		if err := key.Verify(a, c.MD5, c.Path, []byte(c.Body)); err != nil {
			t.Errorf("%s: the right one: %v", c.Name, err)
		}
		if err := key.Verify(a, c.MD5, c.Path, []byte(c.Body+"\n")); !errors.Is(err, cloudapi.ErrMD5) {
			t.Errorf("%s: another body: %v", c.Name, err)
		}
	}
	for _, header := range []string{"", "Timestamp=1", "Signature", "Timestamp=1, Nonce=2, AccessKey=3", ",,,="} {
		if a, err := cloudapi.ParseAuthorization(header); !errors.Is(err, wattle.ErrProtocol) {
			t.Errorf("%q: %v, %v", header, a, err)
		}
	}
}

var pixel = cloudapi.Terminal{
	UUID: "2a8ced52-f200-4b79-a1fe-2f6b58193c4c", Name: "Pixel", Meta: "Pixel", Brand: "TPLINK", Model: "Pixel",
	OSPF: "Android 14", Locale: "en_US", NetType: "wifi",
}

func TestDerived(t *testing.T) {
	d := load(t).Derived
	if len(d.Regions) != 13 || len(d.Aliases) != 7 || len(d.Things) != 2 || len(d.Codes) != 6 {
		t.Fatalf("%d regions, %d aliases, %d things, %d codes", len(d.Regions), len(d.Aliases), len(d.Things), len(d.Codes))
	}
	for _, c := range d.Regions {
		got, err := cloudapi.Region(c.URL)
		if c.Region == "REJECT" {
			if !errors.Is(err, wattle.ErrIdentity) {
				t.Errorf("%s: %q, %v; want it refused", c.URL, got, err)
			}
		} else if err != nil || got != c.Region {
			t.Errorf("%s: %q, %v; want %q", c.URL, got, err, c.Region)
		}
	}
	for _, c := range d.Aliases {
		if got := cloudapi.DisplayName(c.DeviceType, c.Alias); got != c.DisplayName {
			t.Errorf("%s %q is shown as %q, want %q", c.DeviceType, c.Alias, got, c.DisplayName)
		}
		if c.Alias != c.DisplayName { // base64: the other direction
			if got := cloudapi.WireAlias(c.DeviceType, c.DisplayName); got != c.Alias {
				t.Errorf("%s %q is sent as %q, want %q", c.DeviceType, c.DisplayName, got, c.Alias)
			}
		}
	}
	for _, c := range d.Things {
		if got := cloudapi.ThingID(c.DeviceID); got != c.MD5 {
			t.Errorf("%s is %s, want %s", c.DeviceID, got, c.MD5)
		}
	}
	for _, c := range d.Codes {
		a, err := cloudapi.ParseAnswer(c.JSON)
		if err != nil || a.Code != c.Code {
			t.Errorf("%s: code %v, %v; want %d", c.JSON, a, err, c.Code)
		}
	}
}

// same compares JSON, whatever the order of members.
func same(t *testing.T, what string, got, want []byte) {
	t.Helper()
	var g, w any
	if err := json.Unmarshal(got, &g); err != nil {
		t.Fatalf("%s: %v in %s", what, err, got)
	}
	if err := json.Unmarshal(want, &w); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(w, g); diff != "" {
		t.Errorf("%s (-want +got):\n%s", what, diff)
	}
}
