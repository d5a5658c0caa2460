package sha256crypt_test

import (
	"encoding/json"
	"os"
	"strings"
	"testing"

	"wattle/internal/wire/sha256crypt"
)

// TestVectors are hashes of crypt(3). One of them names the rounds apart from
// the prefix, and one names something that is no number: the default.
func TestVectors(t *testing.T) {
	var cases []struct {
		Password, Prefix string
		Rounds           any `json:"passwd_rounds"`
		Result           string
	}
	data, err := os.ReadFile("testdata/sha256_crypt.json")
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(data, &cases); err != nil {
		t.Fatal(err)
	}
	for _, c := range cases {
		s := sha256crypt.Parse(c.Prefix)
		switch rounds := c.Rounds.(type) {
		case float64:
			s.SetRounds(uint64(rounds))
		case string:
			s.SetRounds(sha256crypt.DefaultRounds)
		}
		got := s.Hash(c.Password)
		if got != c.Result {
			t.Errorf("%q with %q: %q, want %q", c.Password, c.Prefix, got, c.Result)
		}
		// A hash is a setting, and hashes the same.
		if again := sha256crypt.Parse(got).Hash(c.Password); again != got {
			t.Errorf("%q as setting gives %q", got, again)
		}
	}
	if len(cases) != 7 {
		t.Errorf("%d vectors, want 7", len(cases))
	}
	t.Logf("%d vectors", len(cases))
}

func TestParse(t *testing.T) {
	for text, want := range map[string]sha256crypt.Setting{
		"":                                     {Rounds: 5000},
		"$5$":                                  {Rounds: 5000},
		"$5$a$b":                               {Salt: "a", Rounds: 5000},
		"rounds=7$a":                           {Salt: "a", Rounds: 1000, Named: true},
		"$5$rounds=1000000000$a$":              {Salt: "a", Rounds: 999_999_999, Named: true},
		"$5$rounds=99999999999999999999999$a$": {Salt: "a", Rounds: 999_999_999, Named: true},
		"$5$rounds=x$a$":                       {Salt: "rounds=x", Rounds: 5000},
		"$5$rounds=-1$a$":                      {Salt: "rounds=-1", Rounds: 5000},
		"$5$rounds=1000":                       {Salt: "rounds=1000", Rounds: 5000},
		"$5$0123456789abcdefXYZ$":              {Salt: "0123456789abcdef", Rounds: 5000},
	} {
		if got := sha256crypt.Parse(text); got != want {
			t.Errorf("Parse(%q) = %+v, want %+v", text, got, want)
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, text := range []string{"$5$saltstring", "$5$rounds=10000$saltstringsaltstring", "abc", "$5$salt+/=$", "$5$rounds=5000$abc$x"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		s := sha256crypt.Parse(text)
		if len(s.Salt) > 16 || strings.Contains(s.Salt, "$") || s.Rounds < sha256crypt.MinRounds || s.Rounds > sha256crypt.MaxRounds {
			t.Errorf("Parse(%q) = %+v", text, s)
		}
	})
}
