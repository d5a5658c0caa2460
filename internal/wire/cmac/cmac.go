// Package cmac is AES-CMAC of RFC 4493, which two cipher suites of TPAP use to
// confirm keys. See docs/protocol/tpap.md section 7.1.
package cmac

import (
	"crypto/aes"
	"crypto/subtle"
	"fmt"
)

// Size of a tag in bytes.
const Size = aes.BlockSize

// Sum is the tag of a message. The key has 16, 24 or 32 bytes. Compare tags in
// constant time.
func Sum(key, message []byte) ([Size]byte, error) {
	block, err := aes.NewCipher(key)
	if err != nil {
		return [Size]byte{}, fmt.Errorf("cmac: %w", err)
	}
	var mac, subkey, last [Size]byte
	block.Encrypt(subkey[:], subkey[:])
	double(&subkey)
	for len(message) > Size {
		subtle.XORBytes(mac[:], mac[:], message[:Size])
		block.Encrypt(mac[:], mac[:])
		message = message[Size:]
	}
	copy(last[:], message)
	if len(message) < Size {
		last[len(message)] = 0x80
		double(&subkey)
	}
	subtle.XORBytes(mac[:], mac[:], last[:])
	subtle.XORBytes(mac[:], mac[:], subkey[:])
	block.Encrypt(mac[:], mac[:])
	return mac, nil
}

// double multiplies by x in GF(2^128), in constant time.
func double(b *[Size]byte) {
	carry := byte(0)
	for i := Size - 1; i >= 0; i-- {
		next := b[i] >> 7
		b[i] = b[i]<<1 | carry
		carry = next
	}
	b[Size-1] ^= 0x87 & -carry
}
