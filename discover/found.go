// Package discover finds devices on the local network: a sweep by broadcast
// on every interface and by unicast to hosts and ranges ([Sweep]), and one
// question to one host ([Probe]). It asks in both discovery protocols at once
// and merges the answers of a device by its MAC.
//
//	for found, err := range discover.Sweep(ctx, nil) {
//		if err != nil {
//			log.Print(err) // an interface that cannot be used, say; the rest goes on
//			continue
//		}
//		fmt.Println(found.MAC, found.Model, found.Addr, found.Reason)
//	}
//
// [Found.Routes] is what connect.Open and device.Open want to know of a device;
// where it is empty, [Found.Reason] says why. No credentials are needed, and no
// connection is made. Sweeps may run side by side; each has sockets of its own.
// Devices with a battery are woken by it: not more often than every few minutes.
// See docs/protocol/discovery.md.
package discover

import (
	"crypto/md5"
	"encoding/hex"
	"encoding/json"
	"net/netip"
	"strings"

	"wattle"
)

// Found is what a device told of itself, in one or both protocols.
type Found struct {
	MAC    wattle.MAC    `json:"mac"` // identity; zero where the device tells none
	Addr   netip.Addr    `json:"address"`
	Model  wattle.Model  `json:"model"`
	Type   string        `json:"type"`   // device_type: "SMART.TAPOPLUG", "IOT.SMARTBULB" ...
	Family wattle.Family `json:"family"` // "" where there is no route
	// Alias is told on 9999, and by cameras and hubs; others have to be asked.
	Alias string `json:"alias,omitempty"`
	// ID is the device's own id of 40 hex digits, "" where the answers do
	// not tell it. (The device_id of an answer on 20002 is another number.)
	ID string `json:"device_id,omitempty"`
	// Routes are the ways to reach it, in the order to try. They may name
	// transports that this version does not have.
	Routes []wattle.Route `json:"routes"`
	// Owner is the MD5 of the account's e-mail, "" when the device belongs to
	// nobody or does not tell; see [Found.OwnedBy].
	Owner          string `json:"owner,omitempty"`
	FactoryDefault bool   `json:"factory_default"`
	OnboardedBy    string `json:"onboarded_by,omitempty"` // "tplink", "matter", "apple" ...
	// Reason says why the device cannot be controlled, "" if it can. There may
	// be routes all the same: to a device that is not set up yet, which takes
	// the set-up credentials, and for transports that are not built yet.
	Reason  string          `json:"reason,omitempty"`
	Sysinfo json.RawMessage `json:"sysinfo,omitempty"` // get_sysinfo, from 9999
	Answer  json.RawMessage `json:"answer,omitempty"`  // "result", from 20002 or 20004
	Private json.RawMessage `json:"private,omitempty"` // the opened encrypt_info
	// Via are the UDP ports that it answered on, in ascending order.
	Via []uint16 `json:"via"`
}

// OwnedBy reports whether the device belongs to the account with this e-mail,
// as it is typed here. True is proof, also of the spelling; false proves
// nothing.
func (f *Found) OwnedBy(email string) bool { return OwnerMatches(f.Owner, email) }

// OwnerMatches reports whether owner, as devices tell it, stands for e-mail.
func OwnerMatches(owner, email string) bool {
	if email == "" || owner == "" {
		return false
	}
	sum := md5.Sum([]byte(email))
	return strings.EqualFold(owner, hex.EncodeToString(sum[:]))
}

// bound reports whether an owner stands for an account: not when it is empty
// or all zeros.
func bound(owner string) bool { return strings.Trim(owner, "0") != "" }
