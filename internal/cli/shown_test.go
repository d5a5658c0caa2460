package cli

import (
	"crypto/md5"  //nolint:gosec // what devices make of a password
	"crypto/sha1" //nolint:gosec // the same
	"encoding/base64"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"
)

// simPassword is the password of the simulated account in all scripts: a word
// that stands nowhere else.
const simPassword = "Unlikely-demo-1"

// shown is everything that the programs of all scripts log at debug level, and
// what they leave on the disk: no password, token or code may be in it.
type shown struct {
	log   string // the file that all log to
	files atomic.Int64
}

func newShown(t *testing.T) *shown {
	t.Helper()
	s := &shown{log: filepath.Join(t.TempDir(), "debug.log")}
	t.Cleanup(func() { // after all scripts
		text, err := os.ReadFile(s.log)
		if os.IsNotExist(err) && flag.Lookup("test.run").Value.String() != "" {
			return // no script ran
		}
		if err != nil {
			t.Fatal("nothing was logged:", err)
		}
		whole := flag.Lookup("test.run").Value.String() == "" // not only some scripts
		if whole && !strings.Contains(string(text), "session made") || len(text) == 0 {
			t.Errorf("%d bytes of log without a session or an error", len(text))
		}
		if found := forbidden.Find(text); found != nil {
			t.Errorf("a script has logged a secret: %q", around(text, found))
		}
		if s.files.Load() == 0 {
			t.Error("no file was looked through")
		}
		t.Logf("looked through %d KB of log and %d saved files", len(text)>>10, s.files.Load())
	})
	return s
}

// forbidden are the password of the scripts as people and devices write it, the
// access tokens of the simulated cloud, and verification codes.
var forbidden = regexp.MustCompile(strings.Join([]string{
	`(?i:unlikely-?demo)`, regexp.QuoteMeta(base64.StdEncoding.EncodeToString([]byte(simPassword))[:18]),
	`(?i:` + md5Hex(simPassword) + `)`, `(?i:` + sha1Hex(simPassword) + `)`,
	`\b[0-9a-f]{8}-[A-Za-z0-9]{23}\b`, `(?i:refresh_?token\W+[a-z0-9]{16,})`, `(?i:mfa\w*code\W+\d{6})`,
}, "|"))

func md5Hex(text string) string {
	sum := md5.Sum([]byte(text)) //nolint:gosec // see above
	return fmt.Sprintf("%x", sum)
}

func sha1Hex(text string) string {
	sum := sha1.Sum([]byte(text)) //nolint:gosec // see above
	return fmt.Sprintf("%x", sum)
}

// around is a finding with a little of what stands before it.
func around(text, found []byte) string {
	i := strings.Index(string(text), string(found))
	return string(text[max(0, i-200):min(len(text), i+60)])
}

// lookThrough reads what the programs of a script have saved.
func (s *shown) lookThrough(t *testing.T, dir string) {
	t.Helper()
	for _, folder := range []string{"state", "config", "home", ".config", ".local"} {
		if _, err := os.Stat(filepath.Join(dir, folder)); err != nil {
			continue // not every script has each
		}
		err := filepath.WalkDir(filepath.Join(dir, folder), func(path string, d fs.DirEntry, err error) error {
			if err != nil || !d.Type().IsRegular() {
				return err
			}
			text, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			s.files.Add(1)
			if found := forbidden.Find(text); found != nil {
				t.Errorf("%s holds a secret: %q", strings.TrimPrefix(path, dir), around(text, found))
			}
			return nil
		})
		if err != nil {
			t.Error(err)
		}
	}
}

// TestForbidden: the search finds what it is for.
func TestForbidden(t *testing.T) {
	for _, text := range []string{
		"x=" + simPassword, base64.StdEncoding.EncodeToString([]byte(simPassword)), md5Hex(simPassword),
		strings.ToUpper(sha1Hex(simPassword)), "token=0a1b2c3d-abcdefghijklmnopqrstuvw", `"refreshToken":"ABCDEFGHIJKLMNOPQRSTUVWX"`,
	} {
		if !forbidden.MatchString(text) {
			t.Errorf("%q would be overlooked", text)
		}
	}
	if text := "terminal=0a1b2c3d-0000-4000-8000-000000000001"; forbidden.MatchString(text) {
		t.Errorf("%q is none", text)
	}
}
