package tpap

import (
	"crypto/hkdf"
	"crypto/md5"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"

	"wattle"
)

// Kind is what decides which secret a device wants.
type Kind int

// The kinds of devices.
const (
	Plug   Kind = iota // plugs, bulbs, switches, strips, hubs and all others
	Vacuum             // SMART.TAPOROBOVAC
	Camera             // cameras and doorbells
)

// KindOf reads the device_type of discovery. Without one the family tells as
// much as it can: hubs of the camera kind look like cameras then.
func KindOf(deviceType string, family wattle.Family) Kind {
	switch deviceType {
	case "SMART.TAPOROBOVAC":
		return Vacuum
	case "SMART.IPCAMERA", "SMART.TAPODOORBELL":
		return Camera
	case "":
		if family == wattle.SMARTCAM {
			return Camera
		}
	}
	return Plug
}

// The passcode types.
const (
	DefaultUserPW = "default_userpw" // made from the MAC
	UserPW        = "userpw"         // the account's password
	SharedToken   = "shared_token"   // clients pass the password too
)

// PasscodeType chooses a login from those that a device offers; "" means that
// there is none to choose. See docs/protocol/tpap.md section 5.
func PasscodeType(kind Kind, pake []int) string {
	has := func(n int) bool { return slices.Contains(pake, n) }
	switch {
	case kind == Camera && (has(2) || has(1)):
		return UserPW
	case has(0):
		return DefaultUserPW
	case has(2) || kind == Plug && has(5):
		return UserPW
	case has(3):
		return SharedToken
	case kind == Camera:
		return ""
	}
	return DefaultUserPW
}

// Secret is one thing that a device may take for a password.
type Secret struct {
	Label string // says which without showing it, see the constants
	Text  wattle.Secret
}

// The labels of secrets.
const (
	SecretPassword = "password" // as typed
	SecretMD5      = "md5"      // its MD5, lower-case hex
	SecretSHA256   = "sha256"   // its SHA-256, upper-case hex
	SecretMAC      = "mac"      // made from the MAC
)

// Secrets lists what to try for a passcode type, in order. An empty password is
// never tried; a MAC that is none gives no default passcode.
func Secrets(kind Kind, passcode string, pake []int, password wattle.Secret, mac string) []Secret {
	text := password.Reveal()
	digest := md5.Sum([]byte(text))
	asMD5 := Secret{SecretMD5, wattle.NewSecret(hex.EncodeToString(digest[:]))}
	switch {
	case passcode == DefaultUserPW:
		code, err := DefaultPasscode(mac)
		if err != nil {
			return nil
		}
		return []Secret{{SecretMAC, code}}
	case passcode == "" || text == "":
		return nil
	case kind == Camera && passcode == SharedToken:
		return []Secret{asMD5}
	case kind == Camera && slices.Contains(pake, 2):
		sum := sha256.Sum256([]byte(text))
		return []Secret{asMD5, {SecretSHA256, wattle.NewSecret(strings.ToUpper(hex.EncodeToString(sum[:])))}}
	}
	return []Secret{{SecretPassword, password}}
}

// DefaultPasscode makes the secret of a device that nobody set a password for.
// Whoever knows the MAC knows it. See docs/protocol/tpap.md section 5.1.
func DefaultPasscode(mac string) (wattle.Secret, error) {
	b, err := parseMAC(mac)
	if err != nil {
		return wattle.Secret{}, err
	}
	ikm := append([]byte("GqY5o136oa4i6VprTlMW2DpVXxmfW8"), b[3:]...)
	ikm = append(ikm, b[:3]...)
	code, err := hkdf.Key(sha256.New, ikm, []byte("tp-kdf-salt-default-passcode"), "tp-kdf-info-default-passcode", 32)
	if err != nil {
		return wattle.Secret{}, fmt.Errorf("default passcode: %w", err)
	}
	return wattle.NewSecret(strings.ToUpper(hex.EncodeToString(code))), nil
}

// parseMAC reads a MAC with dashes, colons or neither.
func parseMAC(text string) ([]byte, error) {
	b, err := hex.DecodeString(strings.NewReplacer("-", "", ":", "").Replace(text))
	if err != nil || len(b) != 6 {
		return nil, fmt.Errorf("%q is not a MAC: %w", text, wattle.ErrProtocol)
	}
	return b, nil
}
