package cloudsim

// Codes of the cloud. See docs/protocol/cloud.md section 6.
const (
	codeFailed        = -1
	codeTimeout       = -20002
	codeLimited       = -20004
	codeMethod        = -20103
	codeParameter     = -20104
	codeRegion        = -20212
	codeOffline       = -20571
	codeAlias         = -20572
	codeNotBound      = -20580
	codeNoAccount     = -20600
	codePassword      = -20601
	codeToken         = -20651
	codeRefreshToken  = -20655
	codeLocked        = -20675
	codeMFA           = -20677
	codeTooOld        = -23003
	codeThingOffline  = 15006
	codeShadowVersion = 11000
	// codeBlack has no number of its own that is known: the text tells it.
	codeBlack = -20199
)

var texts = map[int]string{
	codeFailed: "Unknown error", codeTimeout: "Request timeout", codeLimited: "API rate limit exceeded",
	codeMethod: "The method does not exist or is not available", codeParameter: "Parameter doesn't exist",
	codeRegion: "Incorrect service entry address", codeOffline: "Device is offline", codeAlias: "Alias format error",
	codeNotBound: "Account is not binded to the device", codeNoAccount: "Account not found",
	codePassword: "Incorrect email or password", codeToken: "Token expired", codeRefreshToken: "Refresh token expired",
	codeLocked: "Account login in other places", codeMFA: "MFA feature enabled", codeTooOld: "App version is too old",
	codeThingOffline: "thing is offline", codeBlack: "Access denied request in blackList",
}

func text(code int) string {
	if t := texts[code]; t != "" {
		return t
	}
	return "Error"
}
