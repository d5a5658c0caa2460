package discovery

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/rsa"
	"crypto/sha1"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
)

// EncryptInfo is encrypt_info, the part of an answer that only who sent the
// probe can read. See docs/protocol/discovery.md section 2.4.
type EncryptInfo struct {
	SymSchm string `json:"sym_schm"` // "AES"
	Key     string `json:"key"`      // base64 of RSA-OAEP of AES key and IV
	Data    string `json:"data"`     // base64 of AES-128-CBC of a JSON object
}

// secretLen is AES key and IV.
const secretLen = 2 * aes.BlockSize

// errSealed means that the encrypted part was sealed for another key, or
// broken on its way.
var errSealed = errors.New("encrypt_info does not open with this key")

// Open decrypts with the key whose public half was in the probe. A failure is
// not fatal: the clear part of the answer stands. Answers to an earlier
// process's probe fail so.
func (e *EncryptInfo) Open(key *rsa.PrivateKey) (json.RawMessage, error) {
	sealed, err := base64.StdEncoding.DecodeString(e.Key)
	if err != nil {
		return nil, fmt.Errorf("key of encrypt_info: %w", err)
	}
	data, err := base64.StdEncoding.DecodeString(e.Data)
	if err != nil {
		return nil, fmt.Errorf("data of encrypt_info: %w", err)
	}
	secret, err := rsa.DecryptOAEP(sha1.New(), nil, key, sealed, nil)
	if err != nil || len(secret) != secretLen {
		return nil, errSealed
	}
	if len(data) == 0 || len(data)%aes.BlockSize != 0 {
		return nil, errSealed
	}
	block, err := aes.NewCipher(secret[:aes.BlockSize])
	if err != nil {
		return nil, err
	}
	cipher.NewCBCDecrypter(block, secret[aes.BlockSize:]).CryptBlocks(data, data)
	pad := int(data[len(data)-1])
	if pad == 0 || pad > aes.BlockSize {
		return nil, errSealed
	}
	for _, b := range data[len(data)-pad:] {
		if int(b) != pad {
			return nil, errSealed
		}
	}
	plain := data[:len(data)-pad]
	if !json.Valid(plain) {
		return nil, errSealed
	}
	return plain, nil
}

// SealInfo encrypts plain for the key of a probe. The first 32 bytes of
// random become AES key and IV.
func SealInfo(random io.Reader, key *rsa.PublicKey, plain []byte) (*EncryptInfo, error) {
	secret := make([]byte, secretLen)
	if _, err := io.ReadFull(random, secret); err != nil {
		return nil, fmt.Errorf("encrypt_info: %w", err)
	}
	sealed, err := rsa.EncryptOAEP(sha1.New(), random, key, secret, nil)
	if err != nil {
		return nil, fmt.Errorf("encrypt_info: %w", err)
	}
	pad := aes.BlockSize - len(plain)%aes.BlockSize
	data := make([]byte, len(plain)+pad)
	copy(data, plain)
	for i := len(plain); i < len(data); i++ {
		data[i] = byte(pad)
	}
	block, err := aes.NewCipher(secret[:aes.BlockSize])
	if err != nil {
		return nil, err
	}
	cipher.NewCBCEncrypter(block, secret[aes.BlockSize:]).CryptBlocks(data, data)
	return &EncryptInfo{
		SymSchm: "AES",
		Key:     base64.StdEncoding.EncodeToString(sealed),
		Data:    base64.StdEncoding.EncodeToString(data),
	}, nil
}
