package discovery

import (
	"encoding/json"
	"errors"
	"fmt"

	"wattle/internal/wire/xor"
)

// SysinfoRequest is the IOT message that probes on UDP 9999 ask with.
const SysinfoRequest = `{"system":{"get_sysinfo":{}}}`

// Sysinfo is what discovery reads of a get_sysinfo answer; the rest is in Raw.
// See docs/protocol/discovery.md section 1.
type Sysinfo struct {
	Type          string // mic_type or type: "IOT.SMARTPLUGSWITCH", "IOT.IPCAMERA" ...
	Model         string // "HS110(EU)"
	DeviceID      string // 40 hex
	MAC           string // mac, mic_mac or ethernet_mac, as written by the device
	Alias         string
	HardwareVer   string
	FirmwareVer   string
	StreamVersion int             // cameras only
	Raw           json.RawMessage // the value of get_sysinfo, complete
}

// ErrNoSysinfo means that an answer holds no usable get_sysinfo.
var ErrNoSysinfo = errors.New("answer without get_sysinfo")

// SysinfoProbe is the datagram that asks for get_sysinfo.
func SysinfoProbe() []byte { return xor.AppendEncrypted(nil, []byte(SysinfoRequest)) }

// ParseSysinfo reads an answer datagram of UDP 9999.
func ParseSysinfo(datagram []byte) (*Sysinfo, error) {
	return ParseSysinfoJSON(xor.AppendDecrypted(nil, datagram))
}

// ParseSysinfoJSON reads the JSON of such an answer, however it came.
func ParseSysinfoJSON(message []byte) (*Sysinfo, error) {
	top, err := parseObject(message)
	if err != nil {
		return nil, fmt.Errorf("answer on port %d: %w", PortXOR, err)
	}
	system := top.object("system")
	info := system.object("get_sysinfo")
	if info == nil {
		return nil, ErrNoSysinfo
	}
	raw := system["get_sysinfo"]
	if nested := info.object("system"); nested != nil {
		info = nested // cameras put everything one level deeper
	}
	s := &Sysinfo{
		Type:          info.text("mic_type", "type"),
		Model:         info.text("model"),
		DeviceID:      info.text("deviceId"),
		MAC:           info.text("mac", "mic_mac", "ethernet_mac"),
		Alias:         info.text("alias"),
		HardwareVer:   info.text("hw_ver"),
		FirmwareVer:   info.text("sw_ver"),
		StreamVersion: info.integer("stream_version"),
		Raw:           raw,
	}
	if s.Type == "" {
		return nil, fmt.Errorf("%w: neither type nor mic_type in it", ErrNoSysinfo)
	}
	return s, nil
}
