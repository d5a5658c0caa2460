package cloudapi

import (
	"bytes"
	"encoding/json"
	"fmt"

	"wattle"
	"wattle/internal/wire/rawjson"
)

// Answer is what any of the services answers, with the code found wherever it
// stands. See docs/protocol/cloud.md section 3.3.
type Answer struct {
	Code   int    // 0 for success
	Msg    string // localised: to be shown, never to be judged by
	Result json.RawMessage
	Body   json.RawMessage // all of it
}

// ParseAnswer reads an answer. The code is error_code if that is not 0, else
// result.errorCode, else errorCode, else code. Errors wrap
// [wattle.ErrProtocol].
func ParseAnswer(body []byte) (*Answer, error) {
	body = bytes.TrimSpace(body)
	if !json.Valid(body) {
		return nil, fmt.Errorf("the cloud's answer is not JSON: %w", wattle.ErrProtocol)
	}
	a := &Answer{Body: body}
	var outer, inner, top, code Number
	var msg, innerMsg, message string
	err := rawjson.Members(body, func(key, value []byte) error {
		switch string(key) {
		case "error_code":
			outer = number(value)
		case "errorCode":
			top = number(value)
		case "code":
			code = number(value)
		case "msg", "errorMsg":
			msg, _ = loose(value)
		case "message":
			message, _ = loose(value)
		case "result":
			a.Result = value
			inner, innerMsg = innerCode(value)
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("the cloud's answer is not an object: %w", wattle.ErrProtocol)
	}
	for _, n := range []Number{outer, inner, top, code} {
		if a.Code == 0 {
			a.Code = n.Value
		}
	}
	for _, text := range []string{msg, innerMsg, message} {
		if a.Msg == "" {
			a.Msg = text
		}
	}
	return a, nil
}

func innerCode(result []byte) (code Number, msg string) {
	_ = rawjson.Members(result, func(key, value []byte) error { // another kind has no code
		switch string(key) {
		case "errorCode":
			code = number(value)
		case "errorMsg":
			msg, _ = loose(value)
		}
		return nil
	})
	return code, msg
}

// Into decodes the result. Errors wrap [wattle.ErrProtocol].
func (a *Answer) Into(v any) error {
	result := a.Result
	if len(result) == 0 {
		result = a.Body
	}
	if err := json.Unmarshal(result, v); err != nil {
		return fmt.Errorf("the cloud's answer has another form than expected: %w", wattle.ErrProtocol)
	}
	return nil
}

// envelope is how services A and B answer.
type envelope struct {
	Code   int    `json:"error_code"`
	Msg    string `json:"msg,omitempty"`
	Result any    `json:"result,omitempty"`
}

// Success is the answer of services A and B to a call that worked. A nil result
// is left out.
func Success(result any) ([]byte, error) { return Marshal(envelope{Result: result}) }

// Failure is the answer of services A and B to a call that did not. A nil
// result is left out.
func Failure(code int, msg string, result any) ([]byte, error) {
	return Marshal(envelope{code, msg, result})
}

// ThingsFailure is how service C refuses with a code of its own.
type ThingsFailure struct {
	Code    int             `json:"code,omitempty"`
	Status  int             `json:"status,omitempty"`
	Message string          `json:"message"`
	Data    json.RawMessage `json:"data,omitempty"`
}
