package rest_test

import (
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"wattle/history/store"
	"wattle/internal/hubapi"
	"wattle/internal/surface/rest"
	"wattle/recorder"
)

var update = flag.Bool("update", false, "rewrite docs/api/openapi.json")

// golden is the document as people read it without a hub.
const golden = "../../../docs/api/openapi.json"

// document fetches /openapi.json as it is served, without a token.
func document(h *house) (doc map[string]any, text []byte) {
	h.t.Helper()
	r := h.do("GET", "/openapi.json", "", noToken)
	if r.StatusCode != 200 || r.Header.Get("Content-Type") != "application/vnd.oai.openapi+json" {
		h.t.Fatalf("%s, %s", r.Status, r.Header.Get("Content-Type"))
	}
	if err := json.Unmarshal(r.body, &doc); err != nil {
		h.t.Fatal(err)
	}
	var indented bytes.Buffer
	if err := json.Indent(&indented, r.body, "", "  "); err != nil {
		h.t.Fatal(err)
	}
	return doc, append(bytes.TrimSpace(indented.Bytes()), '\n')
}

func TestDocument(t *testing.T) {
	in(t, nil, []string{"P110"}, func(h *house) {
		doc, text := document(h)
		if *update {
			if err := os.WriteFile(golden, text, 0o644); err != nil { //nolint:gosec // a document for all
				t.Fatal(err)
			}
		}
		if old, err := os.ReadFile(golden); err != nil || !bytes.Equal(old, text) {
			t.Errorf("docs/api/openapi.json is not what is served: go test ./internal/surface/rest -run Document -update (%v)", err)
		}
		if bytes.Contains(text, []byte("patternDescription")) {
			t.Error("patternDescription is no word of JSON Schema")
		}
		if doc["openapi"] != "3.1.0" {
			t.Errorf("version %v", doc["openapi"])
		}
		refs(t, doc, doc)
		ids := map[string]bool{}
		for _, op := range operations(doc) {
			if op.ID == "" || ids[op.ID] || op.Summary == "" || len(op.Tags) != 1 || len(op.Security) != 1 && !strings.HasPrefix(op.path, "/hook/") {
				t.Errorf("%s %s: %+v", op.method, op.path, op)
			}
			ids[op.ID] = true
			var named []string
			for _, m := range placeholder.FindAllStringSubmatch(op.path, -1) {
				named = append(named, m[1])
			}
			for _, p := range op.Parameters {
				if p.In == "path" {
					if i := slices.Index(named, p.Name); i < 0 || !p.Required {
						t.Errorf("%s: parameter %s is not in the path", op.path, p.Name)
					} else {
						named = slices.Delete(named, i, i+1)
					}
				}
			}
			if len(named) > 0 {
				t.Errorf("%s: %v are not described", op.path, named)
			}
			if len(op.Responses) < 2 || op.Responses["default"] == nil {
				t.Errorf("%s %s: responses %v", op.method, op.path, op.Responses)
			}
		}
		if len(ids) < 40 {
			t.Errorf("%d operations", len(ids))
		}
		if first := h.do("GET", "/", "", noToken); first.StatusCode != 303 || first.Header.Get("Location") != "/docs" {
			t.Errorf("what people open first leads to %s %q", first.Status, first.Header.Get("Location"))
		}
		page := h.do("GET", "/docs", "", noToken)
		if page.StatusCode != 200 || bytes.Contains(page.body, []byte("//unpkg")) || regexp.MustCompile(`(src|href)="https?:`).Match(page.body) {
			t.Errorf("the page loads something from elsewhere: %s", page.Status)
		}
	})
}

// refs fails for references that lead nowhere.
func refs(t *testing.T, doc map[string]any, v any) {
	t.Helper()
	switch v := v.(type) {
	case map[string]any:
		if ref, ok := v["$ref"].(string); ok {
			kind, name, _ := strings.Cut(strings.TrimPrefix(ref, "#/components/"), "/")
			if there, _ := doc["components"].(map[string]any)[kind].(map[string]any); there[name] == nil {
				t.Errorf("%s leads nowhere", ref)
			}
		}
		for _, member := range v {
			refs(t, doc, member)
		}
	case []any:
		for _, item := range v {
			refs(t, doc, item)
		}
	}
}

type described struct {
	method, path string
	ID           string   `json:"operationId"`
	Summary      string   `json:"summary"`
	Tags         []string `json:"tags"`
	Security     []any    `json:"security"`
	Parameters   []struct {
		Name     string `json:"name"`
		In       string `json:"in"`
		Required bool   `json:"required"`
	} `json:"parameters"`
	Body *struct {
		Content map[string]struct {
			Schema map[string]any `json:"schema"`
		} `json:"content"`
	} `json:"requestBody"`
	Responses map[string]any `json:"responses"`
}

var placeholder = regexp.MustCompile(`\{([a-z]+)\}`)

// operations are all operations of a document, in a fixed order.
func operations(doc map[string]any) (out []described) {
	for path, item := range doc["paths"].(map[string]any) {
		for method, op := range item.(map[string]any) {
			data, _ := json.Marshal(op)
			d := described{method: strings.ToUpper(method), path: path}
			if json.Unmarshal(data, &d) == nil {
				out = append(out, d)
			}
		}
	}
	slices.SortFunc(out, func(a, b described) int { return strings.Compare(a.path+a.method, b.path+b.method) })
	return out
}

// hostileWords are values for parameters, hostileBodies for bodies.
var (
	hostileWords = []string{
		"", "-1", "0", "99999999999999999999", "1e999", "NaN", "true", "null", "'; drop table devices; --", "../../etc/passwd", "\u202egnp",
		"2026-99-99", "0000-00-00T00:00:00Z", "9999-12-31T23:59:59Z", strings.Repeat("a", 5000), "\x00", "{}", "[1]", "a,b,c", "@all", "%s%n", "*",
	}
	hostileBodies = []string{
		"", " ", "null", "[]", "{}", "0", `"x"`, "true", `{"a":`, "{]", `{"":""}`, "\x00", "\xff\xfe", `{"\ud800":1}`, `[null]`, `{"a":1e999}`,
		strings.Repeat("[", 20_000), `{"value":` + strings.Repeat("9", 400) + `}`, `{"x":1,"x":2}`,
	}
	hostileValues = []string{
		"null", "0", "-1", "1e308", `""`, `"x"`, `"\u0000"`, "true", "[]", "{}", "[null]", `[[[]]]`, `{"a":{"b":[]}}`, `"` + strings.Repeat("y", 3000) + `"`,
		`"9999-12-31T23:59:59Z"`, `[""]`, `["@all","@all"]`, `[{}]`, `{"state":null}`, `{"state":[1]}`,
	}
)

// TestHostileRequests sends what is wrong in every way to every operation of the
// document: never an internal error, and each refusal is a problem.
func TestHostileRequests(t *testing.T) {
	sent, statuses, untold := 0, map[int]int{}, map[string]bool{}
	kept, err := store.Open(t.Context(), store.Options{Address: filepath.Join(t.TempDir(), "history.db")})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := kept.Close(context.Background()); err != nil {
			t.Error(err)
		}
	}()
	o := &rest.Options{
		Archive: recorder.NewArchive(kept, nil), Tariffs: func() []recorder.Tariff { return nil },
		Backup: func(context.Context) (string, error) { return "/somewhere", nil }, Reload: func(context.Context) (hubapi.Reloaded, error) { return hubapi.Reloaded{}, nil },
		Logs:   func(context.Context, int, bool, func(string) error) error { return nil },
		Limits: rest.Limits{Rate: 1e9, Burst: 1 << 30},
	}
	automated(t, o, func(h *house) {
		doc, _ := document(h)
		device := get[[]hubapi.Device](h, "/devices")[1]
		good := map[string]string{"id": device.ID, "feature": "brightness", "name": "desk", "token": "x"}
		want[struct{}](h, h.do("PUT", api("/groups/desk"), `{"name":"desk","devices":["`+device.ID+`"]}`), 200)
		try := func(op *described, path, body string, change ...func(*http.Request)) {
			t.Helper()
			sent++
			status := h.attempt(op.method, path, body, change...)
			statuses[status]++
			if what := op.ID + " " + strconv.Itoa(status); status < 500 && op.Responses[strconv.Itoa(status)] == nil && !untold[what] {
				untold[what] = true
				h.t.Errorf("%s %s answers %d, which the document does not tell", op.method, op.path, status)
			}
		}
		for _, op := range operations(doc) {
			fill := func(values map[string]string) string {
				return placeholder.ReplaceAllStringFunc(op.path, func(s string) string { return values[strings.Trim(s, "{}")] })
			}
			path := fill(good)
			if op.method == "DELETE" && strings.HasPrefix(op.path, api("/devices")) {
				path = fill(map[string]string{"id": "nothing"})
			}
			for _, p := range op.Parameters {
				for _, word := range hostileWords {
					switch p.In {
					case "path":
						if word == "" {
							continue
						}
						values := map[string]string{"id": device.ID, "feature": "state", "name": "desk", "token": "x"}
						values[p.Name] = escaped(word)
						try(&op, fill(values), "{}")
					case "query":
						try(&op, path+"?"+p.Name+"="+escaped(word), "{}")
					case "header":
						if !strings.ContainsAny(word, "\x00\u202e") {
							try(&op, path, "{}", header(p.Name, word))
						}
					}
				}
			}
			for _, body := range hostileBodies {
				try(&op, path, body)
			}
			for _, kind := range []string{"text/plain", "", "application/xml", "application/json; charset=\xff", "multipart/form-data", "application/problem+json", "application/merge-patch+json"} {
				try(&op, path, "{}", header("Content-Type", kind))
			}
			if op.Body == nil {
				continue
			}
			for _, name := range properties(doc, op.Body.Content["application/json"].Schema) {
				for _, value := range hostileValues {
					try(&op, path, fmt.Sprintf(`{%q:%s}`, name, value))
					try(&op, path, fmt.Sprintf(`{"name":"desk","mac":"02:57:a7:00:00:09","command":{"device":%q,"set":{%q:%s}},"calls":[{"method":"x","params":%s}],%q:%s}`,
						device.ID, name, value, value, name, value))
				}
			}
		}
	})
	t.Logf("%d requests, answers %v", sent, statuses)
	if sent < 5000 || statuses[422] == 0 || statuses[400] == 0 || statuses[404] == 0 || statuses[415] == 0 {
		t.Errorf("%d requests, answers %v", sent, statuses)
	}
}

// properties are the names that the schema of a body knows.
func properties(doc, schema map[string]any) (names []string) {
	if ref, ok := schema["$ref"].(string); ok {
		schema = doc["components"].(map[string]any)["schemas"].(map[string]any)[strings.TrimPrefix(ref, "#/components/schemas/")].(map[string]any)
	}
	known, _ := schema["properties"].(map[string]any)
	for name := range known {
		names = append(names, name)
	}
	slices.Sort(names)
	return append(names, "state", "brightness", "hsv")
}

// escaped is a word as a part of a path or a query.
func escaped(word string) string {
	var b strings.Builder
	for _, c := range []byte(word) {
		fmt.Fprintf(&b, "%%%02x", c)
	}
	return b.String()
}

// attempt sends a request that may be nonsense, and looks at how it is answered.
func (h *house) attempt(method, path, body string, change ...func(*http.Request)) (status int) {
	h.t.Helper()
	ctx, cancel := context.WithTimeout(h.t.Context(), time.Minute)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, method, "http://"+address+path, strings.NewReader(body))
	if err != nil {
		h.t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+h.token)
	r.Header.Set("Content-Type", "application/json")
	for _, c := range change {
		c(r)
	}
	answer, err := h.client().Do(r)
	if err != nil {
		h.t.Errorf("%s %.200s %.200q: %v", method, path, body, err)
		return 0
	}
	defer answer.Body.Close()
	if answer.StatusCode < 400 { // which may go on without an end
		return answer.StatusCode
	}
	data, err := io.ReadAll(answer.Body)
	if err != nil {
		h.t.Errorf("%s %.200s %.200q: %v", method, path, body, err)
	}
	var p hubapi.Problem
	err = json.Unmarshal(data, &p)
	if answer.StatusCode == http.StatusInternalServerError || err != nil || p.Status != answer.StatusCode || p.Detail == "" ||
		answer.Header.Get("Content-Type") != "application/problem+json" {
		h.t.Errorf("%s %.200s %.200q: %s: %.300s", method, path, body, answer.Status, data)
	}
	return answer.StatusCode
}
