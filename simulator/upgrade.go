package simulator

import (
	"encoding/json"
	"fmt"
	"time"

	"wattle"
)

// How long the stages of an update last on a simulated device. The second is
// what devices announce.
const (
	downloadTime = 20 * time.Second
	flashTime    = 5 * time.Second
)

// upgrade is a firmware on its way into a device; the zero upgrade is none.
type upgrade struct {
	version string
	begun   time.Time // of the simulator's time
}

// due is when it is installed, zero for never.
func (g *upgrade) due() time.Time {
	if g.begun.IsZero() {
		return time.Time{}
	}
	return g.begun.Add(downloadTime + flashTime)
}

// progress is how far it is: percent of the download, and then flashing.
func (g *upgrade) progress(now time.Time) (percent int, flashing bool) {
	passed := max(now.Sub(g.begun), 0)
	return int(min(100*passed/downloadTime, 100)), passed >= downloadTime
}

// versionOf checks what a firmware that is offered is to be called.
func versionOf(raw json.RawMessage) (string, error) {
	text := (object{"": raw}).text("")
	if text == "" || len(text) > 64 {
		return "", fmt.Errorf(`firmware %s: want a version such as "1.4.0 Build 260101 Rel.1": %w`, raw, wattle.ErrParam)
	}
	return text, nil
}

// Firmware of IOT devices. See docs/protocol/iot.md sections 3 and 10.

const noDownload = -7 // what old plugs say while nothing is downloaded

// offerFirmware makes the cloud offer a firmware to the device.
func (e *iot) offerFirmware(version string) {
	module := "cnCloud"
	if e.kind.light() {
		module = "smartlife.iot.common.cloud"
	}
	e.change(module, "get_intl_fw_list", object{"err_code": marshal(0), "fw_list": rawArray([]json.RawMessage{object{
		"fwLocation": marshal(0), "fwReleaseDate": marshal("2026-01-01"), "fwReleaseLog": marshal("An invented firmware."),
		"fwReleaseLogUrl": marshal("undefined yet"), "fwTitle": marshal("Hi, a new firmware is available."), "fwType": marshal(1),
		"fwUrl": marshal("http://firmware.example.com/device.bin"), "fwVer": marshal(version),
	}.raw()})})
}

// offered is the firmware that the device would download.
func (e *iot) offered() string {
	for _, module := range []string{"cnCloud", "smartlife.iot.common.cloud"} {
		answer, _ := e.answer(module, "get_intl_fw_list")
		for _, raw := range answer.array("fw_list") {
			if entry, ok := parseObject(raw); ok {
				return entry.text("fwVer")
			}
		}
	}
	return ""
}

func (e *iot) downloadFirmware(c *iotCall) (object, *iotFault) {
	if c.args.text("url") == "" {
		return nil, &e.errors.argument
	}
	version := e.offered()
	if version == "" { // whatever is behind the address
		version = e.sys.text("sw_ver")
	}
	e.upgrade = upgrade{version, e.d.clock.real()}
	if e.sys.has("updating") {
		e.sys.put("updating", 1)
	}
	return nil, nil
}

func (e *iot) getDownloadState(c *iotCall) (object, *iotFault) {
	answer, ok := e.answer(c.module, c.method)
	if e.upgrade.begun.IsZero() {
		if !ok {
			return nil, &iotFault{noDownload, "unknown error"}
		}
		return answer, nil
	}
	percent, flashing := e.upgrade.progress(e.d.clock.real())
	status := 1
	if flashing {
		status = 2
	}
	return object{
		"status": marshal(status), "ratio": marshal(percent),
		"reboot_time": marshal(seconds(flashTime)), "flash_time": marshal(seconds(flashTime)),
	}, nil
}

// flashFirmware: a download flashes by itself.
func (e *iot) flashFirmware(*iotCall) (object, *iotFault) {
	if e.upgrade.begun.IsZero() {
		return nil, &iotFault{-5, "not enough memory"}
	}
	return nil, nil
}

// install ends an update: the device restarts with another version.
func (e *iot) install(version string) {
	e.sys.put("sw_ver", version)
	e.upgrade = upgrade{}
	if e.sys.has("updating") {
		e.sys.put("updating", 0)
	}
	for _, module := range []string{"cnCloud", "smartlife.iot.common.cloud"} {
		if answer, ok := e.answer(module, "get_intl_fw_list"); ok {
			answer["fw_list"] = json.RawMessage("[]")
			e.change(module, "get_intl_fw_list", answer)
		}
	}
	e.d.reboot(0)
}

// Firmware of SMART devices. See docs/protocol/smart.md section 6.

// States of get_fw_download_state.
const (
	upgradeIdle        = 0
	upgradeDownloading = 2
	upgradeFlashing    = 3
)

func (u *unit) offerFirmware(version string) {
	u.change("get_latest_fw", object{
		"type": marshal(2), "fw_ver": marshal(version), "fw_size": marshal(786_432), "need_to_upgrade": marshal(true),
		"release_date": marshal("2026-01-01"), "release_note": marshal("An invented firmware."),
		"hw_id": u.info["hw_id"], "oem_id": u.info["oem_id"],
	})
}

func (u *unit) downloadFirmware(object) (json.RawMessage, int) {
	if !u.has("firmware") {
		return nil, codeUnknownMethod
	}
	latest, _ := u.stored("get_latest_fw")
	if kind, _ := latest.integer("type"); kind != 0 && u.upgrade.begun.IsZero() {
		u.upgrade = upgrade{latest.text("fw_ver"), u.e.d.clock.real()}
	}
	return nil, 0
}

func (u *unit) getDownloadState(object) (json.RawMessage, int) {
	answer, ok := u.stored("get_fw_download_state")
	switch {
	case !ok:
		return nil, u.unknown("get_fw_download_state")
	case u.upgrade.begun.IsZero():
		return answer.raw(), 0
	}
	percent, flashing := u.upgrade.progress(u.e.d.clock.real())
	answer.put("status", upgradeDownloading)
	if flashing {
		answer.put("status", upgradeFlashing)
	}
	answer.put("download_progress", percent)
	answer.put("upgrade_time", seconds(flashTime))
	return answer.raw(), 0
}

func (e *smart) install(version string) {
	e.tick()
	e.self.install(version)
}

// install ends an update. A child restarts by itself, the device as a whole.
func (u *unit) install(version string) {
	u.info.put("fw_ver", version)
	u.upgrade = upgrade{}
	if latest, ok := u.stored("get_latest_fw"); ok {
		latest.put("type", 0)
		latest.put("need_to_upgrade", false)
		u.change("get_latest_fw", latest)
	}
	if state, ok := u.stored("get_fw_download_state"); ok {
		state.put("status", upgradeIdle)
		state.put("download_progress", 0)
		u.change("get_fw_download_state", state)
	}
	if u == u.e.self {
		u.e.d.reboot(0)
	}
}
