package endpoint

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"testing"

	"wattle/internal/wire/aes"
)

// FuzzWeb gives both web devices any request: they answer it or drop the
// connection, and nothing else.
func FuzzWeb(f *testing.F) {
	f.Add("/app/handshake1", "", "", []byte("0123456789abcdef"))
	f.Add("/app/handshake2", "", "TP_SESSIONID=30313233343536373839616263646566", make([]byte, 32))
	f.Add("/app/request", "seq=-1379863370", "TP_SESSIONID=00;TIMEOUT=1", make([]byte, 64))
	f.Add("/app", "token=00", "TP_SESSIONID=00", []byte(`{"method":"securePassthrough","params":{"request":"AAAA"}}`))
	f.Add("/app", "", "", aes.AppendHandshake(nil, "-----BEGIN PUBLIC KEY-----\nMIGf\n-----END PUBLIC KEY-----\n"))
	f.Add("/", "", "", []byte(nil))
	device := DeviceFunc(func(_ context.Context, request []byte) ([]byte, error) { return bytes.Clone(request), nil })
	f.Fuzz(func(t *testing.T, path, query, cookie string, body []byte) {
		klap := &klapServer{web: web{options: (*Options)(nil).orDefaults(), device: device}}
		old := &aesServer{web: web{options: (*Options)(nil).orDefaults(), device: device}}
		for _, handler := range []http.Handler{klap.guard(klap.handle), old.guard(old.handle)} {
			r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/", bytes.NewReader(body))
			r.URL.Path, r.URL.RawQuery = path, query
			r.Header["Cookie"] = []string{cookie}
			w := httptest.NewRecorder()
			answerOrDrop(t, handler, w, r)
			if w.Code == http.StatusOK && w.Body.Len() == 0 && path != "/app/handshake2" {
				t.Errorf("POST %s: an empty answer", path)
			}
		}
	})
}

// answerOrDrop lets a handler drop the connection, but not panic otherwise.
func answerOrDrop(t *testing.T, handler http.Handler, w http.ResponseWriter, r *http.Request) {
	t.Helper()
	defer func() {
		if p := recover(); p != nil {
			if err, ok := p.(error); !ok || !errors.Is(err, http.ErrAbortHandler) {
				t.Errorf("panic: %v", p)
			}
		}
	}()
	handler.ServeHTTP(w, r)
}
