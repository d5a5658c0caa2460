// Package xor is the autokey cipher and the framing of the XOR transport, in
// both directions: Kasa devices on port 9999, over TCP (framed) and UDP (bare).
// It hides nothing; there is no secret in it.
//
// See docs/protocol/transports.md section 1.
package xor

import (
	"encoding/binary"
	"slices"
)

// firstKey starts the key stream of every message.
const firstKey = 0xAB

// spread times a byte is that byte in all eight places of a word.
const spread = 0x0101010101010101

// AppendEncrypted appends the encrypted form of plain to dst. The result has
// the length of plain; nothing is allocated when dst has room for it. dst may
// be plain[:0], any other overlap may not be.
//
// Each byte depends on the one before it (c[i] = p[i] ^ c[i-1]), so that this
// is a running XOR. It is done for eight bytes at a time: shifting a word over
// itself gives the running XOR within it, and what is left from word to word
// is the last byte of the one before, a single XOR.
func AppendEncrypted(dst, plain []byte) []byte {
	n := len(dst)
	dst = slices.Grow(dst, len(plain))[:n+len(plain)]
	out := dst[n:]
	carry := uint64(firstKey) * spread
	for len(plain) >= 32 && len(out) >= 32 {
		a := running(binary.LittleEndian.Uint64(plain))
		b := running(binary.LittleEndian.Uint64(plain[8:]))
		c := running(binary.LittleEndian.Uint64(plain[16:]))
		d := running(binary.LittleEndian.Uint64(plain[24:]))
		binary.LittleEndian.PutUint64(out, a^carry)
		carry ^= (a >> 56) * spread
		binary.LittleEndian.PutUint64(out[8:], b^carry)
		carry ^= (b >> 56) * spread
		binary.LittleEndian.PutUint64(out[16:], c^carry)
		carry ^= (c >> 56) * spread
		binary.LittleEndian.PutUint64(out[24:], d^carry)
		carry ^= (d >> 56) * spread
		plain, out = plain[32:], out[32:]
	}
	key := byte(carry)
	for i, p := range plain {
		key ^= p
		out[i] = key
	}
	return dst
}

// running turns each byte of w into the XOR of itself and all before it; the
// first byte is the lowest.
func running(w uint64) uint64 {
	w ^= w << 8
	w ^= w << 16
	return w ^ w<<32
}

// AppendDecrypted appends the plain form of encrypted to dst. The result has
// the length of encrypted; nothing is allocated when dst has room for it. dst
// may be encrypted[:0], any other overlap may not be.
func AppendDecrypted(dst, encrypted []byte) []byte {
	n := len(dst)
	dst = slices.Grow(dst, len(encrypted))[:n+len(encrypted)]
	decrypt(dst[n:], encrypted)
	return dst
}

// decrypt writes the plain form of in to out, which has the same length and
// may be the same memory.
func decrypt(out, in []byte) {
	last := uint64(firstKey)
	for len(in) >= 32 && len(out) >= 32 {
		a := binary.LittleEndian.Uint64(in)
		b := binary.LittleEndian.Uint64(in[8:])
		c := binary.LittleEndian.Uint64(in[16:])
		d := binary.LittleEndian.Uint64(in[24:])
		binary.LittleEndian.PutUint64(out, a^(a<<8|last))
		binary.LittleEndian.PutUint64(out[8:], b^(b<<8|a>>56))
		binary.LittleEndian.PutUint64(out[16:], c^(c<<8|b>>56))
		binary.LittleEndian.PutUint64(out[24:], d^(d<<8|c>>56))
		last = d >> 56
		in, out = in[32:], out[32:]
	}
	key := byte(last)
	for i, c := range in {
		out[i] = c ^ key
		key = c
	}
}
