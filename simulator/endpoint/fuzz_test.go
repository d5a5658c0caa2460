package endpoint

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"testing"

	"wattle"
	"wattle/internal/wire/aes"
	"wattle/internal/wire/linkie"
	"wattle/internal/wire/token"
	"wattle/internal/wire/tpap"
)

// FuzzWeb gives all web devices any request: they answer it or drop the
// connection, and nothing else.
func FuzzWeb(f *testing.F) {
	f.Add("/app/handshake1", "", "", []byte("0123456789abcdef"))
	f.Add("/app/handshake2", "", "TP_SESSIONID=30313233343536373839616263646566", make([]byte, 32))
	f.Add("/app/request", "seq=-1379863370", "TP_SESSIONID=00;TIMEOUT=1", make([]byte, 64))
	f.Add("/app", "token=00", "TP_SESSIONID=00", []byte(`{"method":"securePassthrough","params":{"request":"AAAA"}}`))
	f.Add("/app", "", "", aes.AppendHandshake(nil, "-----BEGIN PUBLIC KEY-----\nMIGf\n-----END PUBLIC KEY-----\n"))
	f.Add("/app", "", "", token.AppendLogin(nil, token.NewLogin(wattle.Credentials{})))
	f.Add("/app", "token=0123ABCD", "", []byte(`{"method":"get_device_info"}`))
	f.Add("/data/LINKIE2.json", "", "", linkie.AppendRequest(nil, []byte(`{"system":{"get_sysinfo":{}}}`)))
	f.Add("/", "", "", []byte(nil))
	f.Add("/", "", "", tpap.AppendDiscover(nil))
	f.Add("/", "", "", tpap.AppendRegister(nil, &tpap.Register{
		Username: tpap.UserMD5.Username(), UserRandom: make([]byte, 32), Suites: []int{1}, Ciphers: tpap.Ciphers(), Passcode: tpap.DefaultUserPW,
	}))
	f.Add("/", "", "", tpap.AppendShare(nil, &tpap.Share{UserShare: make([]byte, 65), UserConfirm: make([]byte, 32)}))
	f.Add("/", "", "", []byte(`{"method":"login","params":{"cnonce":"0123456789ABCDEF","encrypt_type":"3","username":"admin"}}`))
	f.Add("/stok=30313233343536373839616263646566/ds", "", "", make([]byte, 40))
	device := DeviceFunc(func(_ context.Context, request []byte) ([]byte, error) { return bytes.Clone(request), nil })
	f.Fuzz(func(t *testing.T, path, query, cookie string, body []byte) {
		klap := &klapServer{web: web{options: (*Options)(nil).orDefaults(), device: device}}
		old := &aesServer{web: web{options: (*Options)(nil).orDefaults(), device: device}}
		vacuum := &tokenServer{web: web{options: (*Options)(nil).orDefaults(), device: device}}
		camera := &linkieServer{web: web{options: (*Options)(nil).orDefaults(), device: device}}
		newer := &tpapServer{web: web{options: (*Options)(nil).orDefaults(), device: device, root: true}}
		newer.options.TPAP = newer.options.TPAP.orDefaults()
		newer.options.TPAP.Iterations = 1 // or nothing else gets its turn
		for _, handler := range []http.Handler{
			klap.guard(klap.handle), old.guard(old.handle), vacuum.guard(vacuum.handle), camera.guard(camera.handle), newer.guard(newer.handle),
		} {
			r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/", bytes.NewReader(body))
			r.URL.Path, r.URL.RawQuery = path, query
			r.Header["Cookie"], r.Header["Authorization"] = []string{cookie}, []string{linkie.Authorization}
			w := httptest.NewRecorder()
			answerOrDrop(t, handler, w, r)
			// An empty message is echoed as one.
			if w.Code == http.StatusOK && w.Body.Len() == 0 && path != "/app/handshake2" && path != linkie.Path {
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
