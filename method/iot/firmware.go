package iot

import "wattle/method"

// Download is the parameter of download_firmware: an address that the device
// can reach by HTTP.
type Download struct {
	URL string `json:"url"` // http://..., not https
}

// DownloadState is the answer of get_download_state (section 3).
type DownloadState struct {
	Status     method.Opt[int] `json:"status"`      // 0 idle, 1 downloading, 2 flashing, 6 error
	Ratio      method.Opt[int] `json:"ratio"`       // %
	RebootTime method.Opt[int] `json:"reboot_time"` // s
	FlashTime  method.Opt[int] `json:"flash_time"`  // s
}

// Firmware of all devices (section 3). A download flashes by itself when it is
// complete; FlashFirmware is for one that did not.
var (
	DownloadFirmware = method.Method[Download, method.None]{Module: ModuleSystem, Name: "download_firmware", Effect: method.Once}
	GetDownloadState = method.Method[method.None, DownloadState]{Module: ModuleSystem, Name: "get_download_state"}
	FlashFirmware    = method.Method[method.None, method.None]{Module: ModuleSystem, Name: "flash_firmware", Effect: method.Once}
)
