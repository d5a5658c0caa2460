package tpap_test

import (
	"bytes"
	"crypto/ecdh"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"wattle"
	"wattle/internal/wire/tpap"
)

// TestVectors reproduces every value of tpap.json, the client's messages and
// the device's, and prints how many there are.
func TestVectors(t *testing.T) {
	f := vectors(t)
	total := 0
	for _, section := range []struct {
		name  string
		cases int
		run   func(c *checker)
	}{
		{"constants", len(f.Constants.Suites) + len(f.Constants.Ciphers) + len(f.Constants.Points), constants},
		{"username_hash", len(f.UsernameHash.Cases), usernames},
		{"default_passcode", len(f.DefaultPasscode), defaultPasscodes},
		{"passcode_selection", len(f.PasscodeSelection.Cases), passcodes},
		{"credential_string", len(f.CredentialString), credentials},
		{"w0_encoding", len(f.W0Encoding), w0Encodings},
		{"aead", len(f.AEAD), frames},
		{"handshakes", len(f.Handshakes), handshakes},
		{"w0_fixed_form_variant", 1, fixedForm},
		{"handshake_failures", len(f.Failures.Cases), failures},
		{"dac", 1, attestations},
		{"noc_unconfirmed", 1, nocKeys},
		{"independent_crosscheck", 1, independent},
	} {
		t.Run(section.name, func(t *testing.T) {
			c := &checker{TB: t}
			section.run(c)
			if section.cases == 0 || c.n < section.cases {
				t.Errorf("%d values of %d cases", c.n, section.cases)
			}
			t.Logf("%s: %d cases, %d values", section.name, section.cases, c.n)
			total += c.n
		})
	}
	if len(f.Handshakes) != 29 {
		t.Errorf("%d handshakes, want 29", len(f.Handshakes))
	}
	t.Logf("tpap.json: %d handshakes, %d values in all", len(f.Handshakes), total)
}

func constants(c *checker) {
	f := vectors(c)
	for number, want := range f.Constants.Suites {
		n, err := strconv.Atoi(number)
		c.ok("number", err)
		s, err := tpap.SuiteOf(n)
		c.ok("suite", err)
		c.same("curve", s.Group().Name(), want.Curve)
		c.same("hash", fmt.Sprintf("SHA-%d", 8*s.Hash().Size()), want.Hash)
		p := f.Constants.Points[want.Curve]
		c.equal("order", s.Group().Order().Bytes(), bytes.TrimLeft(p.Order, "\x00"))
		for _, pair := range [][2]hexBytes{{p.M, p.MLong}, {p.N, p.NLong}} {
			long, err := s.Group().Decode(pair[0])
			c.ok("decode", err)
			c.equal("point", long, pair[1])
			c.equal("compressed", tpap.Compress(long), pair[0])
		}
		c.equal("M", s.Group().M(), p.MLong)
		c.equal("N", s.Group().N(), p.NLong)
	}
	c.same("suites", len(tpap.Suites()), len(f.Constants.Suites))
	for name, want := range f.Constants.Ciphers {
		s, err := tpap.SuiteOf(1)
		c.ok("suite", err)
		session, err := tpap.NewSession(s, name, []byte("shared"), 1)
		c.ok(name, err)
		key, nonce := session.Keys()
		c.same("sizes of "+name, []int{len(key), len(nonce)}, []int{want.KeyLen, want.NonceLen})
		frame, err := session.AppendSealed(nil, 1, nil)
		c.ok(name, err)
		c.same("tag of "+name, len(frame)-4, want.TagLen)
	}
	c.same("ciphers", len(tpap.Ciphers()), len(f.Constants.Ciphers))
	root, want := tpap.Root(), f.Constants.Root
	sum := sha256.Sum256(root.Raw)
	c.same("fingerprint", hex.EncodeToString(sum[:]), want.Fingerprint)
	c.equal("key id", root.SubjectKeyId, want.KeyID)
	c.same("from", root.NotBefore.Format(time.RFC3339), want.NotBefore)
	c.same("to", root.NotAfter.Format(time.RFC3339), want.NotAfter)
	key, err := root.PublicKey.(*ecdsa.PublicKey).Bytes()
	c.ok("public key", err)
	c.equal("public key", key, want.PublicKey)
	c.hold("the root signed itself", tpap.VerifyChain([]*x509.Certificate{root}, []*x509.Certificate{root}, root.NotBefore) == nil)
}

func usernames(c *checker) {
	f := vectors(c)
	for _, v := range f.UsernameHash.Cases {
		c.same("username", tpap.UserFormOf(v.HashType).Username(), v.Username)
	}
	c.same("literal", tpap.UserLiteral.Username(), f.UsernameHash.Other.Literal)
	c.same("forms", tpap.UserForms(tpap.UserSHA256), []tpap.UserForm{tpap.UserSHA256, tpap.UserMD5, tpap.UserLiteral})
}

func defaultPasscodes(c *checker) {
	for _, v := range vectors(c).DefaultPasscode {
		code, err := tpap.DefaultPasscode(v.MAC)
		c.ok(v.MAC, err)
		c.same(v.MAC, code.Reveal(), v.Passcode)
	}
	for _, mac := range []string{"", "AA-BB", "AA-BB-CC-DD-EE-0G", "AA-BB-CC-DD-EE-01-02"} {
		_, err := tpap.DefaultPasscode(mac)
		c.hold("refused "+mac, errors.Is(err, wattle.ErrProtocol))
	}
}

func passcodes(c *checker) {
	selection := vectors(c).PasscodeSelection
	for _, v := range selection.Cases {
		name := fmt.Sprintf("%s %v", v.DeviceType, v.Pake)
		kind := tpap.KindOf(v.DeviceType, wattle.SMART)
		c.same(name+" kind", kind, kindOf(v.Family))
		want := ""
		if v.Type != nil {
			want = *v.Type
		}
		got := tpap.PasscodeType(kind, v.Pake)
		c.same(name, got, want)
		secrets := []string{}
		for _, s := range tpap.Secrets(kind, got, v.Pake, wattle.NewSecret(selection.Password), selection.MAC) {
			secrets = append(secrets, s.Text.Reveal())
		}
		if v.Secrets == nil {
			v.Secrets = []string{}
		}
		c.same(name+" secrets", secrets, v.Secrets)
	}
	c.same("camera without a type", tpap.KindOf("", wattle.SMARTCAM), tpap.Camera)
	c.same("hub of the camera kind", tpap.KindOf("SMART.TAPOHUB", wattle.SMARTCAM), tpap.Plug)
	c.same("empty password", len(tpap.Secrets(tpap.Plug, tpap.UserPW, []int{2}, wattle.Secret{}, selection.MAC)), 0)
}

func credentials(c *checker) {
	for _, v := range vectors(c).CredentialString {
		var x tpap.ExtraCrypt
		if v.ExtraCrypt != nil {
			x = *v.ExtraCrypt
		}
		kind := kindOf(v.Family)
		got, err := x.Credential(tpap.Identity{Kind: kind, Passcode: v.Type, Username: v.Username, MAC: v.MAC}, wattle.NewSecret(v.Secret))
		c.ok(v.Name, err)
		c.same(v.Name, got.Reveal(), v.Credential)
		secrets := tpap.Secrets(kind, v.Type, v.Pake, wattle.NewSecret(v.Password), v.MAC)
		c.hold(v.Name+": secret is among the candidates", slices.ContainsFunc(secrets, func(s tpap.Secret) bool { return s.Text.Reveal() == v.Secret }))
	}
}

func w0Encodings(c *checker) {
	for _, v := range vectors(c).W0Encoding {
		// As the scalar of a curve, in full size.
		full := append(make([]byte, max(32, len(v.W0))-len(v.W0)), v.W0...)
		c.equal(v.Case+" minimal", tpap.EncodeW0(full, tpap.W0Minimal), v.Minimal)
		if v.Fixed != nil {
			c.equal(v.Case+" fixed", tpap.EncodeW0(full, tpap.W0Fixed), *v.Fixed)
		}
	}
}

func frames(c *checker) {
	for _, v := range vectors(c).AEAD {
		number := 1
		if v.HKDFHash == "SHA512" {
			number = 2
		}
		s, err := tpap.SuiteOf(number)
		c.ok("suite", err)
		session, err := tpap.NewSession(s, v.Cipher, v.Shared, 7)
		c.ok(v.Cipher, err)
		key, nonce := session.Keys()
		c.equal("key", key, v.Key)
		c.equal("nonce", nonce, v.Nonce)
		for _, frame := range v.Frames {
			sealed, err := session.AppendSealed(nil, frame.Seq, []byte(frame.Plaintext))
			c.ok("seal", err)
			c.equal("frame", sealed, frame.Body)
			_, nonce := session.Keys()
			c.equal("nonce of the frame", nonce, frame.Nonce)
			seq, plain, err := session.Open(slices.Clone(frame.Body))
			c.ok("open", err)
			c.same("seq", seq, frame.Seq)
			c.equal("plain", plain, []byte(frame.Plaintext))
		}
	}
}

// handshakes goes through all messages of each login, as client and as device.
func handshakes(c *checker) {
	for _, h := range vectors(c).Handshakes {
		c.TB.(*testing.T).Run(h.Name, func(t *testing.T) {
			d := &checker{TB: t}
			oneHandshake(d, &h)
			c.n += d.n
		})
	}
}

func oneHandshake(c *checker, h *handshake) {
	// 1: discovery.
	discover, answer := h.Login[0].Request, h.Login[0].Answer
	c.json("discover", tpap.AppendDiscover(nil), discover)
	request, err := tpap.ParseRequest(discover)
	c.ok("discover", err)
	c.hold("it is a discovery", request.Register == nil && request.Share == nil && !request.OldProbe)
	found, err := tpap.ParseDiscovered(answer)
	c.ok("discovered", err)
	c.json("discovered", tpap.AppendDiscovered(nil, found), answer)
	c.hold("it wants TPAP", !found.WantsKLAP())
	c.same("mac", found.MAC, h.MAC)

	// The secrets to try.
	kind := tpap.KindOf(h.DeviceFamily, wattle.SMART)
	passcode := tpap.PasscodeType(kind, found.Offer.Pake)
	secrets := tpap.Secrets(kind, passcode, found.Offer.Pake, wattle.NewSecret(h.Password), found.MAC)
	last := len(h.Login) - 2 // register and share of the login that works
	attempts := last/2 + last%2

	// A camera may refuse the first of them.
	if attempts == 2 {
		_, err := tpap.ParseConfirmed(h.Login[2].Answer)
		var refusal *tpap.RefusedError
		c.hold("the first secret is refused", errors.As(err, &refusal) && refusal.Code == -40401 && refusal.Failed == 1 && refusal.Remaining == 14 && refusal.Locked == 0)
		c.json("refusal", tpap.AppendRefusal(nil, refusal), h.Login[2].Answer)
	}
	secret := secrets[attempts-1].Text

	// 2: register.
	s, err := tpap.SuiteOf(h.Suite)
	c.ok("suite", err)
	register := &tpap.Register{
		Username: tpap.UserFormOf(found.Offer.UserHashType).Username(), UserRandom: tpap.Bytes(h.UserRandom),
		// The vectors offer what is known to work, whatever their device chooses.
		Suites: []int{tpap.Suite1}, Ciphers: []string{tpap.AES128CCM}, Passcode: passcode,
	}
	c.json("register", tpap.AppendRegister(nil, register), h.Login[last].Request)
	request, err = tpap.ParseRequest(h.Login[last].Request)
	c.ok("register", err)
	c.same("register read", request.Register, register)
	registered, err := tpap.ParseRegistered(h.Login[last].Answer)
	c.ok("registered", err)
	c.json("registered", tpap.AppendRegistered(nil, registered), h.Login[last].Answer)
	c.equal("dev_random", registered.DevRandom, h.DevRandom)
	c.equal("dev_salt", registered.DevSalt, h.DevSalt)
	c.same("chosen", []any{registered.Suite, registered.Cipher, registered.Iterations}, []any{h.Suite, h.Encryption, h.Iterations})

	// Secret to scalars.
	var x tpap.ExtraCrypt
	if registered.ExtraCrypt != nil {
		x = *registered.ExtraCrypt
	}
	credential, err := x.Credential(tpap.Identity{Kind: kind, Passcode: passcode, Username: h.Username, MAC: found.MAC}, secret)
	c.ok("credential", err)
	c.same("credential", credential.Reveal(), h.Credential)
	verifier, err := tpap.Derive(s, credential, registered.DevSalt, registered.Iterations)
	c.ok("derive", err)
	w0, w1 := verifier.Scalars()
	c.equal("w0", w0, scalar(s, h.W0))
	c.equal("w1", w1, scalar(s, h.W1))
	c.equal("w0 of the derived key", s.Group().Reduce(h.PBKDF2[:40]), w0)
	c.equal("w1 of the derived key", s.Group().Reduce(h.PBKDF2[40:]), w1)
	c.equal("w0 encoded", tpap.EncodeW0(w0, tpap.W0Minimal), h.W0Encoded)
	l, err := verifier.Registration()
	c.ok("registration", err)
	c.equal("L", l, h.L)

	// The exchange, on both sides.
	e := &tpap.Exchange{Verifier: verifier, Form: tpap.W0Minimal, UserRandom: h.UserRandom, DevRandom: registered.DevRandom}
	client, err := e.Client(scalar(s, h.X), registered.DevShare)
	c.ok("client", err)
	share, err := e.DeviceShare(scalar(s, h.Y))
	c.ok("device share", err)
	c.equal("device share", share, h.DevShare)
	long, err := s.Group().Decode(registered.DevShare)
	c.ok("dev_share", err)
	c.equal("dev_share", long, h.DevShare)
	device, err := e.Device(scalar(s, h.Y), share, l, client.UserShare)
	c.ok("device", err)
	c.equal("context", e.Context(), h.Context)
	for side, o := range map[string]*tpap.Outcome{"client": client, "device": device} {
		c.equal(side+" user_share", o.UserShare, h.UserShare)
		c.equal(side+" dev_share", o.DevShare, h.DevShare)
		c.equal(side+" transcript", o.Transcript(), h.Transcript)
		c.hold(side+" Z and V are in it", bytes.Contains(o.Transcript(), h.Z) && bytes.Contains(o.Transcript(), h.V))
		hash := s.Hash()
		hash.Write(o.Transcript())
		c.equal(side+" transcript hash", hash.Sum(nil), h.TranscriptHash)
		c.equal(side+" shared key", o.Shared, h.Shared)
		c.equal(side+" user_confirm", o.UserConfirm, h.UserConfirm)
		c.equal(side+" dev_confirm", o.DevConfirm, h.DevConfirm)
	}
	c.equal("confirmation keys", tpap.ConfirmationKeys(s, client), h.ConfirmationKeys)

	// 3: share.
	sent := &tpap.Share{UserShare: client.UserShare, UserConfirm: client.UserConfirm}
	if h.DAC != nil {
		sent.DACNonce = tpap.Bytes(h.DAC.Nonce)
	}
	c.json("share", tpap.AppendShare(nil, sent), h.Login[last+1].Request)
	request, err = tpap.ParseRequest(h.Login[last+1].Request)
	c.ok("share", err)
	c.same("share read", request.Share, sent)
	confirmed, err := tpap.ParseConfirmed(h.Login[last+1].Answer)
	c.ok("confirmed", err)
	c.hold("dev_confirm", tpap.Confirms(client.DevConfirm, confirmed.DevConfirm))
	c.json("confirmed", tpap.AppendConfirmed(nil, confirmed),
		bytes.Replace(h.Login[last+1].Answer, []byte(`"sessionId"`), []byte(`"stok"`), 1))
	c.same("start_seq", confirmed.StartSeq, h.StartSeq)
	if h.DAC != nil {
		root, err := tpap.ParseCertificate(vectors(c).DAC.Root)
		c.ok("root", err)
		now := time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)
		c.ok("attestation", confirmed.Verify([]*x509.Certificate{root}, client.Shared, h.DAC.Nonce, now))
		c.equal("what is signed", append(slices.Clone(client.Shared), h.DAC.Nonce...), h.DAC.Signed)
		c.hold("another root does not do", errors.Is(confirmed.Verify([]*x509.Certificate{tpap.Root()}, client.Shared, h.DAC.Nonce, now), tpap.ErrAttestation))
		c.hold("another key does not do", errors.Is(confirmed.Verify([]*x509.Certificate{root}, client.UserConfirm, h.DAC.Nonce, now), tpap.ErrAttestation))
	}

	// 4: messages, each half with a session of its own.
	theirs, err := tpap.NewSession(s, registered.Cipher, device.Shared, confirmed.StartSeq)
	c.ok("session", err)
	ours, err := tpap.NewSession(s, registered.Cipher, client.Shared, confirmed.StartSeq)
	c.ok("session", err)
	key, nonce := ours.Keys()
	c.equal("session key", key, h.Key)
	c.equal("base nonce", nonce, h.Nonce)
	for _, m := range h.DS {
		_, raw := tpap.SessionPath(confirmed.SessionID)
		c.hold("URL "+m.URL, strings.HasSuffix(m.URL, raw))
		id, ok := tpap.ParseSessionPath(m.URL[strings.LastIndex(m.URL, "/stok="):])
		c.hold("session id", ok && id == confirmed.SessionID)
		seq := ours.Next()
		c.same("seq", seq, m.Seq)
		c.same("seq expected", theirs.Next(), m.Seq)
		body, err := ours.AppendSealed(nil, seq, []byte(m.Request))
		c.ok("seal", err)
		c.equal("request", body, m.RequestBody)
		_, nonce := ours.Keys()
		c.equal("nonce", nonce, m.Nonce)
		seq, plain, err := theirs.Open(body)
		c.ok("open", err)
		c.same("request read", []any{seq, string(plain)}, []any{m.Seq, m.Request})
		body, err = theirs.AppendSealed(nil, seq, []byte(m.Answer))
		c.ok("seal", err)
		c.equal("answer", body, m.AnswerBody)
		seq, plain, err = ours.Open(body)
		c.ok("open", err)
		c.same("answer read", []any{seq, string(plain)}, []any{m.Seq, m.Answer})
	}
}

func fixedForm(c *checker) {
	f := vectors(c)
	v := f.W0Fixed
	i := slices.IndexFunc(f.Handshakes, func(h handshake) bool { return h.Name == v.Of })
	h := f.Handshakes[i]
	s, err := tpap.SuiteOf(h.Suite)
	c.ok("suite", err)
	verifier, err := tpap.Derive(s, wattle.NewSecret(h.Credential), h.DevSalt, h.Iterations)
	c.ok("derive", err)
	w0, _ := verifier.Scalars()
	c.equal("w0 encoded", tpap.EncodeW0(w0, tpap.W0Fixed), v.W0Encoded)
	c.hold("the forms differ", verifier.FormsDiffer())
	e := &tpap.Exchange{Verifier: verifier, Form: tpap.W0Fixed, UserRandom: h.UserRandom, DevRandom: h.DevRandom}
	client, err := e.Client(scalar(s, h.X), h.DevShare)
	c.ok("client", err)
	l, err := verifier.Registration()
	c.ok("registration", err)
	device, err := e.Device(scalar(s, h.Y), h.DevShare, l, h.UserShare)
	c.ok("device", err)
	for _, o := range []*tpap.Outcome{client, device} {
		sum := sha256.Sum256(o.Transcript())
		c.equal("transcript hash", sum[:], v.TranscriptHash)
		c.equal("confirmation keys", tpap.ConfirmationKeys(s, o), v.ConfirmationKeys)
		c.equal("shared key", o.Shared, v.Shared)
		c.equal("user_confirm", o.UserConfirm, v.UserConfirm)
		c.equal("dev_confirm", o.DevConfirm, v.DevConfirm)
	}
}

// failures: the vectors hold what the reference client says to a refusal; the
// code in it must be read here as a refusal of the login.
func failures(c *checker) {
	for _, v := range vectors(c).Failures.Cases {
		_, rest, _ := strings.Cut(v.Message, "(")
		text, _, _ := strings.Cut(rest, ")")
		code, err := strconv.Atoi(text)
		c.ok(v.Name, err)
		body := tpap.AppendRefusal(nil, &tpap.RefusedError{Code: code, Failed: 1, Remaining: 14})
		_, err = tpap.ParseConfirmed(body)
		var refusal *tpap.RefusedError
		c.hold(v.Name, errors.As(err, &refusal) && *refusal == tpap.RefusedError{Code: code, Failed: 1, Remaining: 14})
	}
}

func attestations(c *checker) {
	v := vectors(c).DAC
	leaf, err := tpap.ParseCertificate(v.Leaf)
	c.ok("leaf", err)
	for name, text := range map[string]string{
		"base64 of PEM": base64.StdEncoding.EncodeToString([]byte(v.Leaf)), "base64 of DER": v.Base64, "PEM with space": "\n" + v.Leaf + "\n",
	} {
		again, err := tpap.ParseCertificate(text)
		c.ok(name, err)
		c.hold(name, again.Equal(leaf))
	}
	root, err := tpap.ParseCertificate(v.Root)
	c.ok("root", err)
	roots := []*x509.Certificate{tpap.Root(), root}
	key, err := ecdsa.ParseRawPrivateKey(elliptic.P256(), v.Key)
	c.ok("key", err)
	c.hold("key is the leaf's", key.PublicKey.Equal(leaf.PublicKey))
	shared, nonce := []byte("shared"), []byte("nonce")
	proof, err := tpap.Prove(rand.Reader, key, shared, nonce)
	c.ok("prove", err)
	now := time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)
	good := tpap.Attestation{Certificate: v.Leaf, Issuer: v.ICA, Proof: proof}
	c.ok("verify", good.Verify(roots, shared, nonce, now))
	bad := func(name string, change func(*tpap.Attestation), roots []*x509.Certificate, nonce string, now time.Time) {
		a := good
		change(&a)
		c.hold(name+" is refused", errors.Is(a.Verify(roots, shared, []byte(nonce), now), tpap.ErrAttestation))
	}
	same := func(*tpap.Attestation) {}
	bad("no issuer", func(a *tpap.Attestation) { a.Issuer = "" }, roots, "nonce", now)
	bad("no certificate", func(a *tpap.Attestation) { a.Certificate = "" }, roots, "nonce", now)
	bad("a certificate that is none", func(a *tpap.Attestation) { a.Certificate = "AAAA" }, roots, "nonce", now)
	bad("a wrong proof", func(a *tpap.Attestation) { a.Proof = []byte{1} }, roots, "nonce", now)
	bad("issuer and leaf exchanged", func(a *tpap.Attestation) { a.Certificate, a.Issuer = a.Issuer, a.Certificate }, roots, "nonce", now)
	bad("a leaf as issuer", func(a *tpap.Attestation) { a.Issuer = a.Certificate }, roots, "nonce", now)
	bad("an unknown root", same, roots[:1], "nonce", now)
	bad("another nonce", same, roots, "other", now)
	bad("too early", same, roots, "nonce", time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC))
	bad("too late", same, roots, "nonce", time.Date(2200, 1, 1, 0, 0, 0, 0, time.UTC))
}

// nocKeys: wattle has no login by certificate; its key schedule is that of a
// session all the same.
func nocKeys(c *checker) {
	v := vectors(c).NOC
	var keys struct {
		User    hexBytes `json:"user_private_hex"`
		Dev     hexBytes `json:"dev_private_hex"`
		UserPub hexBytes `json:"user_pk_hex"`
		DevPub  hexBytes `json:"dev_pk_hex"`
	}
	var file struct {
		NOC json.RawMessage `json:"noc_unconfirmed"`
	}
	readJSON(c, &file)
	c.ok("keys", json.Unmarshal(file.NOC, &keys))
	for _, side := range [][2]hexBytes{{keys.User, keys.DevPub}, {keys.Dev, keys.UserPub}} {
		private, err := ecdh.P256().NewPrivateKey(side[0])
		c.ok("private key", err)
		public, err := ecdh.P256().NewPublicKey(side[1])
		c.ok("public key", err)
		x, err := private.ECDH(public)
		c.ok("ECDH", err)
		c.equal("ECDH", x, v.ECDH)
	}
	s, err := tpap.SuiteOf(1)
	c.ok("suite", err)
	session, err := tpap.NewSession(s, tpap.AES128CCM, v.ECDH, v.Seq)
	c.ok("session", err)
	key, nonce := session.Keys()
	c.equal("key", key, v.Key)
	c.equal("nonce", nonce, v.Nonce)
	frame, err := session.AppendSealed(nil, v.Seq, []byte(v.Plaintext))
	c.ok("seal", err)
	c.equal("proof", frame[4:], append(slices.Clone(v.Sealed), v.Tag...))
}

func independent(c *checker) {
	v := vectors(c).Independent
	s, err := tpap.SuiteOf(1)
	c.ok("suite", err)
	secret := tpap.Secrets(tpap.Camera, tpap.UserPW, []int{2}, wattle.NewSecret(v.Password), "")[0]
	verifier, err := tpap.Derive(s, secret.Text, v.Salt, v.Iterations)
	c.ok("derive", err)
	e := &tpap.Exchange{Verifier: verifier, Form: tpap.W0Fixed, UserRandom: v.UserRandom, DevRandom: v.DevRandom}
	c.hold("both forms are the same", !verifier.FormsDiffer())
	o, err := e.Client(scalar(s, v.X), v.DevShare)
	c.ok("client", err)
	c.equal("user_share", o.UserShare, v.UserShare)
	c.equal("user_confirm", o.UserConfirm, v.UserConfirm)
	c.equal("dev_confirm", o.DevConfirm, v.DevConfirm)
	session, err := tpap.NewSession(s, tpap.AES128CCM, o.Shared, v.Seq)
	c.ok("session", err)
	key, nonce := session.Keys()
	c.equal("key", key, v.Key)
	c.equal("nonce", nonce, v.Nonce)
	body, err := session.AppendSealed(nil, v.Seq, []byte(v.Inner))
	c.ok("seal", err)
	c.equal("body", body, v.Body)
}
