package iot

import (
	"encoding/json"

	"wattle"
	"wattle/method"
)

// Values of key_type. 1 and 2 were never seen.
const (
	KeyOpen = 0
	KeyWEP  = 1
	KeyWPA  = 2
	KeyWPA2 = 3
)

// Scan is the parameter of get_scaninfo.
type Scan struct {
	Refresh int `json:"refresh"` // 1: look now, 0: what was found last
	Timeout int `json:"timeout"` // s; the answer may take twice as long
}

// AccessPoint is one network in the answer of get_scaninfo. Many devices tell
// no more than the name and the kind of key.
type AccessPoint struct {
	SSID    string          `json:"ssid"`
	KeyType method.Opt[int] `json:"key_type"`
	RSSI    method.Opt[int] `json:"rssi"` // dBm
	Channel method.Opt[int] `json:"channel"`
	BSSID   string          `json:"bssid"`
}

// ScanInfo is the answer of get_scaninfo.
type ScanInfo struct {
	List []AccessPoint `json:"ap_list"`
}

// Station is the parameter of set_stainfo. It goes in clear text inside of the
// transport.
type Station struct {
	SSID     string        `json:"ssid"`
	Password wattle.Secret `json:"password"`
	KeyType  int           `json:"key_type"` // 0 open, 1 WEP, 2 WPA, 3 WPA2
}

// RevealJSON encodes it for the device.
func (s Station) RevealJSON() ([]byte, error) {
	return json.Marshal(map[string]any{"ssid": s.SSID, "password": s.Password.Reveal(), "key_type": s.KeyType})
}

// WiFi are the methods of one of the two Wi-Fi modules (section 11).
type WiFi struct {
	// GetScanInfo takes as long as its parameter says, or more.
	GetScanInfo method.Method[Scan, ScanInfo]
	// GetStaInfo tells which network the device is in; newer firmware only.
	GetStaInfo method.Method[method.None, AccessPoint]
	// SetStaInfo makes the device leave the network that it is in, mostly
	// without an answer.
	SetStaInfo method.Method[Station, method.None]
}

func wifi(module string) WiFi {
	return WiFi{
		GetScanInfo: method.Method[Scan, ScanInfo]{Module: module, Name: "get_scaninfo"},
		GetStaInfo:  method.Method[method.None, AccessPoint]{Module: module, Name: "get_stainfo"},
		SetStaInfo:  method.Method[Station, method.None]{Module: module, Name: "set_stainfo", Effect: method.Once},
	}
}

// The Wi-Fi modules of plugs, and of bulbs and newer plugs.
var (
	PlugWiFi = wifi("netif")
	BulbWiFi = wifi("smartlife.iot.common.softaponboarding")
)
