package rest_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"wattle/hub/hubtest"
	"wattle/internal/hubapi"
	"wattle/internal/surface/rest"
)

// FuzzRequest sends any request to the API of a home: never an internal error,
// and each refusal is a problem.
func FuzzRequest(f *testing.F) {
	home := hubtest.Start(f, hubtest.Models("KL130"))
	h := home.Hub(nil)
	hubtest.Online(f, h, 1)
	s, err := rest.New(h, &rest.Options{NoTokens: true, Hosts: []string{"*"}, Limits: rest.Limits{Rate: 1e9, Burst: 1 << 30}})
	if err != nil {
		f.Fatal(err)
	}
	for _, seed := range [][5]string{
		{"GET", "/api/v1/devices?limit=1", "", "", ""},
		{"PATCH", "/api/v1/devices/corner%20lamp/features", `{"state":true,"hsv":{"hue":1,"saturation":2,"value":3}}`, "application/json", "If-Match: *"},
		{"PUT", "/api/v1/devices/corner%20lamp/features/brightness", `{"value":40}`, "application/json; charset=utf-8", ""},
		{"POST", "/api/v1/devices/corner%20lamp/calls", `{"calls":[{"module":"system","method":"get_sysinfo","effect":"read"}]}`, "application/json", ""},
		{"POST", "/api/v1/tokens", `{"name":"a","scope":"read","expires":"2030-01-01T00:00:00Z"}`, "application/json", ""},
		{"POST", "/api/v1/hooks", `{"name":"a","command":{"device":"corner lamp","toggle":true}}`, "application/json", ""},
		{"GET", "/hook/a/b", "", "", "Sec-Purpose: prefetch"},
		{"GET", "/api/v1/../%2e%2e//x", "", "", "Origin: null"},
		{"GET", "/api/v1/events?since=2026-01-01T00:00:00Z&cursor=MQ", "", "", ""},
		{"OPTIONS", "/api/v1/devices", "", "", "Access-Control-Request-Method: GET"},
	} {
		f.Add(seed[0], seed[1], seed[2], seed[3], seed[4])
	}
	f.Fuzz(func(t *testing.T, method, target, body, kind, line string) {
		u, err := url.ParseRequestURI(target)
		if err != nil || strings.HasSuffix(u.Path, "/live") || strings.HasSuffix(u.Path, "/ws") || strings.HasSuffix(u.Path, "/sweep") {
			return
		}
		r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "http://127.0.0.1/", strings.NewReader(body))
		r.Method, r.URL, r.RequestURI = method, u, target
		name, value, _ := strings.Cut(line, ": ")
		r.Header[http.CanonicalHeaderKey(name)] = []string{value}
		r.Header.Set("Content-Type", kind)
		w := httptest.NewRecorder()
		s.Handler().ServeHTTP(w, r)
		var p hubapi.Problem
		if w.Code < 400 {
			return
		}
		if err := json.Unmarshal(w.Body.Bytes(), &p); err != nil || w.Code == 500 || p.Status != w.Code {
			t.Errorf("%s %s: %d: %s", method, target, w.Code, w.Body)
		}
	})
}
