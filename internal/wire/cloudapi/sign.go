package cloudapi

import (
	"crypto/hmac"
	"crypto/md5"
	"crypto/sha1"
	"crypto/subtle"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"

	"wattle"
)

// Nines is the timestamp that the apps sign with; it needs no clock.
const Nines = "9999999999"

// Names of the headers of a signed request.
const (
	HeaderMD5           = "Content-MD5"
	HeaderAuthorization = "X-Authorization"
)

// Errors of [Verify].
var (
	// ErrMD5: the hash in Content-MD5 is not that of the body.
	ErrMD5 = errors.New("Content-MD5 does not fit the body")
	// ErrSignature: the signature is not that of body, time, nonce and path.
	ErrSignature = errors.New("signature does not fit")
)

// Key is the pair that signs requests of one app. It names the app, not a
// person. See docs/protocol/cloud.md section 5.
type Key struct {
	Access string
	Secret wattle.Secret // 32 characters, used as they are
}

// Authorization is what X-Authorization says.
type Authorization struct {
	Timestamp string // Unix seconds or [Nines]
	Nonce     string // a UUID, fresh for each request
	AccessKey string
	Signature string // 40 lower-case hex digits
}

// String is the value of the header.
func (a Authorization) String() string {
	return "Timestamp=" + a.Timestamp + ", Nonce=" + a.Nonce + ", AccessKey=" + a.AccessKey + ", Signature=" + a.Signature
}

// ContentMD5 is the value of Content-MD5 for the exact bytes of a body.
func ContentMD5(body []byte) string {
	sum := md5.Sum(body)
	return base64.StdEncoding.EncodeToString(sum[:])
}

// Sign signs the exact bytes of a body. path is the path of the URL alone,
// without query; "" is taken as "/".
func (k Key) Sign(contentMD5, path, timestamp, nonce string) Authorization {
	return Authorization{timestamp, nonce, k.Access, k.signature(contentMD5, path, timestamp, nonce)}
}

func (k Key) signature(contentMD5, path, timestamp, nonce string) string {
	if path == "" {
		path = "/"
	}
	mac := hmac.New(sha1.New, []byte(k.Secret.Reveal()))
	_, _ = mac.Write([]byte(contentMD5 + "\n" + timestamp + "\n" + nonce + "\n" + path)) // never fails
	var sum [sha1.Size]byte
	return hex.EncodeToString(mac.Sum(sum[:0]))
}

// ParseAuthorization reads X-Authorization. Parts may come in any order;
// unknown ones are ignored. Errors wrap [wattle.ErrProtocol].
func ParseAuthorization(header string) (Authorization, error) {
	var a Authorization
	fields := map[string]*string{"Timestamp": &a.Timestamp, "Nonce": &a.Nonce, "AccessKey": &a.AccessKey, "Signature": &a.Signature}
	for part := range strings.SplitSeq(header, ",") {
		name, value, _ := strings.Cut(strings.TrimSpace(part), "=")
		if field := fields[name]; field != nil {
			*field = value
			delete(fields, name)
		}
	}
	if len(fields) > 0 {
		return Authorization{}, fmt.Errorf("X-Authorization lacks a part: %w", wattle.ErrProtocol)
	}
	return a, nil
}

// Verify checks a signed request as it arrived: the hash against the body and
// the signature against all of it, in constant time. The caller has looked up
// the key by [Authorization.AccessKey].
func (k Key) Verify(a Authorization, contentMD5, path string, body []byte) error {
	if contentMD5 != ContentMD5(body) {
		return ErrMD5
	}
	want := k.signature(contentMD5, path, a.Timestamp, a.Nonce)
	if a.AccessKey != k.Access || subtle.ConstantTimeCompare([]byte(want), []byte(a.Signature)) != 1 {
		return ErrSignature
	}
	return nil
}
