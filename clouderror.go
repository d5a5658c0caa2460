package wattle

import "fmt"

// Codes of the cloud that programs decide by. See docs/protocol/cloud.md
// section 6.
const (
	CloudBadRequest    = -1     // the request to the device was not understood
	CloudTimeout       = -20002 // the device did not answer the relay
	CloudRateLimit     = -20004
	CloudNoMethod      = -20103
	CloudNoParameter   = -20104
	CloudWrongRegion   = -20212
	CloudOffline       = -20571 // no link between the device and this relay
	CloudNotBound      = -20580
	CloudNoAccount     = -20600
	CloudWrongPassword = -20601
	CloudTokenExpired  = -20651
	CloudRefreshOver   = -20655
	CloudUnknownLogin  = -20661
	CloudLocked        = -20675 // or the token is void, where it is not a login that is refused
	CloudCodeNeeded    = -20677
	CloudOldApp        = -23003
	CloudConflict      = 11000
	CloudThingOffline  = 15006
)

// CloudError is a refusal by the TP-Link cloud: a code other than 0 in its
// answer, or a status of HTTP where it gave no code. Codes of the device itself,
// inside of an answer, are [DeviceError]. errors.Is(err, class) holds for the
// class of the code, see docs/protocol/cloud.md section 6.
type CloudError struct {
	Method string // of the call, such as "getDeviceList" or a path
	Code   int    // 0 where only Status tells
	Status int    // of HTTP; 0 for 200
	Msg    string // as the service gave it; localised, often ""
}

// Error names the call, the number and what it stands for.
func (e *CloudError) Error() string {
	info := e.info()
	text := fmt.Sprintf("the cloud answered %d", e.Code)
	if e.Code == 0 {
		text = fmt.Sprintf("the cloud answered HTTP %d", e.Status)
	}
	switch {
	case info.Name != "" && e.Msg != "":
		text += fmt.Sprintf(" (%s: %s)", info.Name, e.Msg)
	case info.Name != "":
		text += fmt.Sprintf(" (%s)", info.Name)
	case e.Msg != "":
		text += fmt.Sprintf(" (%s)", e.Msg)
	}
	if e.Method != "" {
		text = e.Method + ": " + text
	}
	return text
}

// Is reports whether target is the class of the code.
func (e *CloudError) Is(target error) bool { return target == e.info().Class }

// Hint says in one sentence what a person can do about it, or "".
func (e *CloudError) Hint() string { return e.info().Hint }

func (e *CloudError) info() CodeInfo {
	if e.Code != 0 {
		return LookupCloudCode(e.Code)
	}
	switch {
	case e.Status == 401:
		return CodeInfo{Name: "token refused", Class: ErrSession}
	case e.Status == 403:
		return CodeInfo{Name: "access denied", Class: ErrAccess, Hint: "this is a fault of the headers that wattle sends, or the terminal is not the one that signed in: sign in again"}
	case e.Status == 429:
		return CodeInfo{Name: "too many requests", Class: ErrLockout, Hint: "wait before you ask the cloud again"}
	case e.Status >= 500:
		return CodeInfo{Name: "the service is in trouble", Class: ErrUnreachable, Hint: "the fault is on TP-Link's side: try again later"}
	}
	return CodeInfo{Class: ErrRefused}
}

// LookupCloudCode tells what a code of the cloud means. An unknown code is
// classified by its range.
func LookupCloudCode(code int) CodeInfo {
	if info, ok := cloudCodes[code]; ok {
		return info
	}
	switch {
	case code <= -20600 && code > -20700:
		return CodeInfo{Class: ErrAuth, Hint: "look into the app whether the account wants something of you"}
	case code <= -20500 && code > -20600:
		return CodeInfo{Class: ErrRefused}
	case code <= -20100 && code > -20200:
		return CodeInfo{Class: ErrParam}
	case code <= -20000 && code > -20100:
		return CodeInfo{Class: ErrBusy}
	}
	return CodeInfo{Class: ErrRefused}
}

// cloudCodes are the codes of docs/protocol/cloud.md section 6.
var cloudCodes = map[int]CodeInfo{
	CloudBadRequest: {Name: "request not understood", Class: ErrParam, Hint: "the message for the device has a fault: look at the request itself"},
	CloudTimeout:    {Name: "the device did not answer the relay in time", Class: ErrUnreachable, Retries: once},
	CloudRateLimit:  {Name: "too many requests", Class: ErrLockout, Hint: "wait; asking again makes it last longer"},
	CloudNoMethod:   {Name: "no such method", Class: ErrUnsupported},
	CloudNoParameter: {
		Name: "a parameter is missing or in the wrong place", Class: ErrParam,
		Hint: "a required field or the token is missing from the request, or not where this service looks for it",
	},
	CloudWrongRegion:   {Name: "wrong region", Class: ErrRefused, Hint: "the account lives in another region: sign in again"},
	-20506:             {Name: "the device belongs to another user", Class: ErrRefused, Hint: "ask its owner to share it with you in the app"},
	-20507:             {Name: "the device belongs to no account", Class: ErrRefused, Hint: "add the device to your account in the app"},
	CloudOffline:       {Name: "no link between the device and this relay", Class: ErrUnreachable},
	-20572:             {Name: "name not allowed", Class: ErrParam},
	CloudNotBound:      {Name: "the device is not on this account", Class: ErrNotFound, Hint: "read the list of devices again"},
	CloudNoAccount:     {Name: "no such account here", Class: ErrAuth, Hint: "check the e-mail; a Kasa account may be unknown to the Tapo cloud and the other way round"},
	CloudWrongPassword: {Name: "wrong e-mail or password", Class: ErrAuth, Hint: "check both in the app before you try again: too many wrong ones lock the account"},
	CloudTokenExpired:  {Name: "token expired", Class: ErrSession, Retries: once},
	CloudRefreshOver:   {Name: "refresh token expired", Class: ErrAuth, Hint: "sign in again with the password"},
	CloudUnknownLogin:  {Name: "login refused", Class: ErrLockout, Hint: "sign in with the app and wait half an hour"},
	CloudLocked:        {Name: "account locked, or signed in elsewhere", Class: ErrLockout, Hint: "wait half an hour, and sign in with the app before you try again"},
	CloudCodeNeeded:    {Name: "a verification code is needed", Class: ErrAuth, Hint: "sign in again and enter the code that TP-Link sends"},
	CloudOldApp:        {Name: "this login is too old for an account with 2-step verification", Class: ErrUnsupported, Hint: "use the newer login (v2)"},
	-23024:             {Class: ErrRefused},
	CloudConflict:      {Name: "somebody else changed it at the same time", Class: ErrBusy, Retries: 2},
	CloudThingOffline:  {Name: "the device is not connected to the cloud", Class: ErrUnreachable},
}
