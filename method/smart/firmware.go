package smart

import "wattle/method"

// LatestFirmware is the answer of get_latest_fw (section 6).
type LatestFirmware struct {
	Type    method.Opt[int] `json:"type"` // 0: none newer; 3 is presumably forced
	Version string          `json:"fw_ver"`
	Size    method.Opt[int] `json:"fw_size"` // bytes
	Date    string          `json:"release_date"`
	Note    string          `json:"release_note"`
}

// DownloadState is the answer of get_fw_download_state (section 6).
type DownloadState struct {
	Status      method.Opt[int] `json:"status"`            // 0 idle, 2 downloading, 3 flashing, below 0 error
	Progress    method.Opt[int] `json:"download_progress"` // %
	RebootTime  method.Opt[int] `json:"reboot_time"`       // s
	UpgradeTime method.Opt[int] `json:"upgrade_time"`      // s
}

// AutoUpdate is the answer of get_auto_update_info; set_auto_update_info
// takes it back as a whole (section 6).
type AutoUpdate struct {
	Enable method.Opt[bool] `json:"enable,omitzero"`
	Time   method.Opt[int]  `json:"time,omitzero"`         // min after midnight
	Range  method.Opt[int]  `json:"random_range,omitzero"` // min after Time within which it happens
	Extra  method.Extra     `json:"-"`
}

// UnmarshalJSON keeps the fields that are not declared.
func (a *AutoUpdate) UnmarshalJSON(b []byte) (err error) {
	type plain AutoUpdate
	*a = AutoUpdate{}
	a.Extra, err = method.DecodeWithExtra(b, (*plain)(a))
	return err
}

// MarshalJSON writes all fields that were read.
func (a AutoUpdate) MarshalJSON() ([]byte, error) {
	type plain AutoUpdate
	return method.EncodeWithExtra(plain(a), a.Extra)
}

// Firmware (section 6).
var (
	// GetLatestFW makes the device ask its cloud, which takes a while.
	GetLatestFW      = method.Method[method.None, LatestFirmware]{Name: "get_latest_fw"}
	FWDownload       = method.Method[method.None, method.None]{Name: "fw_download", Effect: method.Once}
	GetDownloadState = method.Method[method.None, DownloadState]{Name: "get_fw_download_state"}
	GetAutoUpdate    = method.Method[method.None, AutoUpdate]{Name: "get_auto_update_info"}
	SetAutoUpdate    = method.Method[AutoUpdate, method.None]{Name: "set_auto_update_info", Effect: method.Absolute}
)
