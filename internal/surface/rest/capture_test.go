package rest_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"mime"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"

	"wattle/capture"
	"wattle/hub/hubtest"
	"wattle/internal/hubapi"
	"wattle/internal/surface/rest"
)

// A device that was downloaded can be simulated, is like the first, and tells
// nothing of its home.
func TestCapture(t *testing.T) {
	files := map[string][]byte{}
	features := map[string]int{}
	models := []string{"P110", "KP303", "KL130", "P300", "RV30"}
	in(t, nil, models, func(h *house) {
		for _, d := range get[[]hubapi.Device](h, "/devices") {
			r := h.do("GET", api("/devices/"+d.ID+"/capture"), "")
			want[map[string]any](h, r, 200)
			for _, secret := range []string{d.MAC.String(), strings.ReplaceAll(d.MAC.String(), ":", ""), d.Child} {
				if len(secret) > 3 && bytes.Contains(bytes.ToUpper(r.body), []byte(strings.ToUpper(secret))) {
					t.Errorf("%s: %q is shown", d.Model, secret)
				}
			}
			for _, name := range []string{d.Alias, base64.StdEncoding.EncodeToString([]byte(d.Alias))} {
				if name != "" && bytes.Contains(r.body, []byte(name)) { // an avatar may be called like it
					t.Errorf("%s: %q is shown", d.Model, name)
				}
			}
			if d.Parent != "" {
				continue
			}
			_, params, err := mime.ParseMediaType(r.Header.Get("Content-Disposition"))
			if err != nil || !strings.HasPrefix(params["filename"], d.Model) {
				t.Errorf("%v %v", params, err)
			}
			files[params["filename"]], features[d.Model] = r.body, len(d.Features)+100*len(d.Children)
		}
	})
	synctest.Test(t, func(t *testing.T) {
		var parsed []*capture.File
		for name, data := range files {
			f, err := capture.Parse(strings.TrimSuffix(name, ".json"), bytes.NewReader(data))
			if err != nil {
				t.Fatal(err)
			}
			parsed = append(parsed, f)
		}
		h := hubtest.Start(t, parsed).Hub(nil)
		hubtest.Online(t, h, len(models))
		for _, v := range h.Views() {
			if !v.Root() {
				continue
			}
			if got := len(v.Readings()) + 100*len(v.State.Children()); got != features[v.Identity().Model.Name] {
				t.Errorf("%s has %d features, and %d in the capture", v.Identity().Model.Name, features[v.Identity().Model.Name], got)
			}
			if !strings.Contains(v.Name, "Masked") {
				t.Errorf("its name is %q", v.Name)
			}
		}
	})
}

func TestLogs(t *testing.T) {
	more := make(chan string)
	o := &rest.Options{Logs: func(ctx context.Context, last int, follow bool, line func(string) error) error {
		for _, text := range []string{"one", "two", "three"}[3-min(last, 3):] {
			if err := line(text); err != nil {
				return err
			}
		}
		for follow {
			select {
			case text := <-more:
				if err := line(text); err != nil {
					return err
				}
			case <-ctx.Done():
				return ctx.Err()
			}
		}
		return nil
	}}
	synctest.Test(t, func(t *testing.T) {
		more = make(chan string, 1)
		h := start(t, o, "P110")
		tail := h.do("GET", api("/logs?last=2"), "")
		var lines []string
		for part := range strings.SplitSeq(string(tail.body), "data: ") {
			var l hubapi.LogLine
			if json.NewDecoder(strings.NewReader(part)).Decode(&l) == nil {
				lines = append(lines, l.Line)
			}
		}
		if tail.StatusCode != 200 || strings.Join(lines, " ") != "two three" {
			t.Errorf("%s: %q", tail.Status, tail.body)
		}
		refused(h, h.do("GET", api("/logs?last=-1"), ""), 422, "param")

		ctx, cancel := context.WithCancel(context.Background())
		defer cancel()
		r, _ := http.NewRequestWithContext(ctx, "GET", "http://"+address+api("/logs?last=0&follow=true"), nil)
		r.Header.Set("Authorization", "Bearer "+h.token)
		answer, err := h.client().Do(r)
		if err != nil {
			t.Fatal(err)
		}
		defer answer.Body.Close()
		more <- "four"
		scan := bufio.NewScanner(answer.Body)
		for scan.Scan() && scan.Text() != `data: {"line":"four"}` {
			continue
		}
		if scan.Err() != nil || scan.Text() == "" {
			t.Error("the line did not come:", scan.Err())
		}
	})
}
