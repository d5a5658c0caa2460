package cloudapi

import (
	"encoding/base64"
	"strings"
	"unicode"
	"unicode/utf8"
)

// smartPrefix begins the types of devices that speak SMART or SMARTCAM.
const smartPrefix = "SMART."

// DisplayName is what the user calls a device: the alias of SMART devices is
// base64, that of others is plain. What is not base64 of printable text is
// shown as it is. See docs/protocol/cloud.md section 4.7.
func DisplayName(deviceType, alias string) string {
	if !strings.HasPrefix(deviceType, smartPrefix) {
		return alias
	}
	b, err := base64.StdEncoding.Strict().DecodeString(alias)
	if err != nil || !utf8.Valid(b) {
		return alias
	}
	for _, r := range string(b) {
		if !unicode.IsPrint(r) {
			return alias
		}
	}
	return string(b)
}

// WireAlias is the alias as the cloud lists it.
func WireAlias(deviceType, name string) string {
	if !strings.HasPrefix(deviceType, smartPrefix) {
		return name
	}
	return base64.StdEncoding.EncodeToString([]byte(name))
}
