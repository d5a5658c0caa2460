package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"
	"unicode/utf8"

	"github.com/mattn/go-runewidth"
	"golang.org/x/sys/unix"
)

// pty is a program in a terminal of its own, which the kernel plays: the program
// draws, asks and is interrupted as where people sit.
type pty struct {
	cmd    *exec.Cmd
	master *os.File
	more   chan struct{} // something was written since
	ended  chan struct{}

	mu  sync.Mutex
	raw strings.Builder
}

// startPTY starts a program in a terminal of a size.
func startPTY(cmd *exec.Cmd, columns, rows uint16) (*pty, error) {
	master, err := os.OpenFile("/dev/ptmx", os.O_RDWR|syscall.O_NOCTTY, 0)
	if err != nil {
		return nil, err
	}
	var number int
	raw, err := master.SyscallConn()
	if err == nil {
		var failed error
		err = raw.Control(func(fd uintptr) {
			var e [3]error
			number, e[0] = unix.IoctlGetInt(int(fd), unix.TIOCGPTN)
			e[1] = unix.IoctlSetPointerInt(int(fd), unix.TIOCSPTLCK, 0)
			e[2] = unix.IoctlSetWinsize(int(fd), unix.TIOCSWINSZ, &unix.Winsize{Col: columns, Row: rows})
			failed = errors.Join(e[:]...)
		})
		err = errors.Join(err, failed)
	}
	var slave *os.File
	if err == nil {
		slave, err = os.OpenFile("/dev/pts/"+strconv.Itoa(number), os.O_RDWR|syscall.O_NOCTTY, 0)
	}
	if err != nil {
		return nil, errors.Join(err, master.Close())
	}
	cmd.Stdin, cmd.Stdout, cmd.Stderr = slave, slave, slave
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
	err = cmd.Start()
	_ = slave.Close()
	if err != nil {
		return nil, errors.Join(err, master.Close())
	}
	p := &pty{cmd: cmd, master: master, more: make(chan struct{}, 1), ended: make(chan struct{})}
	go p.read()
	return p, nil
}

// read takes in what is written, until the last program in the terminal has ended.
func (p *pty) read() {
	defer close(p.ended)
	buf := make([]byte, 1<<12)
	for {
		n, err := p.master.Read(buf)
		p.mu.Lock()
		p.raw.Write(buf[:n])
		p.mu.Unlock()
		select {
		case p.more <- struct{}{}:
		default:
		}
		if err != nil {
			return
		}
	}
}

func (p *pty) text() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.raw.String()
}

// until waits until what was written is as wanted; an error says what is shown instead.
func (p *pty) until(ctx context.Context, wanted func(raw string) bool) error {
	for {
		if wanted(p.text()) {
			return nil
		}
		select {
		case <-p.more:
			continue
		case <-p.ended:
			if wanted(p.text()) {
				return nil
			}
		case <-ctx.Done():
		}
		return fmt.Errorf("%v ended, or took too long, and shows:\n%s", p.cmd.Args, p.text())
	}
}

// silent waits until the terminal shows what is typed, or with true until it does not.
func (p *pty) silent(ctx context.Context, wanted bool) error {
	raw, err := p.master.SyscallConn()
	if err != nil {
		return err
	}
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for {
		var state *unix.Termios
		var failed error
		err := raw.Control(func(fd uintptr) { state, failed = unix.IoctlGetTermios(int(fd), unix.TCGETS) })
		if err = errors.Join(err, failed); err != nil {
			return err
		}
		if silent := state.Lflag&unix.ECHO == 0; silent == wanted {
			return nil
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

func (p *pty) typed(text string) error {
	_, err := io.WriteString(p.master, text)
	return err
}

// end waits for the end; the exit code of the program is not looked at.
func (p *pty) end(ctx context.Context) error {
	select {
	case <-p.ended:
	case <-ctx.Done():
		_ = p.cmd.Process.Kill()
		<-p.ended
	}
	_ = p.cmd.Wait()
	err := errors.Join(context.Cause(ctx), p.master.Close())
	p.master = nil
	return err
}

// glyph is a letter on a screen, and how it is painted: what stands in its escape
// sequence, such as "31" or "38;2;255;99;71".
type glyph struct {
	letter rune
	paint  string
}

type glyphs []glyph

func (l glyphs) String() string {
	var b strings.Builder
	for _, c := range l {
		b.WriteRune(c.letter)
	}
	return strings.TrimRight(b.String(), " ")
}

var escape = regexp.MustCompile(`^\x1b\[\??([0-9;]*)([A-Za-z])`)

// screen is what a terminal without an end shows after all that was written to it.
// It knows the sequences that this program sends, and no others.
func screen(raw string) (lines []glyphs, err error) {
	var row, column int
	paint := ""
	lines = []glyphs{nil}
	for raw != "" {
		if m := escape.FindStringSubmatch(raw); m != nil {
			raw = raw[len(m[0]):]
			switch m[2] {
			case "m":
				if paint = m[1]; paint == "0" {
					paint = ""
				}
			case "A":
				n, _ := strconv.Atoi(m[1])
				row = max(row-n, 0)
			case "K":
				lines[row] = lines[row][:min(column, len(lines[row]))]
			case "J":
				lines = lines[:row+1]
				lines[row] = lines[row][:min(column, len(lines[row]))]
			case "h", "l": // the cursor is shown or not
			default:
				return nil, fmt.Errorf("the terminal of the tests does not know %q", m[0])
			}
			continue
		}
		letter, _ := utf8.DecodeRuneInString(raw)
		raw = raw[len(string(letter)):]
		switch letter {
		case '\r':
			column = 0
		case '\n':
			if row++; row == len(lines) {
				lines = append(lines, nil)
			}
		case '\a':
		case '\x1b':
			return nil, fmt.Errorf("the terminal of the tests does not know %q", raw[:min(len(raw), 8)])
		default:
			for len(lines[row]) <= column {
				lines[row] = append(lines[row], glyph{letter: ' '})
			}
			lines[row][column] = glyph{letter, paint}
			column += runewidth.RuneWidth(letter)
		}
	}
	for len(lines) > 0 && lines[len(lines)-1].String() == "" {
		lines = lines[:len(lines)-1]
	}
	return lines, nil
}
