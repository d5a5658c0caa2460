package endpoint

import (
	"encoding/json"
	"slices"

	"wattle/internal/wire/tpap"
)

// TPAPOptions say how a device speaks TPAP; the zero value is a plug as they are
// sold today. See docs/protocol/tpap.md section 17.
type TPAPOptions struct {
	// DeviceType is that of discovery; it decides which secret the device holds
	// and which codes it answers with. "" is a plug.
	DeviceType string
	MAC        string // as the device writes it
	// Pake are the logins it offers; nil is [2].
	Pake []int
	// NOC is announced, and nothing else.
	NOC bool
	// UserHashType is announced where it is not nil.
	UserHashType *int
	// User is the form of the user name that a camera takes: "md5", "literal" or
	// "sha256"; "" is the announced one. Other devices take any.
	User string
	// Digest is which one of the password a camera holds, "md5" or "sha256"; "" is
	// md5.
	Digest string
	// ExtraCrypt is sent as it is; nil is password_shadow 2, and nothing for
	// cameras; "null" is nothing.
	ExtraCrypt json.RawMessage
	Suite      int    // 0 is 1
	Cipher     string // "" is aes_128_ccm
	Iterations int    // of PBKDF2; 0 is 3000, and 5000 for cameras
	Salt       []byte // nil is 16 bytes that depend on the MAC
	// W0 is the form of w0 in the transcript: "minimal", "fixed" or "both" (takes
	// either); "" is minimal.
	W0 string
	// Compressed sends the device's share in the short form.
	Compressed bool
	// Attestation proves that the device is genuine where a client asks for it;
	// nil announces dac 0. With TLS it announces mode 2: use its TLS.
	Attestation *Attestation
	// InBand spoils the in-band discovery: "none" has no offer, "klap" prefers
	// KLAP, "http" takes TLS back as one vacuum does, "https" sends to TLS.
	InBand string
	// Port is told in the in-band discovery; 0 is the one that is listened at.
	Port int
	// StartSeq is the number of the first message; nil is a random one.
	StartSeq *uint32
	// KLAP answers KLAP version 2 beside it, as firmware does that prefers TPAP
	// while Third-Party Compatibility is on.
	KLAP bool
	// MaxRefused is how many refused logins lock the device for half an hour; 0 is
	// 15, and 5 for cameras.
	MaxRefused int
	// ManySessions keeps older sessions when a new one is made.
	ManySessions bool
}

// kind is what the device type decides.
func (o *TPAPOptions) kind() tpap.Kind { return tpap.KindOf(o.DeviceType, "") }

// orDefaults fills in what is not given.
func (o TPAPOptions) orDefaults() TPAPOptions {
	camera := o.kind() == tpap.Camera
	set := func(n *int, value, ofCamera int) {
		if camera {
			value = ofCamera
		}
		if *n == 0 {
			*n = value
		}
	}
	set(&o.Suite, tpap.Suite1, tpap.Suite1)
	set(&o.Iterations, 3000, 5000)
	set(&o.MaxRefused, 15, 5)
	if o.Pake == nil {
		o.Pake = []int{2}
	}
	if o.Cipher == "" {
		o.Cipher = tpap.AES128CCM
	}
	if o.MAC == "" {
		o.MAC = "02-00-00-00-00-01"
	}
	if o.Salt == nil {
		o.Salt = []byte("salt of " + o.MAC)[:16]
	}
	if o.User == "" {
		o.User = string(tpap.UserFormOf(o.UserHashType))
	}
	if o.Digest == "" {
		o.Digest = tpap.SecretMD5
	}
	if o.ExtraCrypt == nil && !camera {
		o.ExtraCrypt = json.RawMessage(`{"type":"password_shadow","params":{"passwd_id":2}}`)
	}
	if string(o.ExtraCrypt) == "null" {
		o.ExtraCrypt = nil
	}
	return o
}

// Offer is "tpap" of discovery for a device that listens on a port, over TLS or
// not.
func (o *TPAPOptions) Offer(port int, overTLS bool) json.RawMessage {
	c := o.orDefaults()
	offer := c.offer(port, overTLS)
	b, err := json.Marshal(&offer)
	if err != nil {
		panic("endpoint: " + err.Error()) // numbers can be written
	}
	return b
}

func (o *TPAPOptions) offer(port int, overTLS bool) tpap.Offer {
	offer := tpap.Offer{Pake: slices.Clone(o.Pake), Port: port, UserHashType: o.UserHashType}
	if o.Attestation != nil {
		offer.DAC = 1
	}
	if o.NOC {
		offer.NOC = 1
	}
	switch {
	case overTLS && o.Attestation != nil:
		offer.TLS = tpap.TLSVerified
	case overTLS:
		offer.TLS = tpap.TLSAny
	}
	return offer
}

// takesUser reports whether the device takes a user name.
func (o *TPAPOptions) takesUser(name string) bool {
	if o.kind() == tpap.Camera {
		return name == tpap.UserForm(o.User).Username()
	}
	return slices.ContainsFunc(tpap.UserForms(tpap.UserMD5), func(f tpap.UserForm) bool { return f.Username() == name })
}
