package wattle

// LookupCode tells what a code means in a family. An unknown code has the
// class [ErrRefused]: it is shown and not retried. Cameras answer the codes of
// SMART as well (their children and transports speak it), so that those count
// where the camera's own table has nothing. See docs/protocol/errors.md.
func LookupCode(family Family, code int) CodeInfo {
	switch family {
	case IOT:
		if info, ok := iotCodes[code]; ok {
			return info
		}
		return CodeInfo{Class: ErrRefused}
	case SMARTCAM:
		if info, ok := smartcamCodes[code]; ok {
			return info
		}
	}
	if info, ok := smartCodes[code]; ok {
		return info
	}
	return CodeInfo{Class: ErrRefused}
}

const (
	// retry is the number of repeats that docs/protocol/transports.md section
	// 0.3 allows; once is for codes where one repeat shows all there is to see.
	retry = 3
	once  = 1
)

const (
	hintAccess  = "in the Tapo or Kasa app open Me > Third-Party Services, switch Third-Party Compatibility off and on again, and retry"
	hintAccount = "use the e-mail and password of the TP-Link account that set the device up; the case of the e-mail counts"
	hintNet     = "the device cannot reach the Internet; check its connection"
)

// iotCodes are the err_code values of the IOT language.
var iotCodes = map[int]CodeInfo{
	-1:     {Name: "module not support", Class: ErrUnsupported},
	-2:     {Name: "member not support", Class: ErrUnsupported},
	-3:     {Name: "invalid argument", Class: ErrParam},
	-5:     {Name: "not enough memory", Class: ErrParam, Hint: "shorten the list or the name"},
	-7:     {Name: "unknown error", Class: ErrBusy, Retries: once},
	-10:    {Name: "table is full", Class: ErrRefused, Hint: "delete a rule first"},
	-14:    {Name: "entry not exist", Class: ErrParam, Hint: "the outlet or rule is gone; read the list again"},
	-1323:  {Name: "target not found", Class: ErrRefused},
	-2000:  {Name: "method not support", Class: ErrUnsupported},
	-2001:  {Name: "module not support", Class: ErrUnsupported},
	-4002:  {Name: "not bound to an account", Class: ErrRefused, Hint: "bind the device in the app, or ignore this"},
	-10000: {Name: "invalid input argument", Class: ErrParam},
	-10002: {Name: "missing argument", Class: ErrParam},
	-10008: {Name: "not supported", Class: ErrUnsupported}, // Kasa cameras
}

// smartCodes are the error_code values of the SMART language and of the
// transports that carry it.
var smartCodes = map[int]CodeInfo{
	1000: {Name: "NULL_TRANSPORT", Class: ErrBusy, Retries: retry},
	1001: {Name: "CMD_COMMAND_CANCEL", Class: ErrBusy, Retries: once},
	1002: {Name: "TRANSPORT_NOT_AVAILABLE", Class: ErrBusy, Retries: retry},
	// Not ErrAccess: the device may only have moved to another transport, which
	// package connect finds out.
	1003:  {Name: "TRANSPORT_UNKNOWN_CREDENTIALS", Class: ErrTransport, Hint: hintAccess},
	1100:  {Name: "HAND_SHAKE_FAILED", Class: ErrAuth, Hint: hintAccount},
	1111:  {Name: "LOGIN_FAILED", Class: ErrAuth, Hint: hintAccount},
	1112:  {Name: "HTTP_TRANSPORT_FAILED", Class: ErrBusy, Retries: retry},
	1200:  {Name: "MULTI_REQUEST_FAILED", Class: ErrRefused},
	9999:  {Name: "SESSION_TIMEOUT", Class: ErrSession, Retries: retry},
	-1:    {Name: "COMMON_FAILED", Class: ErrRefused},
	-1001: {Name: "UNSPECIFIC", Class: ErrBusy, Retries: retry},
	-1002: {Name: "UNKNOWN_METHOD", Class: ErrUnsupported},
	-1003: {Name: "JSON_DECODE_FAIL", Class: ErrRefused},
	-1004: {Name: "JSON_ENCODE_FAIL", Class: ErrRefused, Hint: "ask for less at once"},
	-1005: {Name: "AES_DECODE_FAIL", Class: ErrSession, Hint: hintAccount, Retries: once},
	-1006: {Name: "REQUEST_LEN_ERROR", Class: ErrRefused, Hint: "send less at once"},
	-1007: {Name: "CLOUD_FAILED", Class: ErrRefused, Hint: hintNet},
	-1008: {Name: "PARAMS", Class: ErrParam},
	-1009: {Name: "HANDSHAKE_PARAMS", Class: ErrSession, Hint: "the message does not fit the session: connect anew; if it stays, the device speaks another transport", Retries: once},
	-1010: {Name: "INVALID_PUBLIC_KEY", Class: ErrParam},
	-1012: {Name: "INVALID_TERMINAL_UUID", Class: ErrParam},
	-1101: {Name: "SESSION_PARAM", Class: ErrSession, Retries: once},
	-1201: {Name: "QUICK_SETUP", Class: ErrRefused},
	-1301: {Name: "DEVICE_ERROR", Class: ErrBusy, Retries: retry},
	-1302: {Name: "DEVICE_NEXT_EVENT", Class: ErrRefused},
	-1401: {Name: "FIRMWARE", Class: ErrRefused},
	-1402: {Name: "FIRMWARE_VER", Class: ErrRefused},
	-1501: {Name: "LOGIN", Class: ErrAuth, Hint: hintAccount},
	-1601: {Name: "TIME", Class: ErrRefused},
	-1602: {Name: "TIME_SYS", Class: ErrRefused},
	-1603: {Name: "TIME_SAVE", Class: ErrRefused},
	-1701: {Name: "WIRELESS", Class: ErrRefused, Hint: "check the Wi-Fi password, and that the network is 2.4 GHz"},
	-1702: {Name: "WIRELESS_UNSUPPORTED", Class: ErrRefused, Hint: "the Wi-Fi security mode is not supported; use WPA2 at 2.4 GHz"},
	-1801: {Name: "SCHEDULE", Class: ErrRefused},
	-1802: {Name: "SCHEDULE_FULL", Class: ErrRefused, Hint: "delete a schedule rule first"},
	-1803: {Name: "SCHEDULE_CONFLICT", Class: ErrRefused, Hint: "another schedule rule has the same time"},
	-1804: {Name: "SCHEDULE_SAVE", Class: ErrRefused},
	-1805: {Name: "SCHEDULE_INDEX", Class: ErrRefused},
	-1901: {Name: "COUNTDOWN", Class: ErrRefused},
	-1902: {Name: "COUNTDOWN_CONFLICT", Class: ErrRefused, Hint: "remove the running timer first"},
	-1903: {Name: "COUNTDOWN_SAVE", Class: ErrRefused},
	-2001: {Name: "ANTITHEFT", Class: ErrRefused},
	-2002: {Name: "ANTITHEFT_CONFLICT", Class: ErrRefused},
	-2003: {Name: "ANTITHEFT_SAVE", Class: ErrRefused},
	-2101: {Name: "ACCOUNT", Class: ErrRefused},
	-2201: {Name: "STAT", Class: ErrRefused},
	-2202: {Name: "STAT_SAVE", Class: ErrRefused},
	-2203: {Name: "STAT_ACCESS", Class: ErrAuth, Hint: hintAccount},
	-2301: {Name: "DST", Class: ErrRefused},
	-2302: {Name: "DST_SAVE", Class: ErrRefused},
	-3001: {Name: "VACUUM_BATTERY_LOW", Class: ErrRefused, Hint: "charge the vacuum first"},
}
