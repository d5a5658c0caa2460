package cli

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"strings"

	"golang.org/x/term"
)

// canAsk reports whether a person is there to answer.
func (a *app) canAsk() bool { return a.inTTY && a.errTTY && !a.flags.noInput }

// confirm asks a yes-or-no question; without a terminal the answer must be
// given by --yes.
func (a *app) confirm(ctx context.Context, question string, yes bool) error {
	if yes {
		return nil
	}
	if !a.canAsk() {
		return &fault{err: fmt.Errorf("%s needs a confirmation", question), code: CodePolicy, hint: "add --yes"}
	}
	fmt.Fprintf(a.err, "%s? [y/N] ", question)
	answer, err := a.readLine(ctx)
	if err != nil {
		return err
	}
	switch strings.ToLower(strings.TrimSpace(answer)) {
	case "y", "yes":
		return nil
	}
	return &fault{err: fmt.Errorf("not confirmed"), code: CodePolicy}
}

// ask reads one line that a person types.
func (a *app) ask(ctx context.Context, prompt, preset string) (string, error) {
	if preset != "" {
		prompt += " [" + preset + "]"
	}
	fmt.Fprintf(a.err, "%s: ", prompt)
	answer, err := a.readLine(ctx)
	if err != nil {
		return "", err
	}
	if answer = strings.TrimSpace(answer); answer == "" {
		answer = preset
	}
	return answer, nil
}

// askHidden reads a secret without showing it. A signal restores the terminal.
func (a *app) askHidden(ctx context.Context, prompt string) (string, error) {
	f, ok := a.in.(*os.File)
	if !ok {
		return "", fmt.Errorf("no terminal to ask for a secret")
	}
	fd := int(f.Fd())
	before, err := term.GetState(fd)
	if err != nil {
		return "", err
	}
	fmt.Fprintf(a.err, "%s: ", prompt)
	type result struct {
		text []byte
		err  error
	}
	got := make(chan result, 1)
	go func() {
		text, err := term.ReadPassword(fd)
		got <- result{text, err}
	}()
	select {
	case r := <-got:
		fmt.Fprintln(a.err)
		return string(r.text), r.err
	case <-ctx.Done():
		// The reader cannot be woken; the process ends now.
		_ = term.Restore(fd, before)
		fmt.Fprintln(a.err)
		return "", context.Cause(ctx)
	}
}

// readLine reads up to the end of a line, or until ctx ends (then the reader
// stays behind; the process ends).
func (a *app) readLine(ctx context.Context) (string, error) {
	type result struct {
		text string
		err  error
	}
	got := make(chan result, 1)
	go func() {
		// Byte by byte: a buffer would swallow what comes after the line.
		text, err := bufio.NewReaderSize(oneByte{a.in}, 16).ReadString('\n')
		if err == io.EOF && text != "" {
			err = nil
		}
		got <- result{strings.TrimRight(text, "\r\n"), err}
	}()
	select {
	case r := <-got:
		return r.text, r.err
	case <-ctx.Done():
		fmt.Fprintln(a.err)
		return "", context.Cause(ctx)
	}
}

// oneByte gives at most one byte for each Read.
type oneByte struct{ r io.Reader }

func (o oneByte) Read(p []byte) (int, error) {
	if len(p) == 0 {
		return 0, nil
	}
	return o.r.Read(p[:1])
}
