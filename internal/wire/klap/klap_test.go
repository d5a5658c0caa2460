package klap_test

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"wattle"
	"wattle/internal/wire/klap"
)

type vector struct {
	Name         string     `json:"name"`
	Username     string     `json:"username"`
	Password     string     `json:"password"`
	AuthHash     string     `json:"auth_hash_hex"`
	AuthHash64   string     `json:"auth_hash_base64"`
	LocalSeed    string     `json:"local_seed_hex"`
	RemoteSeed   string     `json:"remote_seed_hex"`
	Handshake1   string     `json:"handshake1_request_body_hex"`
	ServerHash   string     `json:"handshake1_server_hash_hex"`
	Answer1      string     `json:"handshake1_response_body_hex"`
	Handshake2   string     `json:"handshake2_request_body_hex"`
	Seq          int32      `json:"initial_seq"`
	Exchanges    []exchange `json:"exchanges"`
	version      int
	account      wattle.Credentials
	local, other klap.Seed
}

type exchange struct {
	Seq      int32  `json:"seq"`
	URL      string `json:"url_path_and_query"`
	Request  string `json:"request_plaintext"`
	Sealed   string `json:"request_body_hex"`
	Response string `json:"response_plaintext"`
	Answer   string `json:"response_body_hex"`
}

func vectors(tb testing.TB) []vector {
	tb.Helper()
	var all []vector
	for _, version := range []int{klap.V1, klap.V2} {
		data, err := os.ReadFile(filepath.Join("testdata", fmt.Sprintf("klap_v%d.json", version)))
		if err != nil {
			tb.Fatal(err)
		}
		var file struct {
			Cases []vector `json:"cases"`
		}
		if err := json.Unmarshal(data, &file); err != nil {
			tb.Fatal(err)
		}
		for _, v := range file.Cases {
			v.version = version
			v.account = wattle.Credentials{Username: v.Username, Password: wattle.NewSecret(v.Password)}
			v.local, v.other = klap.Seed(unhex(tb, v.LocalSeed)), klap.Seed(unhex(tb, v.RemoteSeed))
			all = append(all, v)
		}
	}
	return all
}

func unhex(tb testing.TB, s string) []byte {
	tb.Helper()
	b, err := hex.DecodeString(s)
	if err != nil {
		tb.Fatal(err)
	}
	return b
}

func TestVectors(t *testing.T) {
	cases, checks := vectors(t), 0
	for _, v := range cases {
		t.Run(fmt.Sprintf("v%d/%s", v.version, v.Name), func(t *testing.T) {
			equal := func(what string, got, want []byte) {
				t.Helper()
				checks++
				if !bytes.Equal(got, want) {
					t.Errorf("%s = %x, want %x", what, got, want)
				}
			}
			hold := func(what string, ok bool) {
				t.Helper()
				checks++
				if !ok {
					t.Errorf("%s does not hold", what)
				}
			}
			auth := klap.NewAuth(v.version, v.account)
			equal("auth hash", auth.Bytes(), unhex(t, v.AuthHash))
			stored, err := base64.StdEncoding.DecodeString(v.AuthHash64)
			if err != nil {
				t.Fatal(err)
			}
			again, err := klap.ParseAuth(stored)
			hold("ParseAuth of what was stored", err == nil && again == auth && again.Version() == v.version)

			// The handshakes: what each half makes, the other accepts.
			equal("handshake1", v.local[:], unhex(t, v.Handshake1))
			hash := auth.ServerHash(v.local, v.other)
			equal("server hash", hash[:], unhex(t, v.ServerHash))
			equal("answer to handshake1", klap.AppendHandshake1Answer(nil, auth, v.local, v.other), unhex(t, v.Answer1))
			remote, hash, err := klap.ParseHandshake1Answer(unhex(t, v.Answer1))
			hold("ParseHandshake1Answer", err == nil && remote == v.other)
			hold("Fits", auth.Fits(v.local, remote, hash))
			payload := auth.ClientHash(v.local, v.other)
			equal("handshake2", payload[:], unhex(t, v.Handshake2))
			hold("Proves", auth.Proves(v.local, v.other, unhex(t, v.Handshake2)))
			other := klap.NewAuth(klap.V1+klap.V2-v.version, v.account)
			hold("the other version does not fit", !other.Fits(v.local, remote, hash))
			hold("the other version does not prove", !other.Proves(v.local, remote, payload[:]))

			client, device := klap.NewSession(auth, v.local, v.other), klap.NewSession(auth, v.local, v.other)
			hold("first number", client.Seq() == v.Seq)
			for _, x := range v.Exchanges {
				seq := client.Next()
				hold("number", seq == x.Seq)
				equal("URL", klap.AppendQuery([]byte("/app/request?"), seq), []byte(x.URL))
				_, query, _ := strings.Cut(x.URL, "?")
				parsed, err := klap.ParseQuery(query)
				hold("number in the URL", err == nil && parsed == x.Seq)

				equal("request", client.AppendSealed(nil, seq, []byte(x.Request)), unhex(t, x.Sealed))
				got, err := device.Open(seq, unhex(t, x.Sealed))
				hold("request opens", err == nil)
				equal("request message", got, []byte(x.Request))
				equal("answer", device.AppendSealed(nil, seq, []byte(x.Response)), unhex(t, x.Answer))
				got, err = client.Open(seq, unhex(t, x.Answer))
				hold("answer opens", err == nil)
				equal("answer message", got, []byte(x.Response))
			}
		})
	}
	t.Logf("klap_v1.json and klap_v2.json: %d cases, %d checks, both directions", len(cases), checks)
}

func pair(tb testing.TB) (client, device *klap.Session) {
	tb.Helper()
	auth := klap.NewAuth(klap.V2, wattle.SetupTapo())
	local, remote := klap.Seed{1}, klap.Seed{2}
	return klap.NewSession(auth, local, remote), klap.NewSession(auth, local, remote)
}

func TestOpenRefuses(t *testing.T) {
	client, device := pair(t)
	good := client.AppendSealed(nil, 7, []byte(`{"method":"get_device_info"}`))
	flip := func(i int) []byte {
		b := bytes.Clone(good)
		b[i] ^= 1
		return b
	}
	for _, tt := range []struct {
		name string
		seq  int32
		body []byte
		want error
	}{
		{"right", 7, good, nil},
		{"other number", 8, good, klap.ErrSignature},
		{"signature changed", 7, flip(0), klap.ErrSignature},
		{"message changed", 7, flip(len(good) - 1), klap.ErrSignature},
		{"message cut", 7, good[:len(good)-1], klap.ErrSignature},
		{"empty", 7, nil, klap.ErrCiphertext},
		{"short", 7, good[:31], klap.ErrCiphertext},
	} {
		t.Run(tt.name, func(t *testing.T) {
			body := bytes.Clone(tt.body)
			_, err := device.Open(tt.seq, body)
			if !errors.Is(err, tt.want) {
				t.Errorf("Open: %v, want %v", err, tt.want)
			}
			if errors.Is(err, klap.ErrSignature) && !bytes.Equal(body, tt.body) {
				t.Error("Open changed a body that it refused")
			}
			if err != nil && !errors.Is(err, wattle.ErrProtocol) {
				t.Errorf("%v is no wattle.ErrProtocol", err)
			}
		})
	}
	for _, body := range [][]byte{nil, good[:32], good[:47], good[:48]} {
		if _, err := device.Decrypt(7, bytes.Clone(body)); !errors.Is(err, klap.ErrCiphertext) {
			t.Errorf("Decrypt of %d bytes: %v, want %v", len(body), err, klap.ErrCiphertext)
		}
	}
}

func TestWrap(t *testing.T) {
	s, _ := pair(t)
	s.SetSeq(klap.LastSeq)
	if got := s.Next(); got != math.MinInt32 {
		t.Errorf("after %d comes %d, want %d", klap.LastSeq, got, math.MinInt32)
	}
}

func TestParseQuery(t *testing.T) {
	for _, tt := range []struct {
		query string
		want  int32
		ok    bool
	}{
		{"seq=1", 1, true},
		{"seq=-2147483648", math.MinInt32, true},
		{"a=b&seq=5&c", 5, true},
		{"", 0, false},
		{"seq=", 0, false},
		{"seq=x", 0, false},
		{"seq=2147483648", 0, false},
		{"xseq=1", 0, false},
	} {
		got, err := klap.ParseQuery(tt.query)
		if got != tt.want || (err == nil) != tt.ok {
			t.Errorf("ParseQuery(%q) = %d, %v, want %d", tt.query, got, err, tt.want)
		}
	}
}

func TestAuthHides(t *testing.T) {
	auth := klap.NewAuth(klap.V2, wattle.SetupTapo())
	digits := hex.EncodeToString(auth.Bytes())
	for _, text := range []string{fmt.Sprintf("%v %+v %#v %s", auth, auth, auth, auth), fmt.Sprintf("%x", auth)} {
		if strings.Contains(text, digits[:16]) {
			t.Errorf("the hash shows: %s", text)
		}
	}
}

func TestAllocations(t *testing.T) {
	client, device := pair(t)
	plain := bytes.Repeat([]byte("x"), 2048)
	buf := make([]byte, 0, 4096)
	if got := testing.AllocsPerRun(100, func() {
		seq := client.Next()
		buf = client.AppendSealed(buf[:0], seq, plain)
		if _, err := device.Open(seq, buf); err != nil {
			t.Fatal(err)
		}
		buf = klap.AppendQuery(buf[:0], seq)
	}); got != 0 {
		t.Errorf("seal and open: %v allocations, want 0", got)
	}
}

func FuzzOpen(f *testing.F) {
	for _, v := range vectors(f) {
		for _, x := range v.Exchanges {
			f.Add(x.Seq, unhex(f, x.Sealed))
			f.Add(x.Seq, unhex(f, x.Answer))
		}
	}
	client, device := pair(f)
	f.Add(int32(7), client.AppendSealed(nil, 7, []byte("{}")))
	f.Fuzz(func(t *testing.T, seq int32, body []byte) {
		before := bytes.Clone(body)
		plain, err := device.Decrypt(seq, bytes.Clone(body))
		if err == nil && len(plain) > len(body)-klap.HashSize {
			t.Errorf("Decrypt made %d bytes of %d", len(plain), len(body))
		}
		plain, err = device.Open(seq, body)
		if err != nil {
			return
		}
		if got := client.AppendSealed(nil, seq, plain); !bytes.Equal(got, before) {
			t.Errorf("sealed again: %x, want %x", got, before)
		}
	})
}

func FuzzHandshake(f *testing.F) {
	for _, v := range vectors(f) {
		f.Add(unhex(f, v.Answer1), "seq=1")
	}
	f.Fuzz(func(t *testing.T, body []byte, query string) {
		remote, hash, err := klap.ParseHandshake1Answer(body)
		if err == nil && !bytes.Equal(append(remote[:], hash[:]...), body) {
			t.Errorf("%x and %x are not %x", remote, hash, body)
		}
		if seq, err := klap.ParseQuery(query); err == nil {
			if again, err := klap.ParseQuery(string(klap.AppendQuery(nil, seq))); err != nil || again != seq {
				t.Errorf("ParseQuery(%q) = %d, again %d, %v", query, seq, again, err)
			}
		}
	})
}

func BenchmarkSealAndOpen(b *testing.B) {
	client, device := pair(b)
	plain := bytes.Repeat([]byte("x"), 2048)
	buf := make([]byte, 0, 4096)
	b.SetBytes(int64(len(plain)))
	b.ReportAllocs()
	for b.Loop() {
		seq := client.Next()
		buf = client.AppendSealed(buf[:0], seq, plain)
		if _, err := device.Open(seq, buf); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkHandshake(b *testing.B) {
	account := wattle.SetupKasa()
	b.ReportAllocs()
	for b.Loop() {
		auth := klap.NewAuth(klap.V2, account)
		klap.NewSession(auth, klap.Seed{1}, klap.Seed{2})
	}
}
