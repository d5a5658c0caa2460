package cli

import (
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestUnchanged: nothing is released that could not be read from the file again.
func TestUnchanged(t *testing.T) {
	text := `00400000-01780000 r-xp 00000000 fe:00 10019395                           /opt/w t/wattle
Size:              20136 kB
Anonymous:             0 kB
01780000-02b00000 r--p 013aa000 fe:00 10019395                           /opt/w t/wattle
Anonymous:             4 kB
02b00000-02c00000 rw-p 027ce000 fe:00 10019395                           /opt/w t/wattle
Anonymous:             0 kB
02c00000-02d00000 r--p 027ce000 fe:00 10019395                           /opt/w t/wattle
Anonymous:             0 kB
02d00000-04d5a000 r--p 00000000 00:00 0
Anonymous:             0 kB
7fa14ea0f000-7fa14ea8f000 r--p 00000000 fe:00 1                          /opt/w t/wattle.so
Anonymous:             0 kB
`
	got, err := unchanged(strings.NewReader(text), "/opt/w t/wattle")
	want := []mapping{{0x400000, 0x1780000}, {0x2c00000, 0x2d00000}}
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(mapping{})); err != nil || diff != "" {
		t.Error(err, diff)
	}
	if _, err := unchanged(strings.NewReader("00400000+01780000 r-xp 0 fe:00 1 /x\n"), "/x"); err == nil {
		t.Error("no error for what is no mapping")
	}
}

// TestReleaseProgram: this program goes on, with less of its file mapped.
func TestReleaseProgram(t *testing.T) {
	before := takenBy(t, os.Getpid())
	if err := releaseProgram(); err != nil {
		t.Fatal(err)
	}
	after := takenBy(t, os.Getpid())
	if before.files == 0 || after.files > before.files*3/4 {
		t.Errorf("%.1f MiB of files before, %.1f after", mib(before.files), mib(after.files))
	}
}
