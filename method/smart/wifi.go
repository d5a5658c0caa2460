package smart

import (
	"encoding/json"

	"wattle"
	"wattle/method"
)

// Values of key_type. KeyWEP was never seen.
const (
	KeyOpen = "none"
	KeyWEP  = "wep"
	KeyWPA  = "wpa_psk"
	KeyWPA2 = "wpa2_psk"
	KeyWPA3 = "wpa3_sae"
)

// AccessPoint is one network in the answer of get_wireless_scan_info.
type AccessPoint struct {
	SSID    string          `json:"ssid"` // base64
	BSSID   string          `json:"bssid"`
	Channel method.Opt[int] `json:"channel"`
	KeyType string          `json:"key_type"`     // none, wep, wpa_psk, wpa2_psk, wpa3_sae
	Cipher  method.Opt[int] `json:"cipher_type"`  // missing in some entries
	Signal  method.Opt[int] `json:"signal_level"` // 0 to 3
}

// ScanInfo is the answer of get_wireless_scan_info.
type ScanInfo struct {
	List []AccessPoint `json:"ap_list"`
}

// Wireless is a network to join. Its texts go over the wire in base64.
type Wireless struct {
	SSID     string        `json:"ssid"`
	Password wattle.Secret `json:"password"`
	KeyType  string        `json:"key_type"` // none, wep, wpa_psk, wpa2_psk, wpa3_sae
}

func (w *Wireless) reveal() map[string]any {
	return map[string]any{
		"ssid": EncodeText(w.SSID), "password": EncodeText(w.Password.Reveal()), "key_type": w.KeyType,
	}
}

// RevealJSON encodes it for the device.
func (w Wireless) RevealJSON() ([]byte, error) { return json.Marshal(w.reveal()) }

// SetupExtra is a part of [QuickSetup].
type SetupExtra struct {
	Specs string `json:"specs"` // region: "EU"
}

// SetupComponents is the answer of qs_component_nego, which a device gives
// before it is set up.
type SetupComponents struct {
	ComponentList
	Extra struct {
		Model string           `json:"device_model"`
		Type  string           `json:"device_type"` // such as "SMART.KASAPLUG"
		KLAP  method.Opt[bool] `json:"is_klap"`
	} `json:"extra_info"`
}

// Inherit is the answer of get_inherit_info: whether the device can take over
// what another one was set to. It is mostly null.
type Inherit struct {
	Status method.Opt[bool] `json:"inherit_status"`
}

// QuickSetup is the parameter of set_qs_info. Without Wireless it changes the
// account of a device that stays in its network.
type QuickSetup struct {
	Account  wattle.Credentials `json:"account"` // texts go over the wire in base64
	Wireless *Wireless          `json:"wireless"`
	Time     *Time              `json:"time"`
	Extra    *SetupExtra        `json:"extra_info"`
}

// RevealJSON encodes it for the device.
func (q QuickSetup) RevealJSON() ([]byte, error) {
	out := map[string]any{"account": map[string]any{
		"username": EncodeText(q.Account.Username), "password": EncodeText(q.Account.Password.Reveal()),
	}}
	if q.Wireless != nil {
		out["wireless"] = q.Wireless.reveal()
	}
	if q.Time != nil {
		out["time"] = q.Time
	}
	if q.Extra != nil {
		out["extra_info"] = q.Extra
	}
	return json.Marshal(out)
}

// Wi-Fi and set-up (section 6).
var (
	GetScanInfo     = method.Method[Start, ScanInfo]{Name: "get_wireless_scan_info", Params: json.RawMessage(`{"start_index":0}`)}
	QSComponentNego = method.Method[method.None, SetupComponents]{Name: "qs_component_nego"}
	GetInheritInfo  = method.Method[method.None, Inherit]{Name: "get_inherit_info"}
	// SetQSInfo makes the device change networks, mostly without an answer.
	SetQSInfo = method.Method[QuickSetup, method.None]{Name: "set_qs_info", Effect: method.Once}
	// SetWirelessInfo changes the network of a device that keeps its account. The
	// name is known and the form is not: it is taken to be that of SetQSInfo.
	SetWirelessInfo = method.Method[Wireless, method.None]{Name: "set_wireless_info", Effect: method.Once}

	DeviceReset = method.Method[method.None, method.None]{Name: "device_reset", Effect: method.Once}
)
