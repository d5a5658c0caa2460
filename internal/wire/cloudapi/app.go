package cloudapi

import (
	"net/url"
	"strings"

	"wattle"
)

// App is what a client says it is. The constants are those of the apps, the
// same for every install; they can be replaced when TP-Link changes them. See
// docs/protocol/cloud.md sections 3.1 and 5.
type App struct {
	Type      string // appType in bodies, appName in queries
	Version   string // appVer and appVersion
	Platform  string // of the login, such as "Android"
	Key       Key    // signs V2
	ThingsApp string // name for the things service
	ThingsVer string // version for it
}

// KasaAndroid is the Kasa app.
func KasaAndroid() App {
	return App{
		Type: "Kasa_Android_Mix", Version: "3.4.451", Platform: "Android",
		Key: Key{"e37525375f8845999bcc56d5e6faa76d", wattle.NewSecret("314bc6700b3140ca80bc655e527cb062")},
	}
}

// TapoAndroid is the Tapo app.
func TapoAndroid() App {
	return App{
		Type: "TP-Link_Tapo_Android", Version: "3.4.451", Platform: "Android",
		Key:       Key{"4d11b6b9d5ea4d19a829adbb9714b057", wattle.NewSecret("6ed7d97f3e73467f8a5bab90b577ba4c")},
		ThingsApp: "TP-Link_Tapo_Android", ThingsVer: "3.20.753",
	}
}

// Terminal is the install that calls. See docs/protocol/cloud.md section 3.1.
type Terminal struct {
	UUID    string // of this install; limits and second factors are bound to it
	Name    string // what the owner sees among signed-in terminals
	Meta    string
	Brand   string
	Model   string
	OSPF    string // such as "Android 14"
	Locale  string // such as "en_US"
	NetType string // "wifi"
}

// Query is the query string that apps send with every V2 call, with the token
// last where there is one. It is never signed.
func Query(app App, t Terminal, token wattle.Secret) string {
	var b strings.Builder
	for _, p := range [][2]string{
		{"appName", app.Type},
		{"appVer", app.Version},
		{"netType", t.NetType},
		{"termID", t.UUID},
		{"ospf", t.OSPF},
		{"brand", t.Brand},
		{"locale", t.Locale},
		{"model", t.Model},
		{"termName", t.Name},
		{"termMeta", t.Meta},
		{"token", token.Reveal()},
	} {
		if p[1] == "" {
			continue
		}
		if b.Len() > 0 {
			b.WriteByte('&')
		}
		b.WriteString(p[0] + "=" + url.QueryEscape(p[1]))
	}
	return b.String()
}

// Field is one header of a request.
type Field struct{ Name, Value string }

// ThingsHeader are the headers of the things service. With the zero token there
// is no Authorization. See docs/protocol/cloud.md section 8.1.
func ThingsHeader(app App, t Terminal, token wattle.Secret) []Field {
	var list []Field
	if !token.IsZero() {
		list = append(list, Field{"Authorization", thingsScheme + token.Reveal()})
	}
	return append(list,
		Field{"app-cid", "app:" + app.ThingsApp + ":" + t.UUID},
		Field{"x-app-name", app.ThingsApp},
		Field{"x-app-version", app.ThingsVer},
		Field{"x-term-id", t.UUID},
		Field{"x-ospf", t.OSPF},
		Field{"x-net-type", t.NetType},
		Field{"x-strict", "0"},
		Field{"x-locale", t.Locale},
		Field{"User-Agent", app.ThingsApp + "/" + app.ThingsVer + "(" + t.Model + "/;" + t.OSPF + ")"},
	)
}

const thingsScheme = "ut|"

// ThingsToken reads the token out of Authorization; ok is false where it has
// another form.
func ThingsToken(authorization string) (token wattle.Secret, ok bool) {
	text, ok := strings.CutPrefix(authorization, thingsScheme)
	return wattle.NewSecret(text), ok && text != ""
}

// CID is what app-cid says.
type CID struct{ App, UUID string }

// ParseCID reads app-cid; ok is false where it has another form than
// "app:NAME:UUID".
func ParseCID(header string) (cid CID, ok bool) {
	parts := strings.Split(header, ":")
	if len(parts) != 3 || parts[0] != "app" || parts[1] == "" || parts[2] == "" {
		return CID{}, false
	}
	return CID{parts[1], parts[2]}, true
}
