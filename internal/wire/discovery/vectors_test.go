package discovery_test

import (
	"bytes"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"os"
	"testing"

	"wattle/internal/wire/discovery"
)

// vectors is testdata/discovery_20002.json.
type vectors struct {
	Key2048 string `json:"test_private_key_pkcs8_der_base64"`
	Key1024 string `json:"test_private_key_1024_pkcs8_der_base64"`
	Cases   []struct {
		Name   string `json:"name"`
		Header struct {
			Version byte   `json:"version"`
			Type    byte   `json:"msg_type"`
			Op      uint16 `json:"op_code"`
			Length  uint16 `json:"payload_length"`
			Flags   byte   `json:"flags"`
			Pad     byte   `json:"pad"`
			Serial  string `json:"serial_hex"`
			CRC     string `json:"crc32_hex"`
		} `json:"header"`
		Payload   string          `json:"payload_json"`
		JSON      json.RawMessage `json:"json"`
		Secret    string          `json:"rsa_plaintext_hex"`
		Decrypted json.RawMessage `json:"decrypted_data"`
		Datagram  string          `json:"datagram_hex"`
		CRCWanted string          `json:"crc_expected_hex"`
		Plaintext string          `json:"plaintext"`
	} `json:"cases"`
}

func load(tb testing.TB) *vectors {
	tb.Helper()
	b, err := os.ReadFile("testdata/discovery_20002.json")
	if err != nil {
		tb.Fatal(err)
	}
	v := new(vectors)
	if err := json.Unmarshal(b, v); err != nil {
		tb.Fatal(err)
	}
	return v
}

func privateKey(tb testing.TB, text string) *rsa.PrivateKey {
	tb.Helper()
	der, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		tb.Fatal(err)
	}
	key, err := x509.ParsePKCS8PrivateKey(der)
	if err != nil {
		tb.Fatal(err)
	}
	return key.(*rsa.PrivateKey)
}

// zeros gives zero bytes for ever.
type zeros struct{}

func (zeros) Read(b []byte) (int, error) { clear(b); return len(b), nil }

func TestVectors(t *testing.T) {
	v := load(t)
	key2048, key1024 := privateKey(t, v.Key2048), privateKey(t, v.Key1024)
	ran := 0
	for _, c := range v.Cases {
		t.Run(c.Name, func(t *testing.T) {
			datagram, err := hex.DecodeString(c.Datagram)
			if err != nil {
				t.Fatal(err)
			}
			ran++
			switch {
			case c.Plaintext != "":
				if got := discovery.SysinfoProbe(); !bytes.Equal(got, datagram) || c.Plaintext != discovery.SysinfoRequest {
					t.Errorf("SysinfoProbe() = %x, want %x", got, datagram)
				}
				return
			case c.CRCWanted != "":
				if _, err := discovery.Verify(datagram); !errors.Is(err, discovery.ErrChecksum) {
					t.Errorf("Verify: %v, want ErrChecksum", err)
				}
				return
			}
			h, err := discovery.Verify(datagram)
			if err != nil {
				t.Fatal(err)
			}
			serial, crc := unhex32(t, c.Header.Serial), unhex32(t, c.Header.CRC)
			want := discovery.Header{
				Version: c.Header.Version, Type: c.Header.Type, Op: c.Header.Op, Length: c.Header.Length,
				Flags: c.Header.Flags, Pad: c.Header.Pad, Serial: serial, CRC: crc,
			}
			if h != want {
				t.Errorf("header %+v, want %+v", h, want)
			}
			if c.JSON == nil {
				checkProbe(t, datagram, serial, c.Payload)
				return
			}
			payload := datagram[discovery.HeaderLen:]
			if got, err := discovery.MarshalAnswer(serial, payload); err != nil || !bytes.Equal(got, datagram) {
				t.Errorf("MarshalAnswer: %x, %v; want %x", got, err, datagram)
			}
			a, err := discovery.ParseAnswer(datagram)
			if err != nil {
				t.Fatal(err)
			}
			if c.Secret == "" {
				return
			}
			key := key2048
			if c.Name == "answer_camera_to_rsa1024_probe" {
				key = key1024
			}
			plain, err := a.EncryptInfo.Open(key)
			if err != nil || !sameJSON(t, plain, c.Decrypted) {
				t.Errorf("Open: %s, %v; want %s", plain, err, c.Decrypted)
			}
			secret, err := hex.DecodeString(c.Secret)
			if err != nil {
				t.Fatal(err)
			}
			sealed, err := discovery.SealInfo(io.MultiReader(bytes.NewReader(secret), zeros{}), &key.PublicKey, plain)
			if err != nil {
				t.Fatal(err)
			}
			if sealed.Data != a.EncryptInfo.Data {
				t.Errorf("SealInfo: data %s, want %s", sealed.Data, a.EncryptInfo.Data)
			}
			if again, err := sealed.Open(key); err != nil || !bytes.Equal(again, plain) {
				t.Errorf("what SealInfo made opens as %s, %v", again, err)
			}
		})
	}
	t.Logf("%d of %d cases of discovery_20002.json ran", ran, len(v.Cases))
	if ran != len(v.Cases) || ran == 0 {
		t.Error("not all cases ran")
	}
}

// checkProbe reads a probe and, where it is of the form that we send, writes it.
func checkProbe(t *testing.T, datagram []byte, serial uint32, payload string) {
	t.Helper()
	p, err := discovery.ParseProbe(datagram)
	if err != nil {
		t.Fatal(err)
	}
	if p.Serial != serial || (p.Key != nil) != (payload != "") {
		t.Errorf("ParseProbe = %+v, want serial %08x and a key where there is a payload", p, serial)
	}
	if string(datagram[discovery.HeaderLen:]) != payload {
		t.Errorf("payload %q, want %q", datagram[discovery.HeaderLen:], payload)
	}
	got, err := discovery.MarshalProbe(serial, p.Key)
	if err != nil {
		t.Fatal(err)
	}
	if t.Name() == "TestVectors/probe_rsa1024_pkcs1_pem" {
		// Ours is SPKI always: the same key has to come back.
		back, err := discovery.ParseProbe(got)
		if err != nil || !back.Key.Equal(p.Key) {
			t.Errorf("the key as SPKI: %v, %v", back, err)
		}
		return
	}
	if !bytes.Equal(got, datagram) {
		t.Errorf("MarshalProbe = %x, want %x", got, datagram)
	}
}

func unhex32(t *testing.T, s string) uint32 {
	t.Helper()
	b, err := hex.DecodeString(s)
	if err != nil || len(b) != 4 {
		t.Fatalf("%q is not 4 bytes", s)
	}
	return uint32(b[0])<<24 | uint32(b[1])<<16 | uint32(b[2])<<8 | uint32(b[3])
}

func sameJSON(t *testing.T, a, b []byte) bool {
	t.Helper()
	var x, y any
	if err := errors.Join(json.Unmarshal(a, &x), json.Unmarshal(b, &y)); err != nil {
		t.Fatal(err)
	}
	ax, _ := json.Marshal(x)
	by, _ := json.Marshal(y)
	return bytes.Equal(ax, by)
}
