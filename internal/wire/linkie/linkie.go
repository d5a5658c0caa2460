// Package linkie is the envelope of Linkie v2, the transport of old Kasa
// cameras, in both directions: IOT messages in the XOR cipher, as base64 in a
// form. Nothing in it is secret; what hides it is TLS.
//
// See docs/protocol/transports.md section 5.
package linkie

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"

	"wattle"
	"wattle/internal/wire/xor"
)

const (
	// Path is where everything is posted to.
	Path = "/data/LINKIE2.json"
	// ContentType is that of requests.
	ContentType = "application/x-www-form-urlencoded"
	// Authorization is the header that all devices want, the same for all:
	// admin, and the MD5 of "admin" as password.
	Authorization = "Basic YWRtaW46MjEyMzJmMjk3YTU3YTVhNzQzODk0YTBlNGE4MDFmYzM="
)

// field is what the form has in front of its only value.
const field = "content="

// AppendRequest appends the body of a request for a message.
func AppendRequest(dst, message []byte) []byte {
	dst = append(dst, field...)
	for _, b := range sealed(message) {
		switch b {
		case '+':
			dst = append(dst, "%2B"...)
		case '/':
			dst = append(dst, "%2F"...)
		case '=':
			dst = append(dst, "%3D"...)
		default:
			dst = append(dst, b)
		}
	}
	return dst
}

// sealed is a message in the cipher, as base64.
func sealed(message []byte) []byte {
	return base64.StdEncoding.AppendEncode(nil, xor.AppendEncrypted(nil, message))
}

// ErrRequest means that a body is no request. It is for the device half.
var ErrRequest = errors.New("body is not content= and base64")

// ParseRequest gives the message in the body of a request.
func ParseRequest(body []byte) ([]byte, error) {
	text, ok := bytes.CutPrefix(body, []byte(field))
	if !ok {
		return nil, ErrRequest
	}
	plain := make([]byte, 0, len(text))
	for len(text) > 0 {
		if text[0] != '%' {
			plain, text = append(plain, text[0]), text[1:]
			continue
		}
		if len(text) < 3 {
			return nil, ErrRequest
		}
		high, low := nibble(text[1]), nibble(text[2])
		if high > 15 || low > 15 {
			return nil, ErrRequest
		}
		plain, text = append(plain, high<<4|low), text[3:]
	}
	message, err := open(plain)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrRequest, err)
	}
	return message, nil
}

// nibble is the value of a hexadecimal digit, above 15 for anything else.
func nibble(b byte) byte {
	switch {
	case '0' <= b && b <= '9':
		return b - '0'
	case 'A' <= b && b <= 'F':
		return b - 'A' + 10
	case 'a' <= b && b <= 'f':
		return b - 'a' + 10
	}
	return 0xff
}

// AppendAnswer appends the answer of a device.
func AppendAnswer(dst, message []byte) []byte { return append(dst, sealed(message)...) }

// ParseAnswer gives the message in the answer of a device. JSON in clear is a
// refusal of the request as a whole, a [wattle.DeviceError]; what is neither is
// a [wattle.ErrProtocol].
func ParseAnswer(body []byte) ([]byte, error) {
	body = bytes.TrimSpace(body)
	if len(body) > 0 && body[0] == '{' {
		return nil, refusal(body)
	}
	message, err := open(body)
	if err != nil {
		return nil, fmt.Errorf("answer is not base64: %w: %w", wattle.ErrProtocol, err)
	}
	return message, nil
}

// open reverses sealed.
func open(text []byte) ([]byte, error) {
	message, err := base64.StdEncoding.AppendDecode(nil, text)
	if err != nil {
		return nil, err
	}
	return xor.AppendDecrypted(message[:0], message), nil
}

// refusal reads JSON in clear. Which members it has is not recorded: those of
// the IOT language are looked for, and what is found is told.
func refusal(body []byte) error {
	var told struct {
		Code      *int   `json:"err_code"`
		ErrorCode *int   `json:"error_code"`
		Msg       string `json:"err_msg"`
		Message   string `json:"msg"`
	}
	if err := json.Unmarshal(body, &told); err != nil {
		return fmt.Errorf("answer in clear: %w: %w", wattle.ErrProtocol, err)
	}
	for _, code := range []*int{told.Code, told.ErrorCode} {
		if code != nil && *code != 0 {
			text := told.Msg
			if text == "" {
				text = told.Message
			}
			return &wattle.DeviceError{Family: wattle.IOT, Code: *code, Msg: text}
		}
	}
	return fmt.Errorf("answer in clear (%.100q): %w", body, wattle.ErrProtocol)
}
