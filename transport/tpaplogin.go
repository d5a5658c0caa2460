package transport

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"time"

	"wattle"
	"wattle/internal/wire/tpap"
)

// maxVerifiers is how many are kept: two secrets of a camera, before and after a
// change of its salt.
const maxVerifiers = 4

// tpapVerifier is a verifier that was derived, and from what.
type tpapVerifier struct {
	of       [sha256.Size]byte
	verifier *tpap.Verifier
}

// tpapDevice is what a device tells before the login.
type tpapDevice struct {
	kind     tpap.Kind
	mac      string
	offer    tpap.Offer
	passcode string
}

// open makes a session: the device is asked what it wants, then its secrets are
// tried, each at most once.
func (c *tpapConn) open(ctx context.Context) error {
	if err := c.holdOff.check(time.Now(), c.options.TPAP.LastAttempts); err != nil {
		return c.wrap("login", err)
	}
	d, err := c.discover(ctx)
	if err != nil {
		return c.back(err)
	}
	refused := &AuthError{Route: c.route}
	for _, try := range c.tries(d) {
		again, err := c.try(ctx, d, &try, refused)
		if err != nil || !again {
			return c.back(err)
		}
		if c.options.OneLogin || refused.Left > 0 && refused.Left <= lastAttempts && !c.options.TPAP.LastAttempts {
			break
		}
	}
	return c.wrap("login", refused)
}

// discover asks the device how it wants to be talked to, and follows.
func (c *tpapConn) discover(ctx context.Context) (*tpapDevice, error) {
	body, err := c.login(ctx, "discover", tpapDiscoverHeader, tpap.AppendDiscover(nil))
	if err != nil {
		return nil, err
	}
	found, err := tpap.ParseDiscovered(body)
	if refusal, ok := errors.AsType[*tpap.RefusedError](err); ok {
		if locked := c.locked(refusal); locked != nil {
			return nil, c.wrap("discover", locked)
		}
		return nil, c.wrap("discover", fmt.Errorf("%w: device answered %d", wattle.ErrTransport, refusal.Code))
	}
	if err != nil {
		return nil, c.wrap("discover", fmt.Errorf("%w (%s)", wattle.ErrTransport, err.Error()))
	}
	if found.WantsKLAP() {
		return nil, c.wrap("discover", fmt.Errorf("the device asks for klap: %w", wattle.ErrTransport))
	}
	d := &tpapDevice{kind: tpap.KindOf(c.options.TPAP.DeviceType, c.route.Family), mac: found.MAC, offer: *found.Offer}
	if d.passcode = tpap.PasscodeType(d.kind, d.offer.Pake); d.passcode == "" {
		return nil, c.wrap("discover", fmt.Errorf("none of the logins that the device offers (%v) is known: %w", d.offer.Pake, wattle.ErrTransport))
	}
	return d, c.follow(&d.offer)
}

// follow goes where an offer points. What was reached over TLS stays there: an
// offer that takes it back is wrong, or not the device's. See
// docs/protocol/tpap.md section 1.2.
func (c *tpapConn) follow(offer *tpap.Offer) error {
	if c.http.base.Scheme == "https" {
		if offer.TLS == tpap.TLSNone {
			offer.TLS = tpap.TLSAny
		}
	} else {
		route := c.route
		route.TLS = offer.TLS != tpap.TLSNone
		route.Port = offer.Port
		if route.Port == 0 {
			if route.Port = c.route.Port; route.TLS {
				route.Port = route.DefaultPort()
			}
		}
		if route.TLS || route.Address() != c.http.base.Host && !c.stay {
			c.moved = true
			c.move(route)
		}
	}
	if offer.TLS != tpap.TLSVerified || c.options.TPAP.Attestation == AttestOff {
		return nil
	}
	vouched := func(chain []*x509.Certificate) error {
		if err := tpap.VerifyChain(chain, c.roots(), time.Now()); err != nil {
			return fmt.Errorf("%w: %w", wattle.ErrIdentity, err)
		}
		return nil
	}
	c.http.vouched.Store(&vouched)
	if chain := c.http.chain.Load(); chain != nil {
		// The connection was made before anybody knew.
		if err := vouched(*chain); err != nil {
			return c.wrap("discover", err)
		}
	}
	return nil
}

// move goes on at another port or over TLS.
func (c *tpapConn) move(route wattle.Route) {
	c.http.close()
	c.http = newPosterTo(route, &c.gate, c.options)
	c.learn(func(info *Info) { info.Route.TLS, info.Route.Port = route.TLS, route.Port })
}

// back returns to where the device answered first when nobody answers where it
// sent this Conn, as behind a router that translates ports. It gives err back.
func (c *tpapConn) back(err error) error {
	if c.moved && errors.Is(err, wattle.ErrUnreachable) {
		c.moved, c.stay = false, true
		c.move(c.route)
	}
	return err
}

// roots are the certificates that devices may descend from.
func (c *tpapConn) roots() []*x509.Certificate {
	return append([]*x509.Certificate{tpap.Root()}, c.options.TPAP.Roots...)
}

// login sends one message of the login and gives the body of its answer.
func (c *tpapConn) login(ctx context.Context, step string, header http.Header, body []byte) ([]byte, error) {
	c.http.limit = tpap.MaxLogin
	r, err := c.http.post(ctx, step, "/", "", header, body)
	if err != nil {
		return nil, err
	}
	switch {
	case r.status != http.StatusOK:
		return nil, c.wrap(step, fmt.Errorf("status %d: %w", r.status, wattle.ErrTransport))
	case r.isPage():
		return nil, c.wrap(step, fmt.Errorf("answered with a page of text: %w", wattle.ErrTransport))
	}
	return r.body, nil
}

// register begins a PAKE. The form of the user name and, where a device knows
// none of what is usual, the suites are found out on the way: a refusal here costs
// no attempt.
func (c *tpapConn) register(ctx context.Context, d *tpapDevice, t *tpapTry) (*tpap.Registered, []byte, error) {
	random := make([]byte, tpap.RandomSize)
	if _, err := io.ReadFull(c.options.Rand, random); err != nil {
		return nil, nil, c.wrap("random value", err)
	}
	forms := tpap.UserForms(tpap.UserFormOf(d.offer.UserHashType))
	if t.user != "" {
		forms = tpap.UserForms(t.user)
	}
	request := &tpap.Register{
		UserRandom: random, Passcode: d.passcode, Suites: []int{tpap.Suite1}, Ciphers: []string{tpap.AES128CCM},
	}
	for {
		request.Username, t.user = forms[0].Username(), forms[0]
		body, err := c.login(ctx, "register", tpapLoginHeader, tpap.AppendRegister(nil, request))
		if err != nil {
			return nil, nil, err
		}
		registered, err := tpap.ParseRegistered(body)
		refusal, isRefusal := errors.AsType[*tpap.RefusedError](err)
		switch {
		case err == nil:
			return registered, random, nil
		case !isRefusal:
			return nil, nil, c.wrap("register", err)
		case refusal.Code == codeUsername && len(forms) > 1:
			forms = forms[1:]
		case refusal.Code == codeParams && len(request.Suites) == 1:
			request.Suites, request.Ciphers = tpap.Suites(), tpap.Ciphers()
		default:
			return nil, nil, c.wrap("register", c.refusal(refusal, t))
		}
	}
}

// share proves the secret and makes the session.
func (c *tpapConn) share(ctx context.Context, d *tpapDevice, t *tpapTry, registered *tpap.Registered, random []byte) error {
	v, err := c.verifier(d, t, registered)
	if err != nil {
		return c.wrap("register", err)
	}
	x, err := v.Suite().Group().Random(c.options.Rand)
	if err != nil {
		return c.wrap("share", err)
	}
	form := tpap.W0Minimal
	if t.fixed {
		form = tpap.W0Fixed
	}
	t.forms = v.FormsDiffer()
	exchange := &tpap.Exchange{Verifier: v, Form: form, UserRandom: random, DevRandom: registered.DevRandom}
	outcome, err := exchange.Client(x, registered.DevShare)
	if err != nil {
		return c.wrap("register", err)
	}
	message := &tpap.Share{UserShare: outcome.UserShare, UserConfirm: outcome.UserConfirm}
	if policy := c.options.TPAP.Attestation; policy != AttestOff && d.offer.TLS == tpap.TLSNone && d.offer.DAC == 1 {
		message.DACNonce = make([]byte, tpap.RandomSize)
		if _, err := io.ReadFull(c.options.Rand, message.DACNonce); err != nil {
			return c.wrap("random value", err)
		}
	}
	body, err := c.login(ctx, "share", tpapLoginHeader, tpap.AppendShare(nil, message))
	if err != nil {
		return err
	}
	confirmed, err := tpap.ParseConfirmed(body)
	if refusal, ok := errors.AsType[*tpap.RefusedError](err); ok {
		return c.wrap("share", c.refusal(refusal, t))
	}
	if err != nil {
		return c.wrap("share", err)
	}
	if !tpap.Confirms(outcome.DevConfirm, confirmed.DevConfirm) {
		return c.wrap("share", fmt.Errorf("%w: %w", wattle.ErrIdentity, tpap.ErrConfirm))
	}
	if err := c.attest(ctx, d, message.DACNonce, outcome, confirmed); err != nil {
		return c.wrap("share", err)
	}
	keys, err := tpap.NewSession(v.Suite(), registered.Cipher, outcome.Shared, confirmed.StartSeq)
	if err != nil {
		return c.wrap("register", err)
	}
	lifetime := time.Duration(confirmed.Expires) * time.Second
	c.use(&tpapSession{id: confirmed.SessionID, keys: keys, label: t.label(d), expires: expiry(time.Now(), lifetime)})
	return nil
}

// verifier derives the scalars, or finds them where it did so before.
func (c *tpapConn) verifier(d *tpapDevice, t *tpapTry, r *tpap.Registered) (*tpap.Verifier, error) {
	suite, err := tpap.SuiteOf(r.Suite)
	if err != nil {
		return nil, err
	}
	var extra tpap.ExtraCrypt
	if r.ExtraCrypt != nil {
		extra = *r.ExtraCrypt
	}
	of := sha256.Sum256(fmt.Appendf(nil, "%d %d %x %q %q %x %q", suite.Number, r.Iterations, r.DevSalt, t.secret.Label, extra.Type, extra.Params, d.mac))
	for i, known := range c.verifiers {
		if subtle.ConstantTimeCompare(known.of[:], of[:]) == 1 {
			// The last one used stays longest.
			c.verifiers = append(slices.Delete(c.verifiers, i, i+1), known)
			return known.verifier, nil
		}
	}
	credential, err := extra.Credential(tpap.Identity{
		Kind: d.kind, Passcode: d.passcode, Username: c.options.Account.Username, MAC: d.mac,
	}, t.secret.Text)
	if err != nil {
		return nil, err
	}
	v, err := tpap.Derive(suite, credential, r.DevSalt, r.Iterations)
	if err != nil {
		return nil, err
	}
	if len(c.verifiers) == maxVerifiers {
		c.verifiers = c.verifiers[1:]
	}
	c.verifiers = append(c.verifiers, tpapVerifier{of, v})
	return v, nil
}

// attest checks that the device is genuine, as far as the policy wants it.
func (c *tpapConn) attest(ctx context.Context, d *tpapDevice, nonce []byte, o *tpap.Outcome, confirmed *tpap.Confirmed) error {
	required := c.options.TPAP.Attestation == AttestRequired
	switch {
	case nonce != nil && !confirmed.Missing():
		if err := confirmed.Verify(c.roots(), o.Shared, nonce, time.Now()); err != nil {
			return fmt.Errorf("%w: %w", wattle.ErrIdentity, err)
		}
	case required && d.offer.TLS != tpap.TLSVerified:
		return fmt.Errorf("%w: %w: it offers no proof", wattle.ErrIdentity, tpap.ErrAttestation)
	case nonce != nil:
		c.options.Logger.WarnContext(ctx, "device sent no attestation although it offers one")
	}
	return nil
}
