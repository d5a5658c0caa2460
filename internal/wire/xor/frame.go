package xor

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"slices"

	"wattle"
)

// MaxFrame is the longest message, in bytes, that [ReadFrame] takes. Devices
// send a few kilobytes; more is a foreign service on the port.
const MaxFrame = 1 << 20

// headerSize is the length word in front of a TCP frame.
const headerSize = 4

// firstRead bounds what is reserved before bytes have arrived.
const firstRead = 4096

// ErrTooLong means that a frame announces more than [MaxFrame] bytes. It is a
// [wattle.ErrTransport]: this is no Kasa device.
var ErrTooLong = fmt.Errorf("frame is longer than %d bytes, this is not the xor protocol: %w", MaxFrame, wattle.ErrTransport)

// AppendFrame appends the TCP form of plain to dst: the length of the message
// in four bytes, then the message encrypted. Nothing is allocated when dst has
// room for both. dst and plain must not overlap.
func AppendFrame(dst, plain []byte) []byte {
	dst = slices.Grow(dst, headerSize+len(plain))
	dst = binary.BigEndian.AppendUint32(dst, uint32(len(plain)))
	return AppendEncrypted(dst, plain)
}

// ReadFrame reads one TCP frame from r and appends the decrypted message to
// dst. It reads not one byte beyond the frame, and reserves memory as bytes
// arrive, whatever length is announced. The error is io.EOF when r ends before
// the frame, io.ErrUnexpectedEOF when it ends inside, and [ErrTooLong].
func ReadFrame(r io.Reader, dst []byte) ([]byte, error) {
	start := len(dst)
	dst = slices.Grow(dst, headerSize)
	header := dst[start : start+headerSize]
	if _, err := io.ReadFull(r, header); err != nil {
		return dst[:start], err
	}
	size := binary.BigEndian.Uint32(header)
	if size > MaxFrame {
		return dst[:start], ErrTooLong
	}
	for left := int(size); left > 0; {
		// Never more at once than has already come, and a first step.
		step := min(left, max(firstRead, len(dst)-start))
		dst = slices.Grow(dst, step)
		n, err := io.ReadFull(r, dst[len(dst):len(dst)+step])
		dst = dst[:len(dst)+n]
		left -= n
		if err != nil {
			if errors.Is(err, io.EOF) {
				err = io.ErrUnexpectedEOF
			}
			return dst[:start], err
		}
	}
	decrypt(dst[start:], dst[start:])
	return dst, nil
}
