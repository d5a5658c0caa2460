package cloudapi

import "strings"

// Paths of service B. See docs/protocol/cloud.md section 4.
const (
	PathAccountStatus    = "/api/v2/account/getAccountStatusAndUrl"
	PathLogin            = "/api/v2/account/login"
	PathRefresh          = "/api/v2/account/refreshToken"
	PathLogout           = "/api/v2/account/logout"
	PathEmailCode        = "/api/v2/account/getEmailVC4TerminalMFA"
	PathPushCode         = "/api/v2/account/getPushVC4TerminalMFA"
	PathCheckCode        = "/api/v2/account/checkMFACodeAndLogin"
	PathAccountInfo      = "/api/v2/account/getAccountInfo"
	PathMFAStatus        = "/api/v2/account/getMFAFeatureStatus"
	PathDevicePage       = "/api/v2/common/getDeviceListByPage"
	PathPassthrough      = "/api/v2/common/passthrough"
	PathAppServiceURL    = "/api/v2/common/getAppServiceUrl"
	PathAppServiceByName = "/api/v2/common/getAppServiceUrlByCloudUserName"
	PathAppServiceByID   = "/api/v2/common/getAppServiceUrlById"
	PathHello            = "/api/v2/common/helloCloud"
)

// AccountName is the body of [PathAccountStatus].
type AccountName struct {
	AppType  string `json:"appType"`
	Username string `json:"cloudUserName"`
}

// AccountStatus is the result of [PathAccountStatus].
type AccountStatus struct {
	Status       Number `json:"accountStatus,omitzero"`
	AppServerURL string `json:"appServerUrl,omitempty"`
}

// Login is the body of [PathLogin].
type Login struct {
	AppType            string `json:"appType"`
	AppVersion         string `json:"appVersion"`
	Password           Text   `json:"cloudPassword"`
	Username           string `json:"cloudUserName"`
	Platform           string `json:"platform"`
	RefreshTokenNeeded bool   `json:"refreshTokenNeeded"`
	SupportBindAccount bool   `json:"supportBindAccount"`
	TerminalUUID       string `json:"terminalUUID"`
	TerminalName       string `json:"terminalName"`
	TerminalMeta       string `json:"terminalMeta"`
}

// Account is the result of a login of either version and of a refresh, and of a
// login that wants a code or another region.
type Account struct {
	AccountID    Loose   `json:"accountId,omitempty"`
	RegTime      string  `json:"regTime,omitempty"`
	CountryCode  string  `json:"countryCode,omitempty"`
	Email        string  `json:"email,omitempty"`
	Nickname     *string `json:"nickname,omitempty"`
	Token        Text    `json:"token,omitzero"`
	RefreshToken Text    `json:"refreshToken,omitzero"`
	AppServerURL string  `json:"appServerUrl,omitempty"`
	RegionCode   string  `json:"regionCode,omitempty"`
	RiskDetected Number  `json:"riskDetected,omitzero"`

	ErrorCode Loose  `json:"errorCode,omitempty"` // "0" with some successes
	ErrorMsg  string `json:"errorMsg,omitempty"`

	// Of a login that wants a code, see docs/protocol/cloud.md section 4.5.
	MFAProcessID      Text      `json:"MFAProcessId,omitzero"` // mfaProcessId in some answers
	SupportedMFATypes []MFAType `json:"supportedMFATypes,omitempty"`
	MFAEmail          string    `json:"mfaEmail,omitempty"`
	MFAType           string    `json:"mfaType,omitempty"` // the short form
	RemainAttempts    Number    `json:"remainAttempts,omitzero"`
}

// MFAType is a way by which a code reaches the user.
type MFAType int

// The ways.
const (
	MFAPush  MFAType = 1 // to a Tapo app that is bound already
	MFAEmail MFAType = 2
)

// UnmarshalJSON reads a number or one of the words "push" and "email"; 0 for
// anything else.
func (m *MFAType) UnmarshalJSON(b []byte) error {
	s, err := loose(b)
	switch strings.ToLower(s) {
	case "push":
		*m = MFAPush
	case "email":
		*m = MFAEmail
	default:
		*m = MFAType(number(b).Value)
	}
	return err
}

// String is the word for people.
func (m MFAType) String() string {
	switch m {
	case MFAPush:
		return "app"
	case MFAEmail:
		return "email"
	}
	return "unknown"
}

// SendCode is the body of [PathEmailCode] and [PathPushCode].
type SendCode struct {
	AppType      string `json:"appType"`
	Password     Text   `json:"cloudPassword"`
	Username     string `json:"cloudUserName"`
	TerminalUUID string `json:"terminalUUID"`
	Locale       string `json:"locale,omitempty"`
}

// CheckCode is the body of [PathCheckCode]: with a process id in the process
// form, with password and terminal in the short form.
type CheckCode struct {
	AppType      string  `json:"appType"`
	Username     string  `json:"cloudUserName"`
	Password     Text    `json:"cloudPassword,omitzero"`
	Code         Text    `json:"code"`
	ProcessID    Text    `json:"MFAProcessId,omitzero"`
	Type         MFAType `json:"MFAType,omitempty"`
	BindTerminal bool    `json:"terminalBindEnabled,omitempty"`
	TerminalUUID string  `json:"terminalUUID,omitempty"`
}

// SmartTypes are the types that the Tapo app asks for.
func SmartTypes() []string {
	return []string{
		"SMART.TAPOPLUG", "SMART.TAPOBULB", "SMART.IPCAMERA", "SMART.TAPOROBOVAC", "SMART.TAPOHUB", "SMART.TAPOSENSOR", "SMART.TAPOSWITCH",
	}
}

// DevicePage is the body of [PathDevicePage].
type DevicePage struct {
	Types []string `json:"deviceTypeList"`
	Index int      `json:"index"` // of the first entry, from 0
	Limit int      `json:"limit"`
}

// ServiceIDs is the body of [PathAppServiceURL], of its variants, and the
// params of [MethodAppServiceURL].
type ServiceIDs struct {
	AccountID Loose    `json:"accountId,omitempty"`
	Username  string   `json:"cloudUserName,omitempty"`
	IDs       []string `json:"serviceIds"`
	Token     Text     `json:"token,omitzero"`
}

// Ids of services.
const (
	ServiceThings   = "nbu.iot-app-server.app"
	ServiceThingsV2 = "nbu.iot-app-server.app-v2"
	ServiceGateway  = "nbu.iot-cloud-gateway.app-v2"
	ServiceSecurity = "nbu.iot-security.appdevice-v2"
)

// ServiceURLs is the result of service discovery in both forms.
type ServiceURLs struct {
	RegionCode string            `json:"regionCode,omitempty"`
	URLs       map[string]string `json:"serviceUrls,omitempty"`
	List       []ServiceURL      `json:"serviceList,omitempty"`
}

// ServiceURL is where one service is.
type ServiceURL struct {
	ID  string `json:"serviceId"`
	URL string `json:"serviceUrl"`
}

// URL finds a service, "" where the answer does not have it.
func (s *ServiceURLs) URL(id string) string {
	if u := s.URLs[id]; u != "" {
		return u
	}
	for _, e := range s.List {
		if e.ID == id {
			return e.URL
		}
	}
	return ""
}

// UserOnly is the body of [PathLogout] and [PathAccountInfo].
type UserOnly struct {
	Username string `json:"cloudUserName"`
}
