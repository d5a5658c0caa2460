package tpap_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"testing"

	"wattle"
	"wattle/internal/wire/tpap"
)

// seed adds the messages of all handshakes.
func seed(f *testing.F, add func(h *handshake)) {
	f.Helper()
	for i := range vectors(f).Handshakes {
		add(&vectors(f).Handshakes[i])
	}
}

func FuzzLoginAnswers(f *testing.F) {
	seed(f, func(h *handshake) {
		for _, m := range h.Login {
			f.Add([]byte(m.Answer))
		}
	})
	f.Fuzz(func(t *testing.T, body []byte) {
		known := func(err error) {
			t.Helper()
			var refusal *tpap.RefusedError
			if err != nil && !errors.Is(err, wattle.ErrProtocol) && !errors.As(err, &refusal) {
				t.Errorf("%v has no class", err)
			}
		}
		discovered, err := tpap.ParseDiscovered(body)
		known(err)
		if err == nil {
			if _, err := tpap.ParseDiscovered(tpap.AppendDiscovered(nil, discovered)); err != nil {
				t.Errorf("written anew: %v", err)
			}
		}
		registered, err := tpap.ParseRegistered(body)
		known(err)
		if err == nil {
			if _, err := tpap.ParseRegistered(tpap.AppendRegistered(nil, registered)); err != nil {
				t.Errorf("written anew: %v", err)
			}
		}
		confirmed, err := tpap.ParseConfirmed(body)
		known(err)
		if err == nil {
			again, err := tpap.ParseConfirmed(tpap.AppendConfirmed(nil, confirmed))
			if err != nil || again.SessionID != confirmed.SessionID || again.StartSeq != confirmed.StartSeq || again.Expires != confirmed.Expires {
				t.Errorf("written anew: %+v, %v, was %+v", again, err, confirmed)
			}
			if path, _ := tpap.SessionPath(confirmed.SessionID); path == "" {
				t.Error("no path")
			}
		}
		tpap.ParseRefusal(body)
	})
}

func FuzzParseRequest(f *testing.F) {
	seed(f, func(h *handshake) {
		for _, m := range h.Login {
			f.Add([]byte(m.Request))
		}
	})
	f.Add([]byte(`{"method":"login","params":{"cnonce":"0123456789ABCDEF","encrypt_type":"3","username":"admin"}}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		r, err := tpap.ParseRequest(body)
		if err != nil && !errors.Is(err, wattle.ErrProtocol) {
			t.Errorf("%v has no class", err)
		}
		if err == nil && r.Register != nil {
			again, err := tpap.ParseRequest(tpap.AppendRegister(nil, r.Register))
			if err != nil || again.Register == nil || !bytes.Equal(again.Register.UserRandom, r.Register.UserRandom) {
				t.Errorf("written anew: %+v, %v", again, err)
			}
		}
	})
}

func FuzzOpen(f *testing.F) {
	seed(f, func(h *handshake) {
		for _, m := range h.DS {
			f.Add([]byte(m.RequestBody))
			f.Add([]byte(m.AnswerBody))
		}
	})
	h := vectors(f).Handshakes[0]
	s, err := tpap.SuiteOf(h.Suite)
	if err != nil {
		f.Fatal(err)
	}
	session, err := tpap.NewSession(s, h.Encryption, h.Shared, h.StartSeq)
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, frame []byte) {
		original := bytes.Clone(frame)
		seq, plain, err := session.Open(frame)
		if err != nil {
			if !errors.Is(err, tpap.ErrFrame) {
				t.Errorf("%v is no ErrFrame", err)
			}
			return
		}
		// What opens is what this session seals.
		if again, err := session.AppendSealed(nil, seq, plain); err != nil || !bytes.Equal(again, original) {
			t.Errorf("%x opens to %x, which seals to %x, %v", original, plain, again, err)
		}
	})
}

func FuzzCredential(f *testing.F) {
	for _, v := range vectors(f).CredentialString {
		b, err := json.Marshal(v.ExtraCrypt)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b, v.Username, v.Secret)
	}
	f.Fuzz(func(t *testing.T, text []byte, username, secret string) {
		var x tpap.ExtraCrypt
		if json.Unmarshal(text, &x) != nil {
			return
		}
		if bytes.Contains(text, []byte("rounds")) {
			return // slow, and covered by a test of its own
		}
		for _, kind := range []tpap.Kind{tpap.Plug, tpap.Camera} {
			id := tpap.Identity{Kind: kind, Passcode: tpap.UserPW, Username: username, MAC: "AA-BB-CC-DD-EE-01"}
			if _, err := x.Credential(id, wattle.NewSecret(secret[:min(len(secret), 100)])); err != nil && !errors.Is(err, wattle.ErrProtocol) {
				t.Errorf("%v has no class", err)
			}
		}
	})
}

func FuzzParseCertificate(f *testing.F) {
	v := vectors(f)
	for _, text := range []string{v.DAC.Root, v.DAC.ICA, v.DAC.Leaf, v.DAC.Base64, v.Constants.Root.PEM} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		c, err := tpap.ParseCertificate(text)
		if (c == nil) == (err == nil) {
			t.Errorf("%v, %v", c, err)
		}
	})
}
