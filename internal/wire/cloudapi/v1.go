package cloudapi

import (
	"bytes"
	"encoding/json"
	"fmt"

	"wattle"
)

// Methods of service A. See docs/protocol/cloud.md section 4.
const (
	MethodLogin         = "login"
	MethodRefresh       = "refreshToken"
	MethodList          = "getDeviceList"
	MethodPassthrough   = "passthrough"
	MethodAppServiceURL = "getAppServiceUrl"
	MethodSetAlias      = "setAlias"
)

// Request is the envelope of service A, and of service B at the path "/".
type Request struct {
	Method string          `json:"method"`
	Params json.RawMessage `json:"params,omitempty"`
	URL    string          `json:"url,omitempty"` // sent by one client, of no use
}

// NewRequest makes the body of a call. nil params are left out.
func NewRequest(method string, params any) ([]byte, error) {
	r := Request{Method: method}
	if params != nil {
		var err error
		if r.Params, err = Marshal(params); err != nil {
			return nil, err
		}
	}
	return Marshal(r)
}

// ParseRequest reads the envelope. Errors wrap [wattle.ErrProtocol].
func ParseRequest(body []byte) (*Request, error) {
	var r Request
	if err := json.Unmarshal(body, &r); err != nil {
		return nil, fmt.Errorf("the request is not an envelope with method and params: %w", wattle.ErrProtocol)
	}
	return &r, nil
}

// Into decodes the params; null and none leave v as it is. Errors wrap
// [wattle.ErrProtocol].
func (r *Request) Into(v any) error {
	if len(r.Params) == 0 {
		return nil
	}
	if err := json.Unmarshal(r.Params, v); err != nil {
		return fmt.Errorf("params of %s: %w", clip(r.Method), wattle.ErrProtocol)
	}
	return nil
}

// LoginV1 are the params of [MethodLogin].
type LoginV1 struct {
	AppType            string `json:"appType"`
	Username           string `json:"cloudUserName"`
	Password           Text   `json:"cloudPassword"`
	TerminalUUID       string `json:"terminalUUID"`
	RefreshTokenNeeded bool   `json:"refreshTokenNeeded,omitempty"`
}

// Refresh are the params of [MethodRefresh] and the body of [PathRefresh].
type Refresh struct {
	AppType      string `json:"appType"`
	RefreshToken Text   `json:"refreshToken"`
	TerminalUUID string `json:"terminalUUID"`
}

// Bearer are the params of [MethodList] and of calls that need only the token.
// The zero token is left out.
type Bearer struct {
	Token Text `json:"token,omitzero"`
}

// Passthrough are the params of [MethodPassthrough], and without Token the body
// of [PathPassthrough].
type Passthrough struct {
	DeviceID string `json:"deviceId"`
	// RequestData is an object, or a text that holds one, see [Wrap]; nil where
	// there is none.
	RequestData json.RawMessage `json:"requestData,omitempty"`
	Token       Text            `json:"token,omitzero"`
}

// PassthroughResult is the result of a passthrough.
type PassthroughResult struct {
	ResponseData json.RawMessage `json:"responseData"` // object or text, see [Unwrap]
}

// SetAlias are the params of [MethodSetAlias].
type SetAlias struct {
	DeviceID string `json:"deviceId"`
	Alias    string `json:"alias"`
	Token    Text   `json:"token,omitzero"`
}

// Wrap makes requestData or responseData of a device's message: the message
// itself, or a text that holds it. The bytes inside stay as they are.
func Wrap(message []byte, asText bool) (json.RawMessage, error) {
	if asText {
		return Marshal(string(message))
	}
	return message, nil
}

// Unwrap gives the device's message out of requestData or responseData in
// either form. A text that holds no JSON is given as it is. Errors wrap
// [wattle.ErrProtocol].
func Unwrap(data json.RawMessage) (message []byte, wasText bool, err error) {
	data = bytes.TrimSpace(data)
	if len(data) == 0 || string(data) == "null" {
		return nil, false, fmt.Errorf("no message of a device in it: %w", wattle.ErrProtocol)
	}
	if data[0] != '"' {
		return data, false, nil
	}
	var text string
	if err := json.Unmarshal(data, &text); err != nil {
		return nil, true, fmt.Errorf("the message of the device is no text: %w", wattle.ErrProtocol)
	}
	return []byte(text), true, nil
}
