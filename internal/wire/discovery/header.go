package discovery

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
)

// HeaderLen is the length of the header in bytes.
const HeaderLen = 16

const (
	version = 2
	opProbe = 1
	// crcSeed stands in the checksum's place while it is computed.
	crcSeed = 0x5A6B7C8D
)

// What stands in Header.Flags and Header.Pad.
const (
	FlagsProbe  = 0x11 // a probe with a key
	FlagsEmpty  = 0x00 // one without
	FlagsAnswer = 0x22
	PadAnswer   = 0x01
)

// ErrChecksum means that the CRC of a datagram is wrong.
var ErrChecksum = errors.New("wrong checksum")

// Header is what stands before the JSON. See docs/protocol/discovery.md
// section 2.1.
type Header struct {
	Version byte
	Type    byte
	Op      uint16
	Length  uint16 // bytes after the header
	Flags   byte
	Pad     byte
	Serial  uint32
	CRC     uint32
}

// ParseHeader reads the first 16 bytes and checks nothing but that they are
// there.
func ParseHeader(datagram []byte) (Header, error) {
	if len(datagram) < HeaderLen {
		return Header{}, fmt.Errorf("datagram has %d bytes, a header has %d", len(datagram), HeaderLen)
	}
	return Header{
		Version: datagram[0],
		Type:    datagram[1],
		Op:      binary.BigEndian.Uint16(datagram[2:]),
		Length:  binary.BigEndian.Uint16(datagram[4:]),
		Flags:   datagram[6],
		Pad:     datagram[7],
		Serial:  binary.BigEndian.Uint32(datagram[8:]),
		CRC:     binary.BigEndian.Uint32(datagram[12:]),
	}, nil
}

// Verify checks a datagram as a device does: version, op code, length and
// checksum. The error wraps [ErrChecksum] when only that is wrong.
func Verify(datagram []byte) (Header, error) {
	h, err := ParseHeader(datagram)
	if err != nil {
		return Header{}, err
	}
	switch {
	case h.Version != version:
		return h, fmt.Errorf("protocol version %d, want %d", h.Version, version)
	case h.Op != opProbe:
		return h, fmt.Errorf("op code %d, want %d", h.Op, opProbe)
	case int(h.Length) != len(datagram)-HeaderLen:
		return h, fmt.Errorf("header tells of %d bytes, %d follow", h.Length, len(datagram)-HeaderLen)
	}
	if want := Checksum(datagram); h.CRC != want {
		return h, fmt.Errorf("%w: %08x, want %08x", ErrChecksum, h.CRC, want)
	}
	return h, nil
}

// Checksum is the CRC that belongs into bytes 12 to 15 of a datagram, which
// has to have at least [HeaderLen] bytes.
func Checksum(datagram []byte) uint32 {
	var seed [4]byte
	binary.BigEndian.PutUint32(seed[:], crcSeed)
	crc := crc32.ChecksumIEEE(datagram[:12])
	crc = crc32.Update(crc, crc32.IEEETable, seed[:])
	return crc32.Update(crc, crc32.IEEETable, datagram[HeaderLen:])
}

// seal puts header and checksum before a payload.
func seal(flags, pad byte, serial uint32, payload []byte) ([]byte, error) {
	if len(payload) > 1<<16-1 {
		return nil, fmt.Errorf("payload of %d bytes does not fit into a datagram", len(payload))
	}
	b := make([]byte, HeaderLen, HeaderLen+len(payload))
	b[0] = version
	binary.BigEndian.PutUint16(b[2:], opProbe)
	binary.BigEndian.PutUint16(b[4:], uint16(len(payload)))
	b[6], b[7] = flags, pad
	binary.BigEndian.PutUint32(b[8:], serial)
	b = append(b, payload...)
	binary.BigEndian.PutUint32(b[12:], Checksum(b))
	return b, nil
}
