// Package aes is the cryptography of the AES transport ("securePassthrough")
// for both halves: the handshake that brings a session key under RSA, the
// envelope around each message, and the login inside it. It does no I/O.
//
// See docs/protocol/transports.md section 3.
package aes

import (
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"

	"wattle"
)

// KeySize is the size of the session key and of the IV, in bytes.
const KeySize = 16

// RSABits is the only size of a public key that devices take.
const RSABits = 1024

const pemType = "PUBLIC KEY"

// ErrPublicKey means that a handshake brings no RSA key of [RSABits] bits; a
// device answers it with -1010.
var ErrPublicKey = fmt.Errorf("handshake without a public RSA key of %d bits: %w", RSABits, wattle.ErrParam)

// PublicKeyPEM is the text form of a public key for [AppendHandshake], its
// base64 on one line.
func PublicKeyPEM(key *rsa.PublicKey) (string, error) {
	if key.N.BitLen() != RSABits {
		return "", ErrPublicKey
	}
	der, err := x509.MarshalPKIXPublicKey(key)
	if err != nil {
		return "", fmt.Errorf("public key: %w", err)
	}
	return "-----BEGIN " + pemType + "-----\n" + base64.StdEncoding.EncodeToString(der) +
		"\n-----END " + pemType + "-----\n", nil
}

// ParsePublicKey reads the key of a handshake, however its base64 is broken
// into lines. The error is [ErrPublicKey].
func ParsePublicKey(text string) (*rsa.PublicKey, error) {
	block, _ := pem.Decode([]byte(text))
	if block == nil || block.Type != pemType {
		return nil, ErrPublicKey
	}
	parsed, err := x509.ParsePKIXPublicKey(block.Bytes)
	if err != nil {
		return nil, ErrPublicKey
	}
	key, ok := parsed.(*rsa.PublicKey)
	if !ok || key.N.BitLen() != RSABits {
		return nil, ErrPublicKey
	}
	return key, nil
}

// AppendHandshake appends the body of the handshake that carries the key
// which [PublicKeyPEM] made.
func AppendHandshake(dst []byte, publicKey string) []byte {
	dst = append(dst, `{"method":"handshake","params":{"key":`...)
	dst = appendString(dst, publicKey)
	return append(dst, "}}"...)
}

// AppendHandshakeAnswer appends the device's answer: key and IV of the new
// session, encrypted with the client's public key. The padding is random; Go
// takes it from its own source and ignores random.
func AppendHandshakeAnswer(dst []byte, random io.Reader, public *rsa.PublicKey, key, iv [KeySize]byte) ([]byte, error) {
	secret := append(key[:], iv[:]...)
	sealed, err := rsa.EncryptPKCS1v15(random, public, secret)
	if err != nil {
		return dst, fmt.Errorf("answer to the handshake: %w", err)
	}
	dst = append(dst, `{"error_code":0,"result":{"key":"`...)
	dst = base64.StdEncoding.AppendEncode(dst, sealed)
	return append(dst, `"}}`...), nil
}

// OpenKey reads the key of the device's answer to the handshake, see
// [Answer.Key]. Failures are a [wattle.ErrProtocol].
func OpenKey(private *rsa.PrivateKey, text string) (key, iv [KeySize]byte, err error) {
	sealed, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		return key, iv, fmt.Errorf("session key of the device is not base64: %w", wattle.ErrProtocol)
	}
	secret, err := rsa.DecryptPKCS1v15(nil, private, sealed)
	if err != nil {
		return key, iv, fmt.Errorf("session key of the device cannot be decrypted: %w", wattle.ErrProtocol)
	}
	if len(secret) != 2*KeySize {
		return key, iv, fmt.Errorf("session key of the device has %d bytes, not %d: %w",
			len(secret), 2*KeySize, wattle.ErrProtocol)
	}
	return [KeySize]byte(secret[:KeySize]), [KeySize]byte(secret[KeySize:]), nil
}

// appendString appends text as a JSON string.
func appendString(dst []byte, text string) []byte {
	quoted, err := json.Marshal(text)
	if err != nil {
		panic("aes: " + err.Error()) // a string always marshals
	}
	return append(dst, quoted...)
}
