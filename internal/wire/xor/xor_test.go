package xor_test

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"
	"testing/iotest"

	"wattle"
	"wattle/internal/wire/xor"
)

type vector struct {
	Name       string   `json:"name"`
	Plaintext  *string  `json:"plaintext"`
	UTF8       string   `json:"plaintext_utf8_hex"`
	Datagram   *string  `json:"udp_datagram_hex"`
	Frame      *string  `json:"tcp_frame_hex"`
	Segments   []string `json:"tcp_segments_hex"`
	Stream     string   `json:"tcp_stream_hex"`
	Plaintexts []string `json:"plaintexts"`
}

func vectors(tb testing.TB) []vector {
	tb.Helper()
	data, err := os.ReadFile(filepath.Join("testdata", "xor.json"))
	if err != nil {
		tb.Fatal(err)
	}
	var file struct {
		Cases []vector `json:"cases"`
	}
	if err := json.Unmarshal(data, &file); err != nil {
		tb.Fatal(err)
	}
	return file.Cases
}

func unhex(tb testing.TB, s string) []byte {
	tb.Helper()
	b, err := hex.DecodeString(s)
	if err != nil {
		tb.Fatal(err)
	}
	return b
}

// segments is a stream that gives what it holds one piece at a time.
type segments [][]byte

func (s *segments) Read(p []byte) (int, error) {
	if len(*s) == 0 {
		return 0, io.EOF
	}
	n := copy(p, (*s)[0])
	if (*s)[0] = (*s)[0][n:]; len((*s)[0]) == 0 {
		*s = (*s)[1:]
	}
	return n, nil
}

func TestVectors(t *testing.T) {
	cases, checks := vectors(t), 0
	for _, v := range cases {
		t.Run(v.Name, func(t *testing.T) {
			equal := func(what string, got, want []byte) {
				t.Helper()
				checks++
				if !bytes.Equal(got, want) {
					t.Errorf("%s = %x, want %x", what, got, want)
				}
			}
			if v.Datagram != nil {
				plain, sealed := []byte(*v.Plaintext), unhex(t, *v.Datagram)
				if v.UTF8 != "" {
					equal("plaintext_utf8", plain, unhex(t, v.UTF8))
				}
				equal("AppendEncrypted", xor.AppendEncrypted(nil, plain), sealed)
				equal("AppendDecrypted", xor.AppendDecrypted(nil, sealed), plain)
			}
			if v.Frame != nil {
				plain, frame := []byte(*v.Plaintext), unhex(t, *v.Frame)
				equal("AppendFrame", xor.AppendFrame(nil, plain), frame)
				for name, r := range map[string]io.Reader{
					"ReadFrame":          bytes.NewReader(frame),
					"ReadFrame one byte": iotest.OneByteReader(bytes.NewReader(frame)),
					"ReadFrame with EOF": iotest.DataErrReader(bytes.NewReader(frame)),
				} {
					got, err := xor.ReadFrame(r, []byte("before"))
					if err != nil {
						t.Errorf("%s: %v", name, err)
						continue
					}
					equal(name, got, append([]byte("before"), plain...))
				}
			}
			if v.Segments != nil {
				var s segments
				for _, part := range v.Segments {
					s = append(s, unhex(t, part))
				}
				got, err := xor.ReadFrame(&s, nil)
				if err != nil {
					t.Fatal(err)
				}
				equal("ReadFrame in segments", got, []byte(*v.Plaintext))
			}
			if v.Stream != "" {
				stream, r := []byte(nil), bytes.NewReader(unhex(t, v.Stream))
				for _, want := range v.Plaintexts {
					got, err := xor.ReadFrame(r, nil)
					if err != nil {
						t.Fatal(err)
					}
					equal("frame of a stream", got, []byte(want))
					stream = xor.AppendFrame(stream, []byte(want))
				}
				equal("stream", stream, unhex(t, v.Stream))
				if _, err := xor.ReadFrame(r, nil); !errors.Is(err, io.EOF) {
					t.Errorf("after the last frame: %v, want io.EOF", err)
				}
			}
		})
	}
	t.Logf("xor.json: %d cases, %d checks, both directions", len(cases), checks)
}

// TestAgainstDefinition compares with the definition of the cipher, byte by
// byte, for every length around the word and block borders, and in place.
func TestAgainstDefinition(t *testing.T) {
	for n := range 200 {
		plain := make([]byte, n)
		for i := range plain {
			plain[i] = byte(i*37 + n)
		}
		want := make([]byte, n)
		key := byte(0xAB)
		for i, p := range plain {
			key ^= p
			want[i] = key
		}
		if got := xor.AppendEncrypted([]byte("x"), plain); !bytes.Equal(got[1:], want) || got[0] != 'x' {
			t.Fatalf("AppendEncrypted of %d bytes = %x, want %x", n, got[1:], want)
		}
		if got := xor.AppendDecrypted([]byte("x"), want); !bytes.Equal(got[1:], plain) || got[0] != 'x' {
			t.Fatalf("AppendDecrypted of %d bytes = %x, want %x", n, got[1:], plain)
		}
		place := bytes.Clone(plain)
		if got := xor.AppendEncrypted(place[:0], place); !bytes.Equal(got, want) {
			t.Fatalf("AppendEncrypted in place of %d bytes = %x, want %x", n, got, want)
		}
		if got := xor.AppendDecrypted(place[:0], place); !bytes.Equal(got, plain) {
			t.Fatalf("AppendDecrypted in place of %d bytes = %x, want %x", n, got, plain)
		}
	}
}

func TestReadFrameErrors(t *testing.T) {
	for _, tt := range []struct {
		name   string
		stream []byte
		want   error
	}{
		{"nothing", nil, io.EOF},
		{"half a length", []byte{0, 0}, io.ErrUnexpectedEOF},
		{"no body", []byte{0, 0, 0, 5}, io.ErrUnexpectedEOF},
		{"half a body", []byte{0, 0, 0, 5, 1, 2}, io.ErrUnexpectedEOF},
		{"longest, absent", []byte{0, 16, 0, 0}, io.ErrUnexpectedEOF},
		{"too long", []byte{0, 16, 0, 1}, xor.ErrTooLong},
		{"an HTTP answer", []byte("HTTP/1.1 400 Bad Request\r\n"), wattle.ErrTransport},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, err := xor.ReadFrame(bytes.NewReader(tt.stream), []byte("kept"))
			if !errors.Is(err, tt.want) {
				t.Errorf("ReadFrame(%x): %v, want %v", tt.stream, err, tt.want)
			}
			if string(got) != "kept" {
				t.Errorf("ReadFrame(%x) = %q, want what was there before", tt.stream, got)
			}
		})
	}
}

// TestReadFrameReserves shows that an announced length reserves nothing.
func TestReadFrameReserves(t *testing.T) {
	got, err := xor.ReadFrame(bytes.NewReader([]byte{0, 16, 0, 0, 1, 2, 3}), nil)
	if !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Fatal(err)
	}
	if cap(got) > 16<<10 {
		t.Errorf("a frame of 3 bytes that announces 1 MiB reserved %d bytes", cap(got))
	}
}

func TestAllocations(t *testing.T) {
	if raceDetector {
		t.Log("not counted under the race detector, which allocates by itself")
		return
	}
	plain := bytes.Repeat([]byte(`{"a":1}`), 4096/7)
	sealed := xor.AppendEncrypted(nil, plain)
	frame := xor.AppendFrame(nil, plain)
	buf := make([]byte, 0, 8192)
	r := bytes.NewReader(frame)
	for _, tt := range []struct {
		name string
		want float64
		f    func()
	}{
		{"AppendEncrypted with room", 0, func() { buf = xor.AppendEncrypted(buf[:0], plain) }},
		{"AppendDecrypted with room", 0, func() { buf = xor.AppendDecrypted(buf[:0], sealed) }},
		{"AppendFrame with room", 0, func() { buf = xor.AppendFrame(buf[:0], plain) }},
		{"ReadFrame with room", 0, func() { r.Reset(frame); buf, _ = xor.ReadFrame(r, buf[:0]) }},
		{"AppendEncrypted", 1, func() { sink = xor.AppendEncrypted(nil, plain) }},
		{"AppendDecrypted", 1, func() { sink = xor.AppendDecrypted(nil, sealed) }},
		{"AppendFrame", 1, func() { sink = xor.AppendFrame(nil, plain) }},
	} {
		if got := testing.AllocsPerRun(100, tt.f); got != tt.want {
			t.Errorf("%s: %v allocations, want %v", tt.name, got, tt.want)
		}
	}
}

var sink []byte

func FuzzReadFrame(f *testing.F) {
	for _, v := range vectors(f) {
		if v.Frame != nil {
			f.Add(unhex(f, *v.Frame))
		}
	}
	f.Add([]byte{0, 16, 0, 1})
	f.Fuzz(func(t *testing.T, stream []byte) {
		r := bytes.NewReader(stream)
		plain, err := xor.ReadFrame(r, nil)
		if err != nil {
			return
		}
		read := stream[:len(stream)-r.Len()]
		if got := xor.AppendFrame(nil, plain); !bytes.Equal(got, read) {
			t.Errorf("frame of %x = %x, want %x", plain, got, read)
		}
	})
}

func FuzzCipher(f *testing.F) {
	for _, v := range vectors(f) {
		if v.Datagram != nil {
			f.Add(unhex(f, *v.Datagram))
		}
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		if got := xor.AppendEncrypted(nil, xor.AppendDecrypted(nil, b)); !bytes.Equal(got, b) {
			t.Errorf("decrypted and encrypted: %x, want %x", got, b)
		}
	})
}

func BenchmarkEncrypt(b *testing.B) { bench(b, xor.AppendEncrypted) }
func BenchmarkDecrypt(b *testing.B) { bench(b, xor.AppendDecrypted) }

func bench(b *testing.B, f func(dst, src []byte) []byte) {
	b.Helper()
	src, dst := make([]byte, 4096), make([]byte, 0, 4096)
	for i := range src {
		src[i] = byte(i)
	}
	b.SetBytes(int64(len(src)))
	b.ReportAllocs()
	for b.Loop() {
		dst = f(dst[:0], src)
	}
}
