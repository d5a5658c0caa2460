package cloudsim_test

import (
	"os"
	"regexp"
	"strings"
	"testing"
)

// TestRequestCollection sends every request of docs/cloud/requests.http.
func TestRequestCollection(t *testing.T) {
	raw, err := os.ReadFile("../../docs/cloud/requests.http")
	if err != nil {
		t.Fatal(err)
	}
	h := home(t)
	c := newCloud(t, h, nil)
	values := map[string]string{"email": "demo@example.com", "password": "demo", "token": ""}
	for _, m := range regexp.MustCompile(`(?m)^@(\w+) = (.*)$`).FindAllStringSubmatch(string(raw), -1) {
		if _, given := values[m[1]]; !given {
			values[m[1]] = m[2]
		}
	}
	blocks := strings.Split(string(raw), "\n###")[1:]
	if len(blocks) != 9 {
		t.Errorf("%d requests", len(blocks))
	}
	for _, block := range blocks {
		title, text, _ := strings.Cut(block, "\n")
		values["device"] = simulated(t, h, "Fridge").Info().DeviceID
		if strings.Contains(text, "{{things}}") {
			values["device"] = simulated(t, h, "Heater").Info().DeviceID
		}
		for name, value := range values {
			text = strings.ReplaceAll(text, "{{"+name+"}}", value)
		}
		if strings.Contains(text, "{{") {
			t.Errorf("%s: a variable is left: %s", title, text)
		}
		head, body, _ := strings.Cut(strings.TrimPrefix(text, "# @name login\n"), "\n\n")
		lines := strings.Split(head, "\n")
		verb, url, _ := strings.Cut(lines[0], " ")
		header := map[string]string{}
		for _, line := range lines[1:] {
			if name, value, ok := strings.Cut(line, ": "); ok {
				header[name] = value
			}
		}
		a := send(t, c, verb, url, header, strings.TrimSpace(body))
		if a.status != 200 || a.code() != 0 || a.text == "" {
			t.Errorf("%s: %d %s", title, a.status, a.text)
		}
		if token, ok := a.result()["token"].(string); ok {
			values["token"] = token
		}
	}
}
