package tpap

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math"

	"wattle"
)

const (
	// MaxLogin bounds a login message, in bytes: certificates make the longest.
	MaxLogin = 16 << 10
	// maxValue bounds random values, salts and confirmations, in bytes.
	maxValue = 1024
	// maxSessionID bounds a session id, in bytes.
	maxSessionID = 512
	// maxPoint is an uncompressed point of the largest curve.
	maxPoint = 133
	// defaultExpiry is for devices that do not tell, in seconds.
	defaultExpiry = 3600
	// maxExpiry bounds what devices tell, in seconds: a month.
	maxExpiry = 31 * 24 * 3600
)

// Bytes are base64 in JSON, of the standard alphabet with padding.
type Bytes []byte

// MarshalText writes base64.
func (b Bytes) MarshalText() ([]byte, error) {
	return base64.StdEncoding.AppendEncode(nil, b), nil
}

// UnmarshalText reads base64.
func (b *Bytes) UnmarshalText(text []byte) (err error) {
	*b, err = base64.StdEncoding.AppendDecode(nil, text)
	return err
}

// Register is pake_register. See docs/protocol/tpap.md section 4.
type Register struct {
	Username   string   `json:"username"` // see [UserForm]
	UserRandom Bytes    `json:"user_random"`
	Suites     []int    `json:"cipher_suites"`
	Ciphers    []string `json:"encryption"`
	Passcode   string   `json:"passcode_type"`
}

// AppendRegister appends the request to dst.
func AppendRegister(dst []byte, r *Register) []byte {
	return appendLogin(dst, subRegister, struct {
		*Register
		Stok *string `json:"stok"` // null, as plug clients send it
	}{Register: r})
}

// Registered is the answer to pake_register.
type Registered struct {
	DevRandom  Bytes       `json:"dev_random"`
	DevSalt    Bytes       `json:"dev_salt"`
	DevShare   Bytes       `json:"dev_share"` // a point, compressed or not
	Suite      int         `json:"cipher_suites"`
	Iterations int         `json:"iterations"`
	Cipher     string      `json:"encryption"`
	ExtraCrypt *ExtraCrypt `json:"extra_crypt,omitempty"` // nil for none
}

// AppendRegistered appends the answer to dst.
func AppendRegistered(dst []byte, r *Registered) []byte { return appendResult(dst, r) }

// ParseRegistered reads the answer to pake_register and checks its sizes before
// anything is computed from it. A refusal is a [*RefusedError].
func ParseRegistered(body []byte) (*Registered, error) {
	var r Registered
	if err := parseResult(body, &r); err != nil {
		return nil, err
	}
	switch {
	case len(r.DevRandom) == 0 || len(r.DevRandom) > maxValue:
		return nil, fmt.Errorf("dev_random has %d bytes, 1 to %d are taken: %w", len(r.DevRandom), maxValue, wattle.ErrProtocol)
	case len(r.DevSalt) == 0 || len(r.DevSalt) > maxValue:
		return nil, fmt.Errorf("dev_salt has %d bytes, 1 to %d are taken: %w", len(r.DevSalt), maxValue, wattle.ErrProtocol)
	case len(r.DevShare) == 0 || len(r.DevShare) > maxPoint:
		return nil, fmt.Errorf("dev_share has %d bytes, which is no point: %w", len(r.DevShare), wattle.ErrProtocol)
	case r.Iterations < 1 || r.Iterations > maxIterations:
		return nil, fmt.Errorf("%d iterations of PBKDF2, 1 to %d are done: %w", r.Iterations, maxIterations, wattle.ErrProtocol)
	}
	r.Cipher = CipherName(r.Cipher)
	return &r, nil
}

// Share is pake_share. See docs/protocol/tpap.md section 8.
type Share struct {
	UserShare   Bytes `json:"user_share"`
	UserConfirm Bytes `json:"user_confirm"`
	DACNonce    Bytes `json:"dac_nonce,omitempty"` // asks for an attestation
}

// AppendShare appends the request to dst.
func AppendShare(dst []byte, s *Share) []byte { return appendLogin(dst, subShare, s) }

// Confirmed is the answer to pake_share: a session.
type Confirmed struct {
	DevConfirm Bytes
	SessionID  string // goes into the path, see [SessionPath]
	StartSeq   uint32
	Expires    int // seconds that the session lives: 1 to a month
	Attestation
}

// confirmed is [Confirmed] on the wire.
type confirmed struct {
	DevConfirm Bytes  `json:"dev_confirm"`
	SessionID  string `json:"sessionId,omitempty"`
	Stok       string `json:"stok,omitempty"`
	StartSeq   *int64 `json:"start_seq"`
	Expired    *int64 `json:"expired,omitempty"`
	Attestation
}

// MarshalJSON writes the result with the session id as stok.
func (c *Confirmed) MarshalJSON() ([]byte, error) {
	start, expired := int64(c.StartSeq), int64(c.Expires)
	return json.Marshal(confirmed{
		DevConfirm: c.DevConfirm, Stok: c.SessionID, StartSeq: &start, Expired: &expired, Attestation: c.Attestation,
	})
}

// AppendConfirmed appends the answer to dst.
func AppendConfirmed(dst []byte, c *Confirmed) []byte { return appendResult(dst, c) }

// ParseConfirmed reads the answer to pake_share. Nothing of it counts before
// DevConfirm was compared, see [Confirms]. A refusal is a [*RefusedError].
func ParseConfirmed(body []byte) (*Confirmed, error) {
	var in confirmed
	if err := parseResult(body, &in); err != nil {
		return nil, err
	}
	c := &Confirmed{DevConfirm: in.DevConfirm, SessionID: in.SessionID, Expires: defaultExpiry, Attestation: in.Attestation}
	if c.SessionID == "" {
		c.SessionID = in.Stok
	}
	switch {
	case c.SessionID == "" || len(c.SessionID) > maxSessionID:
		return nil, fmt.Errorf("session id has %d bytes, 1 to %d are taken: %w", len(c.SessionID), maxSessionID, wattle.ErrProtocol)
	case in.StartSeq == nil:
		return nil, fmt.Errorf("no start_seq: %w", wattle.ErrProtocol)
	case *in.StartSeq < math.MinInt32 || *in.StartSeq > math.MaxUint32:
		return nil, fmt.Errorf("start_seq %d has more than 32 bits: %w", *in.StartSeq, wattle.ErrProtocol)
	case len(c.DevConfirm) > maxValue:
		return nil, fmt.Errorf("dev_confirm has %d bytes: %w", len(c.DevConfirm), wattle.ErrProtocol)
	}
	c.StartSeq = uint32(*in.StartSeq) // two's complement where it is negative
	if in.Expired != nil && *in.Expired > 0 {
		c.Expires = int(min(*in.Expired, maxExpiry))
	}
	return c, nil
}

// Request is a login message as a device reads it: one of the pointers is set,
// or none for a discovery.
type Request struct {
	Register *Register
	Share    *Share
	// OldProbe marks the login of older cameras, which clients send to recognise
	// them: encrypt_type "3".
	OldProbe bool
}

// ParseRequest reads a login message. Anything else is a [wattle.ErrProtocol].
func ParseRequest(body []byte) (*Request, error) {
	var in struct {
		Method string `json:"method"`
		Params struct {
			SubMethod   string `json:"sub_method"`
			EncryptType string `json:"encrypt_type"`
			Register
			Share
		} `json:"params"`
	}
	if err := json.Unmarshal(body, &in); err != nil {
		return nil, fmt.Errorf("login message: %w: %w", err, wattle.ErrProtocol)
	}
	p := &in.Params
	switch {
	case in.Method != methodLogin:
	case p.SubMethod == subDiscover:
		return &Request{}, nil
	case p.SubMethod == subRegister:
		return &Request{Register: &p.Register}, nil
	case p.SubMethod == subShare:
		return &Request{Share: &p.Share}, nil
	case p.SubMethod == "" && p.EncryptType == "3":
		return &Request{OldProbe: true}, nil
	}
	return nil, fmt.Errorf("method %q %q is no login: %w", in.Method, p.SubMethod, wattle.ErrProtocol)
}
