package iot

// Bit is a switch as the IOT language wants it sent: 0 or 1 (section 1).
// Answers are read with method.Opt[bool], which also takes true and false.
type Bit bool

// MarshalJSON writes 0 or 1.
func (b Bit) MarshalJSON() ([]byte, error) {
	if b {
		return []byte("1"), nil
	}
	return []byte("0"), nil
}

// NewBit is a pointer to a Bit, for optional parameters.
func NewBit(on bool) *Bit {
	b := Bit(on)
	return &b
}
