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
	KeyType string          `json:"key_type"`
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
	KeyType  string        `json:"key_type"`
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

// QuickSetup is the parameter of set_qs_info. Without Wireless it changes the
// account of a device that stays in its network.
type QuickSetup struct {
	Account  wattle.Credentials // texts go over the wire in base64
	Wireless *Wireless
	Time     *Time
	Extra    *SetupExtra
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
	GetScanInfo = method.Method[Start, ScanInfo]{Name: "get_wireless_scan_info", Params: json.RawMessage(`{"start_index":0}`)}
	// SetQSInfo makes the device change networks, mostly without an answer.
	SetQSInfo = method.Method[QuickSetup, method.None]{Name: "set_qs_info", Effect: method.Once}
	// SetWirelessInfo changes the network of a device that keeps its account. The
	// name is known and the form is not: it is taken to be that of SetQSInfo.
	SetWirelessInfo = method.Method[Wireless, method.None]{Name: "set_wireless_info", Effect: method.Once}

	DeviceReset = method.Method[method.None, method.None]{Name: "device_reset", Effect: method.Once}
)
