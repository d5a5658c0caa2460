// Package ccm is AES-CCM of RFC 3610: counter mode with CBC-MAC. The standard
// library does not have it, and TPAP seals every message with it. See
// docs/protocol/tpap.md section 10.
package ccm

import (
	"crypto/cipher"
	"crypto/subtle"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"slices"
)

// blockSize is that of AES, the only one that CCM is defined for.
const blockSize = 16

// ErrOpen means that a message was not sealed with this key, nonce and data.
var ErrOpen = errors.New("ccm: message authentication failed")

// mode is a block cipher in this mode. It holds no state of a message.
type mode struct {
	block     cipher.Block
	nonceSize int // 15 - L of RFC 3610
	tagSize   int // M
}

// New wraps a block cipher of 16-byte blocks. Nonces have nonceSize bytes, 7 to
// 13; tags tagSize bytes, 4 to 16 and even. A message has at most
// 256^(15-nonceSize)-1 bytes. The AEAD is safe for concurrent use.
func New(block cipher.Block, nonceSize, tagSize int) (cipher.AEAD, error) {
	switch {
	case block.BlockSize() != blockSize:
		return nil, fmt.Errorf("ccm: blocks of %d bytes, not %d", block.BlockSize(), blockSize)
	case nonceSize < 7 || nonceSize > 13:
		return nil, fmt.Errorf("ccm: a nonce of %d bytes, not 7 to 13", nonceSize)
	case tagSize < 4 || tagSize > 16 || tagSize%2 != 0:
		return nil, fmt.Errorf("ccm: a tag of %d bytes, not an even number from 4 to 16", tagSize)
	}
	return &mode{block, nonceSize, tagSize}, nil
}

func (m *mode) NonceSize() int { return m.nonceSize }
func (m *mode) Overhead() int  { return m.tagSize }

// maxSize is the longest message whose length fits into the counter block.
func (m *mode) maxSize() uint64 {
	l := blockSize - 1 - m.nonceSize
	if l >= 8 {
		return math.MaxInt64
	}
	return 1<<(8*l) - 1
}

// Seal encrypts plaintext and appends it with its tag to dst. As with other
// AEADs plaintext may be dst[len(dst):] exactly, and a wrong nonce or a message
// that is too long panics.
func (m *mode) Seal(dst, nonce, plaintext, data []byte) []byte {
	m.check(nonce, len(plaintext))
	tag := m.tag(nonce, plaintext, data)
	dst, out := grow(dst, len(plaintext)+m.tagSize)
	m.crypt(out, plaintext, nonce)
	copy(out[len(plaintext):], tag[:m.tagSize])
	return dst
}

// Open decrypts what Seal gave and appends it to dst; sealed may be
// dst[len(dst):]. What does not belong to key, nonce and data is an [ErrOpen].
func (m *mode) Open(dst, nonce, sealed, data []byte) ([]byte, error) {
	size := len(sealed) - m.tagSize
	if size < 0 || uint64(size) > m.maxSize() {
		return nil, ErrOpen
	}
	m.check(nonce, size)
	var got [blockSize]byte
	copy(got[:], sealed[size:])
	dst, out := grow(dst, size)
	m.crypt(out, sealed[:size], nonce)
	want := m.tag(nonce, out, data)
	if subtle.ConstantTimeCompare(got[:m.tagSize], want[:m.tagSize]) != 1 {
		clear(out)
		return nil, ErrOpen
	}
	return dst, nil
}

func (m *mode) check(nonce []byte, size int) {
	if len(nonce) != m.nonceSize {
		panic("ccm: nonce of the wrong size")
	}
	if uint64(size) > m.maxSize() {
		panic("ccm: message too long")
	}
}

// crypt is counter mode from block 1 on, both ways.
func (m *mode) crypt(dst, src, nonce []byte) {
	var counter [blockSize]byte
	counter[0] = byte(blockSize - 2 - m.nonceSize)
	copy(counter[1:], nonce)
	counter[blockSize-1] = 1
	cipher.NewCTR(m.block, counter[:]).XORKeyStream(dst, src)
}

// tag is the CBC-MAC over lengths, data and plaintext, masked with block 0.
func (m *mode) tag(nonce, plaintext, data []byte) [blockSize]byte {
	// One value for all of them: what a cipher.Block gets escapes.
	s := new(struct{ mac, block [blockSize]byte })
	l := blockSize - 1 - m.nonceSize
	s.mac[0] = byte((m.tagSize-2)/2<<3 | l - 1)
	if len(data) > 0 {
		s.mac[0] |= 1 << 6
	}
	copy(s.mac[1:], nonce)
	var size [8]byte
	binary.BigEndian.PutUint64(size[:], uint64(len(plaintext)))
	copy(s.mac[blockSize-l:], size[8-l:])
	m.block.Encrypt(s.mac[:], s.mac[:])
	if len(data) > 0 {
		head := dataLength(s.block[:0], len(data))
		n := copy(s.block[len(head):], data)
		clear(s.block[len(head)+n:])
		m.absorb(&s.mac, s.block[:])
		m.absorb(&s.mac, data[n:])
	}
	m.absorb(&s.mac, plaintext)
	s.block = [blockSize]byte{byte(l - 1)}
	copy(s.block[1:], nonce)
	m.block.Encrypt(s.block[:], s.block[:])
	subtle.XORBytes(s.mac[:], s.mac[:], s.block[:])
	return s.mac
}

// absorb chains b, padded with zeros to whole blocks, into the MAC.
func (m *mode) absorb(mac *[blockSize]byte, b []byte) {
	for len(b) > 0 {
		n := subtle.XORBytes(mac[:], mac[:], b)
		m.block.Encrypt(mac[:], mac[:])
		b = b[n:]
	}
}

// dataLength is how RFC 3610 section 2.2 writes the size of additional data.
func dataLength(dst []byte, n int) []byte {
	switch {
	case n < 0xff00:
		return binary.BigEndian.AppendUint16(dst, uint16(n))
	case uint64(n) <= math.MaxUint32:
		return binary.BigEndian.AppendUint32(append(dst, 0xff, 0xfe), uint32(n))
	}
	return binary.BigEndian.AppendUint64(append(dst, 0xff, 0xff), uint64(n))
}

// grow makes room for n bytes behind dst.
func grow(dst []byte, n int) (whole, tail []byte) {
	whole = slices.Grow(dst, n)[:len(dst)+n]
	return whole, whole[len(dst):]
}
