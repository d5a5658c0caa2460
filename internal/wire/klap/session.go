package klap

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"wattle"
)

const (
	sigSize    = 28 // of the secret in front of what is signed
	prefixSize = 12 // of the part of the IV that stays
)

// LastSeq is where the counter wraps to the lowest negative number. What
// devices do there is not known; a new session before it is safe.
const LastSeq = math.MaxInt32

var (
	// ErrSignature means that a message is not signed with this session's key:
	// another session's, or not the sequence number that was used.
	ErrSignature = fmt.Errorf("signature of the message is wrong: %w", wattle.ErrProtocol)
	// ErrCiphertext means that a message is not whole blocks or its padding is
	// wrong: it is not of this session.
	ErrCiphertext = fmt.Errorf("message cannot be decrypted: %w", wattle.ErrProtocol)
)

// Session seals and opens the messages of one session, of either half. It
// holds keys and the cipher's state: use it from one goroutine at a time.
type Session struct {
	sig     [sigSize]byte
	iv      [aes.BlockSize]byte // prefix and, while a message is worked on, its number
	seq     int32
	encrypt blockMode
	decrypt blockMode
}

// blockMode is a cipher.BlockMode that can be given another IV, as those of
// the standard library can for AES.
type blockMode interface {
	cipher.BlockMode
	SetIV(iv []byte)
}

// NewSession makes the keys from the two seeds and the account.
func NewSession(a Auth, local, remote Seed) *Session {
	s := new(Session)
	key := a.digest([]byte("lsk"), local[:], remote[:])
	iv := a.digest([]byte("iv"), local[:], remote[:])
	sig := a.digest([]byte("ldk"), local[:], remote[:])
	copy(s.sig[:], sig[:])
	copy(s.iv[:], iv[:prefixSize])
	s.seq = int32(binary.BigEndian.Uint32(iv[len(iv)-4:]))
	block, err := aes.NewCipher(key[:aes.BlockSize])
	if err != nil {
		panic("klap: " + err.Error()) // a key of 16 bytes is always right
	}
	// Both types have SetIV in the standard library; the interface of
	// package cipher just does not say so.
	s.encrypt = cipher.NewCBCEncrypter(block, s.iv[:]).(blockMode)
	s.decrypt = cipher.NewCBCDecrypter(block, s.iv[:]).(blockMode)
	return s
}

// Seq is the number of the last message; before the first one, the number
// that the session starts from. It is negative for half of all sessions.
func (s *Session) Seq() int32 { return s.seq }

// SetSeq takes the session up again after message seq.
func (s *Session) SetSeq(seq int32) { s.seq = seq }

// Next counts a message and gives its number; after [LastSeq] comes the lowest
// negative one.
func (s *Session) Next() int32 {
	s.seq++ // wraps, as int32 does
	return s.seq
}

// SealedSize is the size of a sealed message of n bytes.
func SealedSize(n int) int {
	return HashSize + n + aes.BlockSize - n%aes.BlockSize
}

// AppendSealed appends the body of a request or an answer with number seq to
// dst: signature and encrypted message. An answer has the number of its
// request. Nothing is allocated when dst has room for [SealedSize] bytes.
func (s *Session) AppendSealed(dst []byte, seq int32, plain []byte) []byte {
	start := len(dst)
	dst = slices.Grow(dst, SealedSize(len(plain)))
	// The signature has the size of what is signed before the cipher text, so
	// that it is computed where it will stand.
	dst = append(dst, s.sig[:]...)
	dst = binary.BigEndian.AppendUint32(dst, uint32(seq))
	dst = append(dst, plain...)
	pad := aes.BlockSize - len(plain)%aes.BlockSize
	for range pad {
		dst = append(dst, byte(pad))
	}
	body := dst[start:]
	s.crypt(s.encrypt, seq, body[HashSize:])
	signature := sha256.Sum256(body)
	copy(body, signature[:])
	return dst
}

// Open checks and decrypts body, a request or an answer with number seq, in
// place: the message that it returns is a part of body. With [ErrSignature]
// body is as it was; [Session.Decrypt] can then read it without the check.
func (s *Session) Open(seq int32, body []byte) ([]byte, error) {
	if len(body) < HashSize {
		return nil, ErrCiphertext
	}
	var got [HashSize]byte
	copy(got[:], body)
	copy(body, s.sig[:])
	binary.BigEndian.PutUint32(body[sigSize:], uint32(seq))
	want := sha256.Sum256(body)
	copy(body, got[:])
	if subtle.ConstantTimeCompare(got[:], want[:]) != 1 {
		return nil, ErrSignature
	}
	return s.Decrypt(seq, body)
}

// Decrypt is [Session.Open] without the check of the signature. A failure
// leaves body in no defined state.
func (s *Session) Decrypt(seq int32, body []byte) ([]byte, error) {
	if len(body) < HashSize+aes.BlockSize || (len(body)-HashSize)%aes.BlockSize != 0 {
		return nil, ErrCiphertext
	}
	message := body[HashSize:]
	s.crypt(s.decrypt, seq, message)
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

// crypt works on whole blocks in place, with the IV of message seq.
func (s *Session) crypt(mode blockMode, seq int32, blocks []byte) {
	binary.BigEndian.PutUint32(s.iv[prefixSize:], uint32(seq))
	mode.SetIV(s.iv[:])
	mode.CryptBlocks(blocks, blocks)
}

// AppendQuery appends the query of a request's URL, such as "seq=-1379863370".
func AppendQuery(dst []byte, seq int32) []byte {
	return strconv.AppendInt(append(dst, "seq="...), int64(seq), 10)
}

// ErrSeq means that a URL has no usable sequence number.
var ErrSeq = errors.New("no sequence number in the URL")

// ParseQuery finds the sequence number in the query of a request's URL.
func ParseQuery(query string) (int32, error) {
	for query != "" {
		var part string
		part, query, _ = strings.Cut(query, "&")
		if digits, ok := strings.CutPrefix(part, "seq="); ok {
			seq, err := strconv.ParseInt(digits, 10, 32)
			if err != nil {
				return 0, ErrSeq
			}
			return int32(seq), nil
		}
	}
	return 0, ErrSeq
}
