package aes

import (
	"crypto/aes"
	"crypto/cipher"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"slices"

	"wattle"
)

// ErrCiphertext means that a message is not of this session: no base64, not
// whole blocks or wrong padding. A device answers it with -1005.
var ErrCiphertext = fmt.Errorf("message cannot be decrypted: %w", wattle.ErrProtocol)

// Session seals and opens the messages of one session, of either half. Every
// message starts from the same IV. It holds the cipher's state and a buffer:
// use it from one goroutine at a time.
type Session struct {
	iv      [KeySize]byte
	encrypt blockMode
	decrypt blockMode
	buf     []byte
}

// blockMode is a cipher.BlockMode that can be given another IV, as those of
// the standard library can for AES.
type blockMode interface {
	cipher.BlockMode
	SetIV(iv []byte)
}

// NewSession makes a session of what the handshake brought.
func NewSession(key, iv [KeySize]byte) *Session {
	block, err := aes.NewCipher(key[:])
	if err != nil {
		panic("aes: " + err.Error()) // a key of 16 bytes is always right
	}
	return &Session{
		iv: iv,
		// Both types have SetIV in the standard library; the interface of
		// package cipher just does not say so.
		encrypt: cipher.NewCBCEncrypter(block, iv[:]).(blockMode),
		decrypt: cipher.NewCBCDecrypter(block, iv[:]).(blockMode),
	}
}

// AppendRequest appends the client's envelope around plain.
func (s *Session) AppendRequest(dst, plain []byte) []byte {
	dst = append(dst, `{"method":"securePassthrough","params":{"request":"`...)
	return append(s.AppendSealed(dst, plain), `"}}`...)
}

// AppendAnswer appends the device's envelope around plain.
func (s *Session) AppendAnswer(dst, plain []byte) []byte {
	dst = append(dst, `{"error_code":0,"result":{"response":"`...)
	return append(s.AppendSealed(dst, plain), `"}}`...)
}

// AppendSealed appends the base64 of plain encrypted.
func (s *Session) AppendSealed(dst, plain []byte) []byte {
	pad := aes.BlockSize - len(plain)%aes.BlockSize
	blocks := slices.Grow(s.buf[:0], len(plain)+pad)
	blocks = append(blocks, plain...)
	for range pad {
		blocks = append(blocks, byte(pad))
	}
	s.encrypt.SetIV(s.iv[:])
	s.encrypt.CryptBlocks(blocks, blocks)
	dst = base64.StdEncoding.AppendEncode(dst, blocks)
	s.keep(blocks)
	return dst
}

// Open decrypts the base64 text of a message. The error is [ErrCiphertext].
func (s *Session) Open(text string) ([]byte, error) {
	message, err := base64.StdEncoding.DecodeString(text)
	if err != nil || len(message) == 0 || len(message)%aes.BlockSize != 0 {
		return nil, ErrCiphertext
	}
	s.decrypt.SetIV(s.iv[:])
	s.decrypt.CryptBlocks(message, message)
	pad := int(message[len(message)-1])
	if pad == 0 || pad > aes.BlockSize {
		return nil, ErrCiphertext
	}
	for _, b := range message[len(message)-pad:] {
		if int(b) != pad {
			return nil, ErrCiphertext
		}
	}
	return message[:len(message)-pad], nil
}

// OpenAnswer decrypts the message of a device's answer. Some devices send it
// in clear: JSON that is no cipher text is taken as it is.
func (s *Session) OpenAnswer(a Answer) ([]byte, error) {
	plain, err := s.Open(a.Response)
	if err != nil && json.Valid([]byte(a.Response)) {
		return []byte(a.Response), nil
	}
	return plain, err
}

// keep saves the buffer for the next message unless it grew large.
func (s *Session) keep(buf []byte) {
	if cap(buf) <= 16<<10 {
		s.buf = buf
	}
}
