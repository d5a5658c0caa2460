package tpap

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"golang.org/x/crypto/chacha20poly1305"

	"wattle"
	"wattle/internal/wire/ccm"
)

// The ciphers of a session. See docs/protocol/tpap.md section 10.
const (
	AES128CCM = "aes_128_ccm" // what every known device chooses
	AES256CCM = "aes_256_ccm"
	ChaCha20  = "chacha20_poly1305"
)

const (
	nonceSize = 12
	tagSize   = 16
	seqSize   = 4
	// Overhead is what a frame has besides the message, in bytes.
	Overhead = seqSize + tagSize
	// MaxMessage is the longest message that a frame holds, in bytes.
	MaxMessage = 1<<24 - 1
)

var (
	// ErrFrame means that a frame was not sealed in this session.
	ErrFrame = fmt.Errorf("message cannot be decrypted: %w", wattle.ErrProtocol)
	errSize  = errors.New("message is too long for a frame")
)

// aead is a cipher of sessions.
type aead struct {
	name, label string
	keySize     int
	open        func(key []byte) (cipher.AEAD, error)
}

var aeads = []aead{
	{AES128CCM, "aes128", 16, newCCM},
	{AES256CCM, "aes256", 32, newCCM},
	{ChaCha20, "chacha20", chacha20poly1305.KeySize, chacha20poly1305.New},
}

func newCCM(key []byte) (cipher.AEAD, error) {
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	return ccm.New(block, nonceSize, tagSize)
}

// Ciphers lists the names that there are, the preferred one first.
func Ciphers() []string {
	var names []string
	for _, a := range aeads {
		names = append(names, a.name)
	}
	return names
}

// cipherOf finds a cipher as devices may write it.
func cipherOf(name string) (*aead, error) {
	name = CipherName(name)
	i := slices.IndexFunc(aeads, func(a aead) bool { return a.name == name })
	if i < 0 {
		return nil, fmt.Errorf("cipher %q is not known: %w", name, wattle.ErrProtocol)
	}
	return &aeads[i], nil
}

// CipherName is a name in lower case with underscores.
func CipherName(name string) string { return strings.ReplaceAll(strings.ToLower(name), "-", "_") }

// Session seals and opens the messages of one session, of either half. It
// counts and has a nonce of its own: use it from one goroutine at a time.
type Session struct {
	cipher *aead
	key    []byte
	nonce  [nonceSize]byte // base; the last four bytes are replaced
	aead   cipher.AEAD
	next   uint32
}

// NewSession derives the keys of a session from the shared key of an exchange.
// The first message has the number start.
func NewSession(s *Suite, cipherName string, shared []byte, start uint32) (*Session, error) {
	a, err := cipherOf(cipherName)
	if err != nil {
		return nil, err
	}
	derive := func(what string, info string, size int) ([]byte, error) {
		return hkdf.Key(s.Hash, shared, []byte("tp-kdf-salt-"+a.label+what), "tp-kdf-info-"+a.label+info, size)
	}
	key, err := derive("-key", "-key", a.keySize)
	if err != nil {
		return nil, fmt.Errorf("session key: %w", err)
	}
	nonce, err := derive("-iv", "-iv", nonceSize)
	if err != nil {
		return nil, fmt.Errorf("base nonce: %w", err)
	}
	return newSession(a, key, nonce, start)
}

func newSession(a *aead, key, nonce []byte, next uint32) (*Session, error) {
	opened, err := a.open(key)
	if err != nil {
		return nil, fmt.Errorf("session key: %w", err)
	}
	return &Session{cipher: a, key: key, nonce: [nonceSize]byte(nonce), aead: opened, next: next}, nil
}

// Next counts a message and gives its number; after the highest comes 0.
func (s *Session) Next() uint32 {
	seq := s.next
	s.next++ // wraps
	return seq
}

// Expected is the number of the next message.
func (s *Session) Expected() uint32 { return s.next }

// AppendSealed appends the frame of a message with number seq to dst. An answer
// has the number of its request. Messages have at most [MaxMessage] bytes.
func (s *Session) AppendSealed(dst []byte, seq uint32, plain []byte) ([]byte, error) {
	if len(plain) > MaxMessage {
		return nil, fmt.Errorf("%w: %d bytes, at most %d: %w", errSize, len(plain), MaxMessage, wattle.ErrParam)
	}
	dst = slices.Grow(dst, len(plain)+Overhead)
	dst = binary.BigEndian.AppendUint32(dst, seq)
	binary.BigEndian.PutUint32(s.nonce[nonceSize-seqSize:], seq)
	return s.aead.Seal(dst, s.nonce[:], plain, nil), nil
}

// Open decrypts a frame in place: the message is a part of it. seq is the number
// that the frame carries, which the caller compares with what is expected.
func (s *Session) Open(frame []byte) (seq uint32, plain []byte, err error) {
	if len(frame) < Overhead || len(frame) > MaxMessage+Overhead {
		return 0, nil, ErrFrame
	}
	seq = binary.BigEndian.Uint32(frame)
	binary.BigEndian.PutUint32(s.nonce[nonceSize-seqSize:], seq)
	plain, err = s.aead.Open(frame[seqSize:seqSize], s.nonce[:], frame[seqSize:], nil)
	if err != nil {
		return 0, nil, ErrFrame
	}
	return seq, plain, nil
}

// stored is a session as text.
type stored struct {
	Cipher string `json:"cipher"`
	Key    []byte `json:"key"`
	Nonce  []byte `json:"nonce"`
	Next   uint32 `json:"next"`
}

// MarshalJSON writes the session with its keys: keep it as secret as a password.
func (s *Session) MarshalJSON() ([]byte, error) {
	return json.Marshal(stored{s.cipher.name, s.key, s.nonce[:], s.next})
}

// UnmarshalJSON takes up a session that MarshalJSON wrote.
func (s *Session) UnmarshalJSON(b []byte) error {
	var in stored
	if err := json.Unmarshal(b, &in); err != nil {
		return err
	}
	a, err := cipherOf(in.Cipher)
	if err != nil {
		return err
	}
	if len(in.Key) != a.keySize || len(in.Nonce) != nonceSize {
		return fmt.Errorf("stored session has keys of the wrong size: %w", wattle.ErrParam)
	}
	again, err := newSession(a, in.Key, in.Nonce, in.Next)
	if err == nil {
		*s = *again
	}
	return err
}

// String hides the keys.
func (Session) String() string { return "[secret]" }

// GoString hides the keys.
func (Session) GoString() string { return "[secret]" }
