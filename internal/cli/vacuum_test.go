package cli

import (
	"encoding/base64"
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/mattn/go-runewidth"

	"wattle/floor"
	"wattle/method/smart"
)

// invented is a map of 6 × 4 pixels with two rooms, a dock and a robot.
func invented(t *testing.T) *floor.Plan {
	t.Helper()
	pixels := []byte{
		0, 0, 0, 0, 0, 127, // the lowest row
		0, 2, 2, 3, 0, 127,
		0, 2, 2, 3, 255, 127,
		0, 0, 0, 0, 0, 127,
	}
	packed := base64.StdEncoding.EncodeToString(append([]byte{0xf0, byte(len(pixels) - 15)}, pixels...))
	d, err := smart.GetMapData.Decode(fmt.Appendf(nil, `{"width":6,"height":4,"resolution":100,"map_data":%q,"real_charge_coor":[150,150],"real_vac_coor":[350,250],
		"area_list":[{"id":2,"type":"room","name":"S2l0Y2hlbg=="},{"id":3,"type":"room"}]}`, packed))
	if err != nil {
		t.Fatal(err)
	}
	p, err := floor.Read(d)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestLetters(t *testing.T) {
	p := invented(t)
	// Two rows in one: the robot and the dock win, then walls.
	if got, want := strings.Join(letters(p.Grid(72, 72), p), "\n"), "###@#\n#=###"; got != want {
		t.Errorf("drawn as\n%s\nwant\n%s", got, want)
	}
}

func TestBlocks(t *testing.T) {
	p := invented(t)
	out := blocks(p.Grid(72, 72), p)
	if len(out) != 2 {
		t.Fatalf("%d lines", len(out))
	}
	codes := regexp.MustCompile(`\x1b\[[0-9;]*m`)
	for _, line := range out {
		bare := codes.ReplaceAllString(line, "")
		if strings.Contains(bare, "\x1b") || runewidth.StringWidth(bare) != 5 {
			t.Errorf("%q shows as %q", line, bare)
		}
		if !strings.HasSuffix(line, "\x1b[0m") {
			t.Errorf("%q leaves its colours on", line)
		}
	}
	if !strings.Contains(out[0], "@") || !strings.Contains(out[1], "⌂") {
		t.Errorf("no robot or dock: %q", out)
	}
	if kitchen := fmt.Sprintf("48;5;%dm▀", roomCodes[p.RoomColor(2)]); !strings.Contains(out[0], kitchen) {
		t.Errorf("%q has no %q", out[0], kitchen)
	}
	if none := blocks(&floor.Grid{}, p); len(none) != 0 {
		t.Errorf("nothing is drawn as %q", none)
	}
}
