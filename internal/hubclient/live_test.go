package hubclient

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"
)

func collect(r io.Reader) (out []string, err error) {
	for data, e := range events(r) {
		if e != nil {
			return out, e
		}
		out = append(out, string(data))
	}
	return out, nil
}

func TestEvents(t *testing.T) {
	got, err := collect(strings.NewReader(": hello\nid: 1\nevent: device\ndata: {\"a\":\ndata: 1}\r\n\r\n\ndata:x\n\ndata: cut off"))
	if strings.Join(got, "|") != "{\"a\":\n1}|x" || !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("%q, %v", got, err)
	}
	if _, err := collect(io.LimitReader(endless{}, lineMost+100)); err == nil {
		t.Error("a line without an end was taken")
	}
}

type endless struct{}

func (endless) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = 'd'
	}
	return len(p), nil
}

// FuzzEvents: whatever comes, the stream ends with an error and no data is made up.
func FuzzEvents(f *testing.F) {
	f.Add([]byte("event: hello\nid: 1-2\ndata: {\"type\":\"hello\",\"devices\":[]}\n\n: heartbeat\n\n"))
	f.Add([]byte("data\ndata:\ndata: a\r\n\r\n"))
	f.Fuzz(func(t *testing.T, raw []byte) {
		got, err := collect(bytes.NewReader(raw))
		if err == nil {
			t.Fatal("it has no end")
		}
		for _, data := range got {
			for line := range strings.SplitSeq(data, "\n") {
				if !bytes.Contains(raw, []byte(line)) {
					t.Fatalf("%q is not in %q", line, raw)
				}
			}
		}
	})
}
