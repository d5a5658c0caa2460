package endpoint

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"time"

	"wattle"
	"wattle/internal/wire/tpap"
)

const (
	// maxPending bounds the logins that clients begin and do not end.
	maxTPAPPending = 16
	// lockTime is how long a device takes no login after too many refused ones.
	lockTime = 30 * time.Minute
	// maxStart keeps start_seq positive for those who read it as signed.
	maxStart = 1<<31 - 1
)

// tpapHolds is what the device keeps of its account.
type tpapHolds struct {
	account  wattle.Credentials
	verifier *tpap.Verifier // nil where the account has no secret of the kind wanted
	point    []byte         // L
}

// tpapPending is a login between its two messages.
type tpapPending struct {
	client   string
	y, share []byte
	exchange tpap.Exchange
	point    []byte
}

// login answers a message to "/".
func (s *tpapServer) login(r *http.Request, body []byte) []byte {
	request, err := tpap.ParseRequest(body)
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case err != nil:
		return refuseTPAP(codeParams)
	case request.OldProbe:
		return refuseTPAP(codeMissing)
	case request.Register != nil:
		return s.registerLocked(client(r), request.Register)
	case request.Share != nil:
		return s.shareLocked(client(r), request.Share)
	}
	o := &s.options.TPAP
	offer, prefer := o.offer(s.port, s.options.TLS != nil), true
	offer.Pake = s.pake()
	found := &tpap.Discovered{MAC: o.MAC, Preferred: &prefer, Offer: &offer}
	switch o.InBand {
	case "none":
		found.Offer, prefer, found.MAC = nil, false, ""
	case "klap":
		prefer = false
	case "http":
		offer.TLS, offer.Port = tpap.TLSNone, 80
	case "https":
		offer.TLS = tpap.TLSAny
	}
	return tpap.AppendDiscovered(nil, found)
}

// client is whose login it is: the newest of an address counts.
func client(r *http.Request) string {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		return r.RemoteAddr
	}
	return host
}

func refuseTPAP(code int) []byte {
	return tpap.AppendRefusal(nil, &tpap.RefusedError{Code: code, Failed: -1, Remaining: -1})
}

// registerLocked begins a login.
func (s *tpapServer) registerLocked(client string, r *tpap.Register) []byte {
	o := &s.options.TPAP
	if s.isLocked() && o.kind() == tpap.Camera {
		return s.refusal(codeLocked)
	}
	if !o.takesUser(r.Username) {
		return refuseTPAP(codeUsername)
	}
	passcode := tpap.PasscodeType(o.kind(), s.pake())
	if !slices.Contains(r.Suites, o.Suite) || !slices.ContainsFunc(r.Ciphers, func(name string) bool { return tpap.CipherName(name) == o.Cipher }) ||
		r.Passcode != passcode || len(r.UserRandom) == 0 || len(r.UserRandom) > 1024 {
		return refuseTPAP(codeParams)
	}
	holds, err := s.holdsLocked(passcode)
	if err != nil {
		s.options.Logger.Debug("no login", "err", err)
		return refuseTPAP(codeParams)
	}
	if holds.verifier == nil {
		return refuseTPAP(codeLogin)
	}
	p := &tpapPending{client: client, point: holds.point, exchange: tpap.Exchange{
		Verifier: holds.verifier, Form: tpap.W0Minimal, UserRandom: r.UserRandom, DevRandom: make([]byte, tpap.RandomSize),
	}}
	if o.W0 == string(tpap.W0Fixed) {
		p.exchange.Form = tpap.W0Fixed
	}
	if err := p.draw(s.options.Rand); err != nil {
		s.options.Logger.Debug("no login", "err", err)
		return refuseTPAP(codeBusy)
	}
	s.forgetLocked(client)
	if len(s.pending) == maxTPAPPending {
		s.pending = s.pending[1:]
	}
	s.pending = append(s.pending, p)
	answer := &tpap.Registered{
		DevRandom: p.exchange.DevRandom, DevSalt: o.Salt, DevShare: p.share, Suite: o.Suite, Iterations: o.Iterations, Cipher: o.Cipher,
	}
	if o.Compressed {
		answer.DevShare = tpap.Compress(p.share)
	}
	if o.ExtraCrypt != nil {
		answer.ExtraCrypt = new(tpap.ExtraCrypt)
		if err := json.Unmarshal(o.ExtraCrypt, answer.ExtraCrypt); err != nil {
			return refuseTPAP(codeParams)
		}
	}
	return tpap.AppendRegistered(nil, answer)
}

// draw makes the random values of a login.
func (p *tpapPending) draw(random io.Reader) (err error) {
	if _, err := io.ReadFull(random, p.exchange.DevRandom); err != nil {
		return fmt.Errorf("dev_random: %w", err)
	}
	if p.y, err = p.exchange.Verifier.Suite().Group().Random(random); err != nil {
		return err
	}
	p.share, err = p.exchange.DeviceShare(p.y)
	return err
}

// holdsLocked derives what the device keeps of its account, once for each.
func (s *tpapServer) holdsLocked(passcode string) (*tpapHolds, error) {
	account, o := s.options.account(), &s.options.TPAP
	if s.holds.verifier != nil && s.holds.account == account {
		return &s.holds, nil
	}
	s.holds = tpapHolds{account: account}
	secrets := tpap.Secrets(o.kind(), passcode, s.pake(), account.Password, o.MAC)
	if len(secrets) == 0 {
		return &s.holds, nil
	}
	secret := secrets[0]
	if i := slices.IndexFunc(secrets, func(t tpap.Secret) bool { return t.Label == o.Digest }); i >= 0 {
		secret = secrets[i]
	}
	var extra tpap.ExtraCrypt
	if o.ExtraCrypt != nil {
		if err := json.Unmarshal(o.ExtraCrypt, &extra); err != nil {
			return nil, fmt.Errorf("extra_crypt: %w", err)
		}
	}
	credential, err := extra.Credential(tpap.Identity{Kind: o.kind(), Passcode: passcode, Username: account.Username, MAC: o.MAC}, secret.Text)
	if err != nil {
		return nil, err
	}
	suite, err := tpap.SuiteOf(o.Suite)
	if err != nil {
		return nil, err
	}
	verifier, err := tpap.Derive(suite, credential, o.Salt, o.Iterations)
	if err != nil {
		return nil, err
	}
	if s.holds.point, err = verifier.Registration(); err != nil {
		return nil, err
	}
	s.holds.verifier = verifier
	return &s.holds, nil
}

// pake are the logins that the device offers: where it was given no password,
// the one that is made from its MAC.
func (s *tpapServer) pake() []int {
	if s.options.account().Password.IsZero() {
		return []int{0}
	}
	return s.options.TPAP.Pake
}

// forgetLocked takes the login of a client out of the list, nil for none.
func (s *tpapServer) forgetLocked(client string) *tpapPending {
	i := slices.IndexFunc(s.pending, func(p *tpapPending) bool { return p.client == client })
	if i < 0 {
		return nil
	}
	p := s.pending[i]
	s.pending = slices.Delete(s.pending, i, i+1)
	return p
}

// shareLocked ends a login: a session, or one attempt less.
func (s *tpapServer) shareLocked(client string, share *tpap.Share) []byte {
	p := s.forgetLocked(client)
	if p == nil {
		return refuseTPAP(codeLogin)
	}
	camera := s.options.TPAP.kind() == tpap.Camera
	if s.isLocked() || s.options.Faults.locked() {
		s.options.noteLogin(wattle.TPAP, nil, false, true)
		if !s.isLocked() {
			s.locked = time.Now().Add(lockTime)
			defer func() { s.locked = time.Time{} }() // as long as the fault is on
		}
		if camera {
			return s.refusal(codeLocked)
		}
		return s.refusal(codeRefused)
	}
	outcome, err := s.outcome(p, share)
	if err != nil || s.options.Faults.next("flaky") {
		s.options.Logger.Debug("login refused", "err", err)
		s.options.noteLogin(wattle.TPAP, nil, false, false)
		if s.refused++; s.refused >= s.options.TPAP.MaxRefused {
			s.locked = time.Now().Add(lockTime)
		}
		if camera {
			return s.refusal(codeSessionLost)
		}
		return s.refusal(codeRefused)
	}
	answer, err := s.sessionLocked(p, share, outcome)
	if err != nil {
		s.options.Logger.Debug("no session", "err", err)
		return refuseTPAP(codeBusy)
	}
	s.refused = 0
	s.options.noteLogin(wattle.TPAP, nil, true, false)
	return answer
}

// outcome computes the PAKE and compares what the client proves.
func (s *tpapServer) outcome(p *tpapPending, share *tpap.Share) (*tpap.Outcome, error) {
	forms := []tpap.W0Form{p.exchange.Form}
	if s.options.TPAP.W0 == "both" {
		forms = []tpap.W0Form{tpap.W0Minimal, tpap.W0Fixed}
	}
	for _, form := range forms {
		p.exchange.Form = form
		outcome, err := p.exchange.Device(p.y, p.share, p.point, share.UserShare)
		if err != nil {
			return nil, err
		}
		if tpap.Confirms(outcome.UserConfirm, share.UserConfirm) {
			return outcome, nil
		}
	}
	return nil, tpap.ErrConfirm
}

// sessionLocked makes a session and the answer that announces it.
func (s *tpapServer) sessionLocked(p *tpapPending, share *tpap.Share, outcome *tpap.Outcome) ([]byte, error) {
	o := &s.options.TPAP
	id, err := s.newIDLocked()
	if err != nil {
		return nil, err
	}
	var start [4]byte
	if _, err := io.ReadFull(s.options.Rand, start[:]); err != nil {
		return nil, fmt.Errorf("start_seq: %w", err)
	}
	answer := &tpap.Confirmed{
		DevConfirm: outcome.DevConfirm, SessionID: id, Expires: int(s.lifetime() / time.Second),
		StartSeq: (uint32(start[0])<<24 | uint32(start[1])<<16 | uint32(start[2])<<8 | uint32(start[3])) & maxStart,
	}
	if o.StartSeq != nil {
		answer.StartSeq = *o.StartSeq
	}
	if len(share.DACNonce) > 0 && o.Attestation != nil && s.options.TLS == nil {
		if answer.Attestation, err = o.Attestation.prove(s.options.Rand, outcome.Shared, share.DACNonce); err != nil {
			return nil, err
		}
	}
	keys, err := tpap.NewSession(p.exchange.Verifier.Suite(), o.Cipher, outcome.Shared, answer.StartSeq)
	if err != nil {
		return nil, err
	}
	if !o.ManySessions || s.options.SingleSession {
		s.sessions = nil
	}
	if len(s.sessions) >= s.options.SessionLimit {
		s.sessions = slices.Delete(s.sessions, 0, len(s.sessions)-s.options.SessionLimit+1)
	}
	s.sessions = append(s.sessions, &tpapSession{id: id, keys: keys, expires: time.Now().Add(s.lifetime())})
	return tpap.AppendConfirmed(nil, answer), nil
}

// isLocked reports whether no login is taken at present, and begins to count
// anew when that is over.
func (s *tpapServer) isLocked() bool {
	if !s.locked.IsZero() && !time.Now().Before(s.locked) {
		s.locked, s.refused = time.Time{}, 0
	}
	return !s.locked.IsZero()
}

// refusal is a code with the counters of refused logins.
func (s *tpapServer) refusal(code int) []byte {
	r := &tpap.RefusedError{Code: code, Failed: s.refused, Remaining: max(s.options.TPAP.MaxRefused-s.refused, 0)}
	if s.isLocked() {
		r.Locked, r.Remaining = time.Until(s.locked), 0
	}
	return tpap.AppendRefusal(nil, r)
}

// errNoKey: an attestation that was not made by NewAttestation.
var errNoKey = errors.New("attestation has no key")
