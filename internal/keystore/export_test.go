package keystore

import "filippo.io/age"

// NewCheap is New with passphrases that cost nothing.
func NewCheap(o Options) *Keystore {
	k := New(o)
	k.workFactor = 4
	return k
}

// NewIdentity makes the content of an identity file.
func NewIdentity() string {
	id, err := age.GenerateX25519Identity()
	if err != nil {
		panic(err)
	}
	return id.String() + "\n"
}
