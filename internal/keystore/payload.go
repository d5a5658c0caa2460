package keystore

import (
	"encoding/json"

	"wattle"
)

// payload is what is encrypted.
type payload struct {
	Username string `json:"username"`
	Password string `json:"password"`
}

func pack(account wattle.Credentials) ([]byte, error) {
	return json.Marshal(payload{account.Username, account.Password.Reveal()})
}

// unpack reads it; its error never holds a part of it.
func unpack(data []byte) (wattle.Credentials, error) {
	var p payload
	if err := json.Unmarshal(data, &p); err != nil || p.Username == "" || p.Password == "" {
		return wattle.Credentials{}, ErrDamaged
	}
	return wattle.Credentials{Username: p.Username, Password: wattle.NewSecret(p.Password)}, nil
}
