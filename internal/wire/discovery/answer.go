package discovery

import (
	"encoding/json"
	"errors"
	"fmt"
)

// Answer is what a device tells of itself on 20002 or 20004. Fields that a
// family does not have are zero; everything is in Raw.
// See docs/protocol/discovery.md section 2.3.
type Answer struct {
	DeviceType     string // "SMART.TAPOPLUG", "IOT.SMARTBULB", "HOMEWIFISYSTEM" ...
	DeviceModel    string // "P110(EU)"; cameras without region
	DeviceID       string // 32 hex, not the device_id of get_device_info
	Owner          string // MD5 of the account's e-mail in hex; "" or zeros when not bound
	MAC            string // as written by the device
	IP             string // as the device sees it; prefer the source of the datagram
	DeviceName     string // the alias in clear, cameras and hubs only
	HardwareVer    string
	FirmwareVer    string
	OnboardedBy    string // obd_src: "tplink", "matter", "apple" ...
	FactoryDefault *bool  // factory_default; nil when the device does not say

	Protocol      int      // protocol_version, 0 when absent
	EncryptType   []string // top-level encrypt_type of cameras and the H200
	Scheme        *Scheme  // mgt_encrypt_schm; nil: not controllable locally
	TPAP          *TPAP    // nil when absent
	TPAPPreferred *bool
	EncryptInfo   *EncryptInfo // nil when absent

	ErrorCode int
	Raw       json.RawMessage // "result", complete
}

// Scheme is mgt_encrypt_schm: how the device wants to be spoken to.
type Scheme struct {
	HTTPS       bool   // is_support_https
	EncryptType string // "KLAP", "AES", "TPAP", "XOR"; "" on cameras
	HTTPPort    int    // 0 when absent
	LoginVer    int    // lv; 0 when absent
	NewKLAP     int    // new_klap; 1 on Kasa firmware of 2025 and later
}

// TPAP is the offer of firmware of 2025 and later.
// See docs/protocol/tpap.md section 1.1.
type TPAP struct {
	TLS  int
	Port int
	Pake []int
}

// ErrNoResult means that an answer has no "result" object: it is not an
// answer to a probe.
var ErrNoResult = errors.New("answer without result")

// MarshalAnswer makes the datagram of an answer with the serial of its probe.
func MarshalAnswer(serial uint32, payload []byte) ([]byte, error) {
	return seal(FlagsAnswer, PadAnswer, serial, payload)
}

// ParseAnswer reads the datagram of an answer. Flags, pad, serial and
// checksum differ between firmwares and are not looked at.
func ParseAnswer(datagram []byte) (*Answer, error) {
	if len(datagram) < HeaderLen {
		_, err := ParseHeader(datagram)
		return nil, err
	}
	top, err := parseObject(datagram[HeaderLen:])
	if err != nil {
		return nil, fmt.Errorf("discovery answer: %w", err)
	}
	raw, ok := top["result"]
	if !ok {
		return nil, ErrNoResult
	}
	a, err := ParseResult(raw)
	if err != nil {
		return nil, err
	}
	a.ErrorCode = top.integer("error_code")
	return a, nil
}

// ParseResult reads the "result" object of an answer. It refuses only what is
// not a JSON object; a field of an unexpected type is taken as absent, since
// one odd field must not make a device invisible.
func ParseResult(raw json.RawMessage) (*Answer, error) {
	f, err := parseObject(raw)
	if err != nil {
		return nil, fmt.Errorf("result of the discovery answer: %w", err)
	}
	if f == nil {
		return nil, ErrNoResult
	}
	a := &Answer{
		DeviceType:     f.text("device_type", "device_type_text"),
		DeviceModel:    f.text("device_model", "model"),
		DeviceID:       f.text("device_id", "device_id_hash"),
		Owner:          f.text("owner", "device_owner_hash"),
		MAC:            f.text("mac"),
		IP:             f.text("ip", "alias"),
		DeviceName:     f.text("device_name"),
		HardwareVer:    f.text("hw_ver", "hardware_version"),
		FirmwareVer:    f.text("firmware_version", "fw_ver"),
		OnboardedBy:    f.text("obd_src"),
		FactoryDefault: f.boolean("factory_default"),
		Protocol:       f.integer("protocol_version"),
		EncryptType:    f.texts("encrypt_type"),
		TPAPPreferred:  f.boolean("tpap_preferred"),
		Raw:            raw,
	}
	if s := f.object("mgt_encrypt_schm"); s != nil {
		a.Scheme = &Scheme{
			EncryptType: s.text("encrypt_type"),
			HTTPPort:    s.port("http_port"),
			LoginVer:    s.integer("lv"),
			NewKLAP:     s.integer("new_klap"),
		}
		if https := s.boolean("is_support_https"); https != nil {
			a.Scheme.HTTPS = *https
		}
	}
	if t := f.object("tpap"); t != nil {
		a.TPAP = &TPAP{TLS: t.integer("tls"), Port: t.port("port"), Pake: t.integers("pake")}
	}
	if e := f.object("encrypt_info"); e != nil {
		a.EncryptInfo = &EncryptInfo{SymSchm: e.text("sym_schm"), Key: e.text("key"), Data: e.text("data")}
	}
	return a, nil
}
