package aes

import (
	"encoding/json"
	"fmt"

	"wattle"
)

// The methods of the envelope.
const (
	Handshake         = "handshake"
	SecurePassthrough = "securePassthrough"
	LoginDevice       = "login_device"
)

// Request is what a client posts.
type Request struct {
	Method string // [Handshake], [SecurePassthrough], or any other in clear
	Key    string // of a handshake: the public key as PEM
	Sealed string // of a passthrough: base64 for [Session.Open]
}

// ParseRequest reads what a client posted. JSON that is no such object is a
// [wattle.ErrProtocol]; parameters that do not fit the method are left out.
func ParseRequest(body []byte) (Request, error) {
	var outer struct {
		Method string          `json:"method"`
		Params json.RawMessage `json:"params"`
	}
	if err := json.Unmarshal(body, &outer); err != nil {
		return Request{}, fmt.Errorf("request is not JSON: %w: %w", wattle.ErrProtocol, err)
	}
	request := Request{Method: outer.Method}
	switch outer.Method {
	case Handshake, SecurePassthrough:
		var params struct {
			Key     string `json:"key"`
			Request string `json:"request"`
		}
		if json.Unmarshal(outer.Params, &params) == nil {
			request.Key, request.Sealed = params.Key, params.Request
		}
	}
	return request, nil
}

// Answer is what a device answers to anything, before decryption.
type Answer struct {
	Code     int    // error_code; no other field is there unless it is 0
	Msg      string // text beside the code, often ""
	Key      string // of a handshake: the session key for [OpenKey]
	Response string // of a passthrough: base64, or JSON in clear
}

// ParseAnswer reads the outer answer of a device. What is not a JSON object
// with an error_code is a [wattle.ErrProtocol].
func ParseAnswer(body []byte) (Answer, error) {
	var outer struct {
		Code   *int            `json:"error_code"`
		Msg    string          `json:"msg"`
		Result json.RawMessage `json:"result"`
	}
	if err := json.Unmarshal(body, &outer); err != nil {
		return Answer{}, fmt.Errorf("answer is not JSON: %w: %w", wattle.ErrProtocol, err)
	}
	if outer.Code == nil {
		return Answer{}, fmt.Errorf("answer has no error_code: %w", wattle.ErrProtocol)
	}
	answer := Answer{Code: *outer.Code, Msg: outer.Msg}
	if answer.Code != 0 || len(outer.Result) == 0 {
		return answer, nil
	}
	var result struct {
		Key      string          `json:"key"`
		Response json.RawMessage `json:"response"`
	}
	if err := json.Unmarshal(outer.Result, &result); err != nil {
		return Answer{}, fmt.Errorf("result of the answer: %w: %w", wattle.ErrProtocol, err)
	}
	answer.Key = result.Key
	if json.Unmarshal(result.Response, &answer.Response) != nil {
		answer.Response = string(result.Response) // an object in clear, not a string
	}
	return answer, nil
}

// InnerCode reads the error_code of a decrypted answer. ok is false for
// anything that has none.
func InnerCode(plain []byte) (code int, ok bool) {
	var inner struct {
		Code *int `json:"error_code"`
	}
	if json.Unmarshal(plain, &inner) != nil || inner.Code == nil {
		return 0, false
	}
	return *inner.Code, true
}
