package tpap_test

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"os"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"wattle/internal/wire/tpap"
)

// hexBytes are hex in JSON; integers may lack a leading zero.
type hexBytes []byte

func (b *hexBytes) UnmarshalText(text []byte) (err error) {
	if len(text)%2 != 0 {
		text = append([]byte("0"), text...)
	}
	*b, err = hex.DecodeString(string(text))
	return err
}

type point struct {
	M     hexBytes `json:"M_compressed_hex"`
	MLong hexBytes `json:"M_uncompressed_hex"`
	N     hexBytes `json:"N_compressed_hex"`
	NLong hexBytes `json:"N_uncompressed_hex"`
	Order hexBytes `json:"order_hex"`
}

type handshake struct {
	Name                    string
	DeviceFamily            string `json:"device_family"`
	Username, Password, MAC string
	Suite                   int
	Curve, Hash             string
	MACAlgorithm            string `json:"mac_algorithm"`
	Encryption, Credential  string
	Iterations              int
	DevSalt                 hexBytes `json:"dev_salt_hex"`
	UserRandom              hexBytes `json:"user_random_hex"`
	DevRandom               hexBytes `json:"dev_random_hex"`
	PBKDF2                  hexBytes `json:"pbkdf2_hex"`
	W0                      hexBytes `json:"w0_hex"`
	W1                      hexBytes `json:"w1_hex"`
	W0Encoded               hexBytes `json:"w0_encoded_hex"`
	X                       hexBytes `json:"x_hex"`
	Y                       hexBytes `json:"y_hex"`
	UserShare               hexBytes `json:"user_share_hex"`
	DevShare                hexBytes `json:"dev_share_uncompressed_hex"`
	Z                       hexBytes `json:"Z_hex"`
	V                       hexBytes `json:"V_hex"`
	L                       hexBytes `json:"registration_point_L_hex"`
	Context                 hexBytes `json:"context_hash_hex"`
	Transcript              hexBytes `json:"transcript_hex"`
	TranscriptHash          hexBytes `json:"transcript_hash_hex"`
	ConfirmationKeys        hexBytes `json:"confirmation_keys_hex"`
	Shared                  hexBytes `json:"shared_key_hex"`
	UserConfirm             hexBytes `json:"user_confirm_hex"`
	DevConfirm              hexBytes `json:"dev_confirm_hex"`
	Key                     hexBytes `json:"session_key_hex"`
	Nonce                   hexBytes `json:"base_nonce_hex"`
	StartSeq                uint32   `json:"start_seq"`
	DAC                     *struct {
		Nonce  hexBytes `json:"nonce_hex"`
		Signed hexBytes `json:"signed_message_hex"`
	}
	Login []struct {
		Path, URL       string
		Request, Answer json.RawMessage
	} `json:"login_messages"`
	DS []struct {
		Seq         uint32
		URL         string
		Headers     map[string]string
		Nonce       hexBytes `json:"nonce_hex"`
		Request     string   `json:"request_plaintext"`
		RequestBody hexBytes `json:"request_body_hex"`
		Answer      string   `json:"answer_plaintext"`
		AnswerBody  hexBytes `json:"answer_body_hex"`
	} `json:"ds_exchanges"`
}

type vectorFile struct {
	Constants struct {
		Points     map[string]point
		ContextTag string `json:"context_tag_ascii"`
		Suites     map[string]struct {
			Curve, Hash string
			MAC         string `json:"confirmation_mac"`
		}
		Ciphers map[string]struct {
			KeyLen   int `json:"key_len"`
			NonceLen int `json:"nonce_len"`
			TagLen   int `json:"tag_len"`
		} `json:"cipher_labels"`
		Root struct {
			PEM         string
			Fingerprint string   `json:"sha256_fingerprint"`
			KeyID       hexBytes `json:"subject_key_id"`
			NotBefore   string   `json:"not_before"`
			NotAfter    string   `json:"not_after"`
			PublicKey   hexBytes `json:"public_key_uncompressed_hex"`
		} `json:"device_root_ca"`
	}
	UsernameHash struct {
		Cases []struct {
			HashType *int `json:"user_hash_type"`
			Username string
		}
		Other struct{ Literal string } `json:"other_forms_seen"`
	} `json:"username_hash"`
	DefaultPasscode []struct {
		MAC, Passcode string
	} `json:"default_passcode"`
	PasscodeSelection struct {
		Username, Password, MAC string
		Cases                   []struct {
			Family     string
			DeviceType string `json:"device_type"`
			Pake       []int
			Type       *string  `json:"passcode_type"`
			Secrets    []string `json:"candidate_secrets"`
		}
	} `json:"passcode_selection"`
	CredentialString []struct {
		Name, Family, Username, Password, MAC string
		Pake                                  []int
		Type                                  string           `json:"passcode_type"`
		ExtraCrypt                            *tpap.ExtraCrypt `json:"extra_crypt"`
		Secret                                string           `json:"candidate_secret"`
		Credential                            string
	} `json:"credential_string"`
	W0Encoding []struct {
		Case    string
		W0      hexBytes  `json:"w0_hex"`
		Minimal hexBytes  `json:"minimal_form_hex"`
		Fixed   *hexBytes `json:"fixed_32_hex"`
	} `json:"w0_encoding"`
	W0Fixed struct {
		Of               string   `json:"of_handshake"`
		W0Encoded        hexBytes `json:"w0_encoded_hex"`
		TranscriptHash   hexBytes `json:"transcript_hash_hex"`
		ConfirmationKeys hexBytes `json:"confirmation_keys_hex"`
		Shared           hexBytes `json:"shared_key_hex"`
		UserConfirm      hexBytes `json:"user_confirm_hex"`
		DevConfirm       hexBytes `json:"dev_confirm_hex"`
	} `json:"w0_fixed_form_variant"`
	AEAD []struct {
		Cipher, Hash string
		HKDFHash     string   `json:"hkdf_hash"`
		Shared       hexBytes `json:"shared_key_hex"`
		Key          hexBytes `json:"key_hex"`
		Nonce        hexBytes `json:"base_nonce_hex"`
		Frames       []struct {
			Seq       uint32
			Nonce     hexBytes `json:"nonce_hex"`
			Plaintext string
			Body      hexBytes `json:"body_hex"`
		}
	}
	Handshakes []handshake
	Failures   struct {
		Cases []struct{ Name, Message string }
	} `json:"handshake_failures"`
	DAC struct {
		Root   string   `json:"simulated_root_pem"`
		ICA    string   `json:"ica_pem"`
		Leaf   string   `json:"leaf_pem"`
		Key    hexBytes `json:"leaf_private_scalar_hex"`
		Base64 string   `json:"leaf_base64_der"`
	}
	NOC struct {
		ECDH      hexBytes `json:"ecdh_x_hex"`
		Key       hexBytes `json:"session_key_hex"`
		Nonce     hexBytes `json:"base_nonce_hex"`
		Plaintext string   `json:"proof_plaintext"`
		Sealed    hexBytes `json:"user_proof_encrypt_hex"`
		Tag       hexBytes `json:"tag_hex"`
		Seq       uint32
	} `json:"noc_unconfirmed"`
	Independent struct {
		Password    string   `json:"cloud_password"`
		Salt        hexBytes `json:"dev_salt"`
		Iterations  int
		UserRandom  hexBytes `json:"user_random"`
		DevRandom   hexBytes `json:"dev_random"`
		X           hexBytes
		DevShare    hexBytes `json:"dev_share"`
		UserShare   hexBytes `json:"user_share"`
		UserConfirm hexBytes `json:"user_confirm"`
		DevConfirm  hexBytes `json:"dev_confirm"`
		Key         hexBytes
		Nonce       hexBytes `json:"nonce0"`
		Seq         uint32
		Inner       string
		Body        hexBytes `json:"ds_body"`
	} `json:"independent_crosscheck"`
}

var loadVectors = sync.OnceValues(func() (*vectorFile, error) {
	data, err := os.ReadFile("testdata/tpap.json")
	if err != nil {
		return nil, err
	}
	var f vectorFile
	return &f, json.Unmarshal(data, &f)
})

func vectors(tb testing.TB) *vectorFile {
	tb.Helper()
	f, err := loadVectors()
	if err != nil {
		tb.Fatal(err)
	}
	return f
}

// checker counts what is compared.
type checker struct {
	testing.TB
	n int
}

func (c *checker) equal(what string, got, want []byte) {
	c.Helper()
	c.n++
	if !bytes.Equal(got, want) {
		c.Errorf("%s = %x, want %x", what, got, want)
	}
}

func (c *checker) same(what string, got, want any) {
	c.Helper()
	c.n++
	if diff := cmp.Diff(want, got); diff != "" {
		c.Errorf("%s: %s", what, diff)
	}
}

// json compares two JSON texts by what they say.
func (c *checker) json(what string, got, want []byte) {
	c.Helper()
	var a, b any
	if err := json.Unmarshal(got, &a); err != nil {
		c.Errorf("%s: %v in %s", what, err, got)
		return
	}
	if err := json.Unmarshal(want, &b); err != nil {
		c.Fatal(err)
	}
	c.same(what, a, b)
}

func (c *checker) hold(what string, ok bool) {
	c.Helper()
	c.n++
	if !ok {
		c.Errorf("%s does not hold", what)
	}
}

func (c *checker) ok(what string, err error) {
	c.Helper()
	if err != nil {
		c.Fatalf("%s: %v", what, err)
	}
}

// scalar fills an integer up to the size of a curve.
func scalar(s *tpap.Suite, number hexBytes) []byte { return s.Group().Reduce(number) }

func kindOf(family string) tpap.Kind {
	switch {
	case strings.HasPrefix(family, "camera"), strings.HasPrefix(family, "doorbell"):
		return tpap.Camera
	case strings.HasPrefix(family, "vacuum"):
		return tpap.Vacuum
	}
	return tpap.Plug
}

func readJSON(c *checker, v any) {
	c.Helper()
	data, err := os.ReadFile("testdata/tpap.json")
	c.ok("vectors", err)
	c.ok("vectors", json.Unmarshal(data, v))
}
