// Package transport is the client half of every local transport: it carries
// one application message to a device and its answer back, protected as the
// device wants it. It knows no methods.
//
// The first seam of wattle is here: [Conn]. Which transport to use is a
// [wattle.Route]; [Open] makes the Conn for it. [Choose] reads the route off a
// discovery answer.
//
// A Conn does not retry and does not queue fairly: package session does, on top
// of it. Take package connect to go from an address to a session, and package
// device to go on to features. See docs/protocol/transports.md.
package transport

import (
	"context"
	"crypto/x509"
	"io"
	"log/slog"
	"net"
	"time"

	"wattle"
)

// Conn carries messages to one device. Exchange makes a session first where
// the transport needs one and none is alive, so that the first call and a call
// after Reset cost a handshake. Calls from several goroutines are put in order:
// devices refuse two at once. A caller whose ctx ends while it waits leaves the
// queue; one whose ctx ends in the middle of an exchange costs the session.
//
// Exchange makes at most one attempt and does not retry; package session does.
// (The exceptions are inside one attempt: a kept-alive connection that turns out to
// be closed is opened again, and section 2.1's repeated handshake.)
// Errors wrap a class of package wattle: ErrUnreachable (also for timeouts),
// ErrSession, ErrAuth, ErrAccess, ErrTransport, ErrBusy, ErrProtocol, or
// ErrClosed. ErrSession is for a request that the device turned away unseen (403,
// 9999); an answer that cannot be decrypted is ErrProtocol, since the request may
// have been carried out. What fails before the request was written is marked with
// [Unsent].
type Conn interface {
	Exchange(ctx context.Context, request []byte) ([]byte, error)
	// Reset forgets the session; the next Exchange makes a new one.
	Reset()
	// Info tells what is known by now; it grows with the first handshake.
	Info() Info
	Close() error
}

// Resumer is a Conn whose session can outlive the process. Export gives an
// opaque text that [Options.Resume] takes, or nil when there is no session.
// It holds keys: store it with mode 0600 only.
type Resumer interface{ Export() []byte }

// Info is what a Conn knows of its session.
type Info struct {
	Route wattle.Route // with Version filled in once it is known
	// Credential is the label of the candidate that fitted, see [Candidates];
	// "" before the first handshake and where none are needed.
	Credential string
	Resumed    bool // the session was taken from Options.Resume and not made here
	Handshakes int  // how many sessions were made
	// Certificate is the SHA-256 of the device's certificate in lower-case hex,
	// for [Options.Pin]; "" without TLS and before the first connection.
	Certificate string
	MaxAnswer   int // bytes; 0 is no limit of the transport's own
}

// Options are what all transports take; nil and the zero value work.
type Options struct {
	// Account is what the user gave. Set-up and blank credentials are tried
	// as well where that costs no attempt (KLAP) or one more (AES).
	Account wattle.Credentials
	// Prefer is the label of the candidate that worked last time, "" if unknown.
	Prefer string
	// OneLogin ends after the first login that the device refuses, where each
	// one counts.
	OneLogin bool
	// DialContext opens TCP and UDP connections; nil means net.Dialer.
	DialContext func(ctx context.Context, network, address string) (net.Conn, error)
	// Timeout is for one exchange where ctx has no earlier deadline; 0 means 5 s.
	Timeout time.Duration
	// Rand gives seeds and keys; nil means crypto/rand.
	Rand io.Reader
	// Resume is a session that an earlier process exported, nil for none. One
	// that does not fit the route is ignored.
	Resume []byte
	// Pin is the SHA-256 of the certificate that the device had before, in hex,
	// "" for any. Another one is an ErrIdentity. Certificates of devices prove
	// nothing else.
	Pin string
	// MinTLS is the oldest version of TLS, such as tls.VersionTLS10; 0 means 1.2.
	MinTLS uint16
	// WrapSeq lets the counter of KLAP run over its end, where a new session is
	// made otherwise: what devices do there is not known.
	WrapSeq bool
	// Logger gets debug lines without secrets; nil means none.
	Logger *slog.Logger
	// TPAP is for that transport alone.
	TPAP TPAPOptions
}

// TPAPOptions are what TPAP takes besides; the zero value works.
type TPAPOptions struct {
	// DeviceType is the device_type of discovery, such as "SMART.TAPOHUB": it
	// decides which secret the device wants. "" goes by the family of the route.
	DeviceType string
	// Attestation says whether a device has to prove that it is genuine.
	Attestation Attestation
	// Roots are certificates that devices may descend from besides the one of
	// TP-Link, such as that of simulated devices.
	Roots []*x509.Certificate
	// LastAttempts goes on where the device said that two more refusals or fewer
	// lock it: a person asked for it. Otherwise that is an ErrLockout.
	LastAttempts bool
}

// Attestation is how much a device has to prove besides that it knows the
// password. See docs/protocol/tpap.md section 9.
type Attestation int

// The policies.
const (
	// AttestOffered checks what a device offers: a wrong proof is an
	// ErrIdentity, a missing one a warning in the log.
	AttestOffered Attestation = iota
	// AttestOff asks for no proof.
	AttestOff
	// AttestRequired makes a missing proof an ErrIdentity too.
	AttestRequired
)
