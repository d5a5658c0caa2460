package simulator

import (
	"crypto/md5" //nolint:gosec // ids are no secrets; devices use it for them
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"

	"wattle"
)

// identity tells the ids of a simulated device. Captures of other people share
// masked ids, so each device gets ids of its own, made of its capture's name
// and its index; the same ones in every run.
type identity struct {
	keep  bool // leave the stored ones
	name  string
	index int
}

// maxIndex is bounded by the part of a MAC address that can be given away.
const maxIndex = 1<<16 - 2

// deviceID gives 40 hex digits in upper case. child is 0 for the device
// itself and counts from 1.
func (id identity) deviceID(stored string, child int) string {
	if id.keep {
		return stored
	}
	return strings.ToUpper(id.digest("device", child)[:40])
}

// outletID is the id of an outlet of an IOT strip: the id of the strip and two
// digits. See docs/protocol/iot.md section 1.3.
func (id identity) outletID(stored, device string, outlet int) string {
	if id.keep {
		return stored
	}
	return fmt.Sprintf("%s%02d", device, outlet)
}

// discoveryID gives 32 hex digits: discovery has ids of its own.
func (id identity) discoveryID(stored string) string {
	if id.keep {
		return stored
	}
	return id.digest("discovery", 0)[:32]
}

// mac changes the half of a MAC that vendors number, in the spelling in which
// it is stored.
func (id identity) mac(stored string, child int) string {
	m, err := wattle.ParseMAC(stored)
	if id.keep || err != nil {
		return stored
	}
	n := (id.index+1)<<8 | child&0xff
	m[3], m[4], m[5] = byte(n>>16), byte(n>>8), byte(n)
	switch {
	case strings.Contains(stored, "-"):
		return strings.ReplaceAll(m.String(), ":", "-")
	case strings.Contains(stored, ":"):
		return m.String()
	}
	return m.Key()
}

func (id identity) digest(what string, child int) string {
	sum := sha256.Sum256(fmt.Appendf(nil, "%s/%s/%d/%d", what, id.name, id.index, child))
	return hex.EncodeToString(sum[:])
}

// Owner is what a device that is bound to an account tells in discovery: the
// MD5 of the e-mail in upper-case hex digits, "" without an account. See
// docs/protocol/discovery.md section 2.3.
func Owner(username string) string {
	if username == "" {
		return ""
	}
	sum := md5.Sum([]byte(username)) //nolint:gosec // the protocol wants it
	return strings.ToUpper(hex.EncodeToString(sum[:]))
}

// upperHex gives 64 hex digits in upper case that stand for a text.
func upperHex(text string) string {
	sum := sha256.Sum256([]byte(text))
	return strings.ToUpper(hex.EncodeToString(sum[:]))
}
