package cli

import (
	"bytes"
	"context"
	"fmt"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

// staying are the commands that do not end by themselves, and what they show when they are ready.
// What is compared is that, or with late what they show at the end of the chapter.
var staying = []struct {
	begins string
	ready  func(raw string) bool
	late   bool
}{
	{"wattle demo", func(raw string) bool {
		at := strings.LastIndex(raw, hideCursor)
		return at >= 0 && strings.HasSuffix(raw, clearBelow) && !strings.Contains(raw[at:], "asking")
	}, false},
	{"wattle sim", func(raw string) bool { return strings.Contains(raw, "Robbie") && strings.HasSuffix(raw, "\n") }, false},
	{"wattle serve", func(raw string) bool {
		return strings.Count(raw, "state=online") == atDemo && strings.Contains(raw, "hub started")
	}, true},
	{"wattle watch ", func(raw string) bool { return strings.HasSuffix(raw, clearBelow) && !strings.Contains(raw, "asking") }, true},
}

// atDemo is how many devices the home of the demo has, without children.
const atDemo = 21

// patience is how long a command may take: with the race detector, on a busy machine,
// the demo fills its history for half a minute.
const patience = 2 * time.Minute

// soon are commands that show a moment later what they have to: the hub has just
// begun to listen, to write, to poll.
var soon = []string{"wattle history ", "wattle hub status", "curl "}

// answers are what is typed where a command asks.
var answers = []struct {
	question, answer string
	secret           bool
}{
	{"E-mail of the TP-Link account: ", "demo@example.com\n", false},
	{"Password: ", "demo\n", true},
}

// sitting is somebody at a computer of his own with some terminals.
type sitting struct {
	home, work string
	env        []string
	addresses  netip.Prefix
	// there and here are what the document says and what it is in this test: folders, addresses.
	there, here *strings.Replacer
	beside      []*besides
	screens     map[string][]glyphs // by command, as last shown
}

// besides is a command that goes on beside others.
type besides struct {
	*pty
	command *shownCommand
	late    bool
}

// newSitting is at a home with addresses of its own, on whose clocks it is about
// noon: what devices have used today does not depend on when tests run.
func newSitting(t *testing.T, number int) *sitting {
	t.Helper()
	dir := t.TempDir()
	s := &sitting{home: dir, work: filepath.Join(dir, "work"), screens: map[string][]glyphs{}}
	for _, folder := range []string{s.work, filepath.Join(dir, "run")} {
		if err := os.Mkdir(folder, 0o700); err != nil {
			t.Fatal(err)
		}
	}
	base := netip.AddrFrom4([4]byte{127, 0, byte(24 + number), 0}) // of as many letters as in the document
	s.addresses = netip.PrefixFrom(base, 26)
	there := []string{"127.0.0.1:8420", base.Next().String() + ":8420"}
	here := []string{base.Next().String() + ":8420", "127.0.0.1:8420", dir + "/run", "/run/user/1000", dir, "~"}
	var hosts []string
	// The longer numbers first: 127.0.64.10 is not 127.0.64.1 and a nought.
	for i := byte(40); i > 0; i-- {
		own := netip.AddrFrom4([4]byte{127, 0, byte(24 + number), i}).String()
		hosts = append(hosts, own)
		here = append(here, own, fmt.Sprintf("127.0.64.%d", i))
	}
	s.there, s.here = strings.NewReplacer(there...), strings.NewReplacer(here...)
	zone := 12 - time.Now().UTC().Hour()
	s.env = []string{
		"HOME=" + dir, "XDG_RUNTIME_DIR=" + dir + "/run", "TERM=xterm-256color", "LANG=C.UTF-8", "PATH=" + os.Getenv("PATH"),
		fmt.Sprintf("TZ=Etc/GMT%+d", -zone), "NO_KEYRING=1", "GORACE=" + os.Getenv("GORACE"),
		"WATTLE_DISCOVERY__ONLY_TARGETS=true", "WATTLE_DISCOVERY__TARGETS=" + strings.Join(hosts[len(hosts)-atDemo:], ","), "WATTLE_DISCOVERY__TIMEOUT=10s",
	}
	return s
}

// start begins a command as the document has it, in a new terminal.
func (s *sitting) start(t *testing.T, typed string) *pty {
	t.Helper()
	if typed == "wattle demo" || typed == "wattle sim" {
		typed += " --range " + s.addresses.String()
	}
	cmd := exec.Command("sh", "-c", s.there.Replace(typed))
	cmd.Dir, cmd.Env = s.work, s.env
	p, err := startPTY(cmd, 128, 62)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// do types a command.
func (s *sitting) do(t *testing.T, c *shownCommand) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	if setting, ok := strings.CutPrefix(c.typed, "export "); ok {
		s.env = append(s.env, setting)
		return
	}
	if name, ok := strings.CutPrefix(c.typed, "cat "); ok { // a file that people write themselves
		if err := os.WriteFile(filepath.Join(s.work, name), []byte(strings.Join(c.shows, "\n")+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	program, _, _ := strings.Cut(c.typed, " ")
	if _, err := exec.LookPath(program); err != nil {
		t.Logf("not compared, for want of %s: %s", program, c.typed)
		return
	}
	p := s.start(t, c.typed)
	if slices.ContainsFunc(soon, func(begins string) bool { return strings.HasPrefix(c.typed, begins) }) {
		p = s.repeated(ctx, t, c, p)
	}
	for _, kind := range staying {
		if strings.HasPrefix(c.typed, kind.begins) {
			b := &besides{pty: p, command: c, late: kind.late}
			s.beside = append(s.beside, b)
			t.Cleanup(func() { _ = p.cmd.Process.Kill() }) // where the test has failed
			if err := p.until(ctx, kind.ready); err != nil {
				t.Fatal(err)
			}
			if !b.late {
				s.compare(t, c, p.text())
			}
			return
		}
	}
	for _, a := range answers {
		if strings.Contains(c.typed, "auth login") {
			if err := p.until(ctx, func(raw string) bool { return strings.HasSuffix(raw, a.question) }); err != nil {
				t.Fatal(err)
			}
			if err := p.silent(ctx, a.secret); err != nil {
				t.Fatal(err)
			}
			if err := p.typed(a.answer); err != nil {
				t.Fatal(err)
			}
		}
	}
	if p.master != nil {
		if err := p.end(ctx); err != nil {
			t.Fatalf("%s: %v", c.typed, err)
		}
	}
	s.compare(t, c, p.text())
}

// repeated types a command until it shows what it has to, or time is over.
func (s *sitting) repeated(ctx context.Context, t *testing.T, c *shownCommand, p *pty) *pty {
	t.Helper()
	again := time.NewTicker(100 * time.Millisecond)
	defer again.Stop()
	for limit := time.After(patience / 4); ; {
		if err := p.end(ctx); err != nil {
			t.Fatalf("%s: %v", c.typed, err)
		}
		lines, err := screen(s.here.Replace(p.text()))
		if err == nil && slices.Equal(shapes(texts(lines)), shapes(c.shows)) || *update && p.cmd.ProcessState.Success() {
			return p
		}
		select {
		case <-limit:
			return p
		case <-again.C:
			p = s.start(t, c.typed)
		}
	}
}

// readmeCommand is a line of commands in README.md.
var readmeCommand = regexp.MustCompile(`(?m)^    (wattle [^#\n]*[^#\n ])`)

// readme types the commands of README.md: each exists, and does what it is for with
// the home that "wattle sim" serves.
func (s *sitting) readme(t *testing.T) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	text, err := os.ReadFile(filepath.Join(docsFolder, "..", "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for _, m := range readmeCommand.FindAllStringSubmatch(string(text), -1) {
		switch {
		case regexp.MustCompile(`^wattle (demo|sim|serve|watch|auth login|cloud login)\b`).MatchString(m[1]): // do not end, or ask; tried elsewhere
		case strings.Contains(m[1], "| jq"):
		default:
			n++
			p := s.start(t, "set -e; "+m[1])
			if err := p.end(ctx); err != nil || !p.cmd.ProcessState.Success() {
				t.Errorf("README.md: %s: %v %v\n%s", m[1], err, p.cmd.ProcessState, p.text())
			}
		}
	}
	if n < 8 {
		t.Errorf("README.md has %d commands: the test has gone blind", n)
	}
}

// end interrupts what goes on, the youngest first.
func (s *sitting) end(t *testing.T) {
	t.Helper()
	for _, b := range slices.Backward(s.beside) {
		ctx, cancel := context.WithTimeout(t.Context(), patience/4)
		if err := b.typed("\x03"); err != nil {
			t.Error(err)
		}
		if err := b.pty.end(ctx); err != nil {
			t.Errorf("%s: %v after Ctrl-C", b.command.typed, err)
		}
		cancel()
		if b.late {
			s.compare(t, b.command, b.text())
		}
	}
}

// browse makes a picture of the page of the API, where there is a browser.
func (s *sitting) browse(t *testing.T, path string) {
	t.Helper()
	program, err := exec.LookPath("chromium")
	if err != nil {
		t.Logf("no chromium: %s stays as it is", path)
		return
	}
	path, err = filepath.Abs(path)
	if err != nil {
		t.Fatal(err)
	}
	page := s.there.Replace("http://127.0.0.1:8420/docs")
	cmd := exec.CommandContext(t.Context(), program, "--headless", "--no-sandbox", "--hide-scrollbars", "--window-size=900,640", "--virtual-time-budget=3000",
		"--user-data-dir="+filepath.Join(s.home, "browser"), "--screenshot="+path, page)
	var said bytes.Buffer
	cmd.Stderr = &said
	if err := cmd.Run(); err != nil {
		t.Errorf("chromium: %v\n%s", err, &said)
	}
}
