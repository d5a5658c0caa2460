package discover

import (
	"crypto/rand"
	"crypto/rsa"
	"encoding/binary"
	"sync"
	"sync/atomic"

	"wattle/internal/wire/discovery"
)

// makeKey makes the key of this process: answers to it can be opened as long
// as the process lives. It takes up to half a second.
var makeKey = sync.OnceValues(func() (*rsa.PrivateKey, error) {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err == nil {
		readyKey.Store(key)
	}
	return key, err
})

// readyKey is the key once it is made.
var readyKey atomic.Pointer[rsa.PrivateKey]

// startKey makes the key if there is none, and closes the channel when it is
// there or cannot be had. Nobody waits for it beyond the time of a probe: what
// is being made then is finished for the next who asks.
func startKey() <-chan struct{} {
	made := make(chan struct{})
	go func() { // ends when the key is made
		defer close(made)
		_, _ = makeKey()
	}()
	return made
}

// tdpProbe is the datagram for 20002 and 20004; an empty one without a key,
// which gets answers without their encrypted part.
func tdpProbe(key *rsa.PrivateKey) ([]byte, error) {
	if key == nil {
		return discovery.MarshalProbe(0, nil)
	}
	var serial [4]byte
	if _, err := rand.Read(serial[:]); err != nil {
		return nil, err
	}
	return discovery.MarshalProbe(binary.BigEndian.Uint32(serial[:]), &key.PublicKey)
}
