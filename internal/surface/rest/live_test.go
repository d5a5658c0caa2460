package rest_test

import (
	"bufio"
	"context"
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/coder/websocket"

	"wattle/device"
	"wattle/hub"
	"wattle/hub/hubtest"
	"wattle/internal/hubapi"
	"wattle/internal/surface/rest"
)

// stream is a client of /live.
type stream struct {
	h       *house
	answer  *http.Response
	lines   *bufio.Scanner
	last    string
	stopped context.CancelFunc
}

func (h *house) follow(query, lastID string) *stream {
	h.t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+address+api("/live")+query, nil)
	if err != nil {
		h.t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+h.token)
	if lastID != "" {
		r.Header.Set("Last-Event-ID", lastID)
	}
	answer, err := h.client().Do(r) //nolint:bodyclose // close does
	if err != nil {
		h.t.Fatal(err)
	}
	if answer.StatusCode != 200 || answer.Header.Get("Content-Type") != "text/event-stream" {
		h.t.Fatalf("%s, %s", answer.Status, answer.Header.Get("Content-Type"))
	}
	s := &stream{h: h, answer: answer, lines: bufio.NewScanner(answer.Body), stopped: cancel}
	s.lines.Buffer(nil, 1<<20)
	return s
}

func (s *stream) close() {
	s.stopped()
	_ = s.answer.Body.Close()
}

// next reads one event.
func (s *stream) next() hubapi.Message {
	s.h.t.Helper()
	var m hubapi.Message
	kind := ""
	for s.lines.Scan() {
		name, value, _ := strings.Cut(s.lines.Text(), ": ")
		switch name {
		case "event":
			kind = value
		case "id":
			s.last = value
		case "data":
			if err := json.Unmarshal([]byte(value), &m); err != nil {
				s.h.t.Fatal(err)
			}
		case "":
			if m.Type != kind || m.ID != "" && m.ID != s.last {
				s.h.t.Errorf("event %q with id %q: %+v", kind, s.last, m)
			}
			return m
		}
	}
	s.h.t.Fatal("the stream ended:", s.lines.Err())
	return m
}

// until reads events up to one of a type.
func (s *stream) until(kind string) (before []hubapi.Message, m hubapi.Message) {
	s.h.t.Helper()
	for {
		if m = s.next(); m.Type == kind {
			return before, m
		}
		before = append(before, m)
	}
}

func TestLiveBySentEvents(t *testing.T) {
	in(t, nil, []string{"P110", "KP303"}, func(h *house) {
		all := h.follow("", "")
		before, _ := all.until(hubapi.Ready)
		if before[0].Type != hubapi.Hello || len(before[0].Devices) != 5 || len(before) != 6 {
			t.Fatalf("got %+v", before)
		}
		for _, m := range before[1:] {
			if m.Type != hubapi.Snapshot || m.Device == nil || len(m.Changes) != len(m.Device.Features) || !slices.Contains(before[0].Devices, m.Device.ID) {
				t.Errorf("got %+v", m)
			}
		}
		if all.last == "" {
			t.Error("no id after the snapshot")
		}
		plug := hubtest.View(t, h.hub, "Heater")
		if err := h.hub.Set(h.t.Context(), plug.ID, device.Setting{ID: "state", Value: false}); err != nil {
			t.Fatal(err)
		}
		if _, err := h.hub.Refresh(h.t.Context(), plug.ID); err != nil {
			t.Fatal(err)
		}
		_, m := all.until(hubapi.Changed)
		if m.Device.ID != hub.Slug(plug.ID) || !slices.Contains(m.Changes, "state") || m.Device.On == nil || *m.Device.On {
			t.Errorf("got %+v of %+v", m.Changes, m.Device)
		}
		_, beat := all.until(hubapi.Heartbeat)
		if beat.ID == "" {
			t.Error("a heartbeat without an id")
		}

		// Who comes back gets what has changed meanwhile, and nothing else.
		all.close()
		synctest.Wait()
		if err := h.hub.Remove(hubtest.View(t, h.hub, "Heater").ID); err != nil {
			t.Fatal(err)
		}
		back := h.follow("", all.last)
		defer back.close()
		before, _ = back.until(hubapi.Ready)
		if before[0].Type != hubapi.Hello || slices.Contains(before[0].Devices, hub.Slug(plug.ID)) || len(before[0].Devices) != 4 {
			t.Errorf("got %+v", before[0])
		}
		for _, m := range before[1:] {
			if m.Type == hubapi.Snapshot && m.Device.Rev <= 1 {
				t.Errorf("told again: %+v", m)
			}
		}
		if _, e := back.until(hubapi.Happened); e.Event.Kind != hub.Removed || e.Event.Device != hub.Slug(plug.ID) {
			t.Errorf("got %+v", e.Event)
		}
		// The number of another run means nothing: everything comes.
		other := h.follow("", "abc-99999")
		defer other.close()
		if before, _ = other.until(hubapi.Ready); len(before) != 5 {
			t.Errorf("%d messages", len(before))
		}
	})
}

func TestLiveFilters(t *testing.T) {
	in(t, nil, []string{"P110", "KP303"}, func(h *house) {
		plug := hubtest.View(t, h.hub, "Heater")
		one := h.follow("?device="+hub.Slug(plug.ID)+"&feature=state", "")
		defer one.close()
		before, _ := one.until(hubapi.Ready)
		if len(before) != 2 || len(before[0].Devices) != 1 || before[1].Device.ID != hub.Slug(plug.ID) || len(before[1].Device.Features) != 1 {
			t.Fatalf("got %+v", before)
		}
		for _, value := range []any{45, 50} { // of no concern
			if err := h.hub.Set(h.t.Context(), plug.ID, device.Setting{ID: "auto_off_minutes", Value: value}); err != nil {
				t.Fatal(err)
			}
		}
		if before, _ = one.until(hubapi.Heartbeat); len(before) != 0 {
			t.Errorf("got %+v", before)
		}
		if _, err := h.hub.Toggle(h.t.Context(), plug.ID); err != nil {
			t.Fatal(err)
		}
		if _, m := one.until(hubapi.Changed); !slices.Equal(m.Changes, []string{"state"}) {
			t.Errorf("changes %v", m.Changes)
		}
		refused(h, h.do("GET", api("/live?device=nothing"), ""), 404, "not_found")
	})
}

func (h *house) socket() *websocket.Conn {
	h.t.Helper()
	c, _, err := websocket.Dial(h.t.Context(), "ws://"+address+api("/ws"), &websocket.DialOptions{ //nolint:bodyclose // there is none after an upgrade
		HTTPClient: h.client(), Subprotocols: []string{"wattle.v1", "wattle.token." + h.token},
	})
	if err != nil {
		h.t.Fatal(err)
	}
	c.SetReadLimit(1 << 20)
	return c
}

// read gives the next message of a type.
func read(t *testing.T, c *websocket.Conn, kind string) hubapi.Message {
	t.Helper()
	for {
		_, data, err := c.Read(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		var m hubapi.Message
		if err := json.Unmarshal(data, &m); err != nil {
			t.Fatal(err)
		}
		if m.Type == kind {
			return m
		}
	}
}

func write(t *testing.T, c *websocket.Conn, command hubapi.Command) {
	t.Helper()
	data, err := json.Marshal(command)
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Write(t.Context(), websocket.MessageText, data); err != nil {
		t.Fatal(err)
	}
}

func TestLiveByWebSocket(t *testing.T) {
	in(t, nil, []string{"P110", "KL130"}, func(h *house) {
		c := h.socket()
		defer c.CloseNow()
		if c.Subprotocol() != "wattle.v1" {
			t.Errorf("protocol %q", c.Subprotocol())
		}
		if m := read(h.t, c, hubapi.Hello); len(m.Devices) != 2 {
			t.Errorf("got %+v", m)
		}
		read(h.t, c, hubapi.Ready)
		bulb := hub.Slug(hubtest.View(t, h.hub, "Corner lamp").ID)
		write(h.t, c, hubapi.Command{Ref: "1", Do: "set", Device: bulb, Set: hubapi.Settings{"brightness": json.RawMessage("23")}})
		if m := read(h.t, c, hubapi.Answer); m.Ref != "1" || m.Error != nil {
			t.Errorf("got %+v", m)
		}
		if m := read(h.t, c, hubapi.Changed); m.Device.ID != bulb || !slices.Contains(m.Changes, "brightness") {
			t.Errorf("got %+v", m)
		}
		write(h.t, c, hubapi.Command{Ref: "2", Do: "toggle", Device: bulb})
		if m := read(h.t, c, hubapi.Answer); m.Ref != "2" || m.On == nil {
			t.Errorf("got %+v", m)
		}
		for want, command := range map[string]hubapi.Command{
			"not_found":   {Do: "toggle", Device: "nothing"},
			"unsupported": {Do: "set", Device: bulb, Set: hubapi.Settings{"wings": json.RawMessage("1")}},
			"param":       {Do: "fly", Device: bulb},
		} {
			write(h.t, c, command)
			if m := read(h.t, c, hubapi.Answer); m.Error == nil || m.Error.Class != want {
				t.Errorf("%+v: %+v", command, m.Error)
			}
		}
		if err := c.Write(h.t.Context(), websocket.MessageText, []byte("{")); err != nil {
			t.Fatal(err)
		}
		if m := read(h.t, c, hubapi.Answer); m.Error == nil || m.Error.Class != "request" {
			t.Errorf("got %+v", m)
		}
		write(h.t, c, hubapi.Command{Do: "filter", Devices: []string{bulb}})
		read(h.t, c, hubapi.Answer)
		write(h.t, c, hubapi.Command{Do: "toggle", Device: hub.Slug(hubtest.View(t, h.hub, "Heater").ID)})
		read(h.t, c, hubapi.Answer)
		write(h.t, c, hubapi.Command{Do: "toggle", Device: bulb})
		if m := read(h.t, c, hubapi.Changed); m.Device.ID != bulb {
			t.Errorf("got %+v", m.Device)
		}
		refused(h, h.do("GET", api("/ws"), ""), http.StatusUpgradeRequired, "request")
	})
}

// A follower that does not read is cut off, and costs nobody else anything.
func TestFollowersThatDoNotRead(t *testing.T) {
	o := &rest.Options{Limits: rest.Limits{Followers: 2, Heartbeat: 5 * time.Second}}
	in(t, o, []string{"P110", "KL130"}, func(h *house) {
		dead := h.follow("", "")
		defer dead.close()
		socket := h.socket()
		defer socket.CloseNow()
		refused(h, h.do("GET", api("/live"), ""), 429, "rate")
		plug := hubtest.View(t, h.hub, "Heater").ID
		begun := time.Now()
		for range 400 {
			if _, err := h.hub.Toggle(h.t.Context(), plug); err != nil {
				t.Fatal(err)
			}
			if _, err := h.hub.Refresh(h.t.Context(), plug); err != nil {
				t.Fatal(err)
			}
		}
		if took := time.Since(begun); took > 400*time.Second/2 {
			t.Errorf("switching took %v", took)
		}
		time.Sleep(time.Minute)
		// Both seats are free again.
		for range 2 {
			s := h.follow("", "")
			defer s.close()
			s.until(hubapi.Ready)
		}
	})
}

func TestFollowersEndWithTheServer(t *testing.T) {
	in(t, nil, []string{"P110"}, func(h *house) {
		s := h.follow("", "")
		s.until(hubapi.Ready)
		c := h.socket()
		read(h.t, c, hubapi.Ready)
		begun := time.Now()
		h.stop()
		if took := time.Since(begun); took > 6*time.Second {
			t.Errorf("it took %v", took)
		}
		for s.lines.Scan() {
			continue
		}
		s.close()
		if _, _, err := c.Read(h.t.Context()); err == nil {
			t.Error("the socket is still open")
		}
	})
}
