package discover

import (
	"crypto/rand"
	"crypto/rsa"
	"encoding/binary"
	"sync"

	"wattle/internal/wire/discovery"
)

// probeKey is made once per process: answers to it can be opened as long as
// the process lives, and making it takes a tenth of a second.
var probeKey = sync.OnceValues(func() (*rsa.PrivateKey, error) {
	return rsa.GenerateKey(rand.Reader, 2048)
})

// datagrams are the probes for each port, the same for a whole sweep.
func (s *settings) datagrams() (probes map[uint16][]byte, key *rsa.PrivateKey, err error) {
	probes = make(map[uint16][]byte)
	for _, port := range s.ports {
		if port == s.xorPort {
			probes[port] = discovery.SysinfoProbe()
			continue
		}
		if key == nil {
			if key, err = probeKey(); err != nil {
				return nil, nil, err
			}
		}
		var serial [4]byte
		if _, err := rand.Read(serial[:]); err != nil {
			return nil, nil, err
		}
		probes[port], err = discovery.MarshalProbe(binary.BigEndian.Uint32(serial[:]), &key.PublicKey)
		if err != nil {
			return nil, nil, err
		}
	}
	return probes, key, nil
}
