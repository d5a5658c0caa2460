// Package secrettest looks for secrets in what is logged, at debug level: tests
// give its [Logger] to what they test. Only tests import it.
package secrettest

import (
	"bytes"
	"crypto/md5"  //nolint:gosec // what devices make of a password
	"crypto/sha1" //nolint:gosec // the same
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"log/slog"
	"net/url"
	"strings"
	"sync"
	"testing"

	"wattle"
)

// Logger logs at debug level, and fails the test in the end if a line held one of
// the secrets of four bytes or more, in whatever form devices and the cloud take it.
func Logger(tb testing.TB, secrets ...wattle.Secret) *slog.Logger {
	tb.Helper()
	w := &watcher{}
	for _, s := range secrets {
		if len(s.Reveal()) < 4 {
			continue // no word that could be told from others
		}
		for _, form := range Forms(s.Reveal()) {
			w.forms = append(w.forms, []byte(strings.ToLower(form)))
		}
	}
	tb.Cleanup(func() {
		w.mu.Lock()
		defer w.mu.Unlock()
		if w.found != "" {
			tb.Errorf("a secret was logged: %q", w.found)
		}
	})
	return slog.New(slog.NewTextHandler(w, &slog.HandlerOptions{Level: slog.LevelDebug}))
}

// Forms are a secret as it is written, and what is made of it on the way.
func Forms(secret string) []string {
	sha := fmt.Sprintf("%x", sha1.Sum([]byte(secret))) //nolint:gosec // see above
	return []string{
		secret, url.QueryEscape(secret), url.PathEscape(secret), base64.StdEncoding.EncodeToString([]byte(secret)),
		sha, base64.StdEncoding.EncodeToString([]byte(sha)),
		fmt.Sprintf("%x", md5.Sum([]byte(secret))), //nolint:gosec // see above
		fmt.Sprintf("%x", sha256.Sum256([]byte(secret))),
		fmt.Sprintf("%v", []byte(secret)), fmt.Sprintf("%x", secret),
	}
}

// watcher gets one line at a time.
type watcher struct {
	forms [][]byte
	mu    sync.Mutex
	found string
}

func (w *watcher) Write(line []byte) (int, error) {
	lower := bytes.ToLower(line)
	for _, form := range w.forms {
		if bytes.Contains(lower, form) {
			w.mu.Lock()
			w.found = string(line)
			w.mu.Unlock()
		}
	}
	return len(line), nil
}
