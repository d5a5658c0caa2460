package capture

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
)

// FormatError says why a text is not a capture, where, and what to do.
type FormatError struct {
	Name   string // of the file
	Line   int    // from 1; 0 where no place can be named
	Column int    // in bytes, from 1
	Reason string
	Advice string
	// Unknown: well-formed JSON that is something else than a capture.
	Unknown bool
}

// Error is "file:line:column: reason; advice".
func (e *FormatError) Error() string {
	place := e.Name
	if e.Line > 0 {
		place = fmt.Sprintf("%s:%d:%d", e.Name, e.Line, e.Column)
	}
	if e.Advice == "" {
		return place + ": " + e.Reason
	}
	return place + ": " + e.Reason + "; " + e.Advice
}

// decode takes the outer object apart and makes every member compact.
func decode(name string, text []byte) (map[string]json.RawMessage, error) {
	if len(bytes.TrimSpace(text)) == 0 {
		return nil, &FormatError{Name: name, Reason: "is empty", Advice: "record it again"}
	}
	if bytes.HasPrefix(text, []byte{0xff, 0xfe}) || bytes.HasPrefix(text, []byte{0xfe, 0xff}) {
		return nil, &FormatError{Name: name, Reason: "is UTF-16", Advice: "save it as UTF-8"}
	}
	// Compact tells what is wrong, but not where.
	var whole json.RawMessage
	if err := json.Unmarshal(text, &whole); err != nil {
		return nil, syntaxError(name, text, err)
	}
	var compact bytes.Buffer
	compact.Grow(len(text))
	if err := json.Compact(&compact, whole); err != nil {
		return nil, syntaxError(name, text, err)
	}
	var data map[string]json.RawMessage
	if err := json.Unmarshal(compact.Bytes(), &data); err != nil || data == nil {
		return nil, &FormatError{
			Name: name, Line: 1, Column: 1, Reason: "is JSON, but not an object",
			Advice: "a capture starts with { and names methods", Unknown: true,
		}
	}
	return data, nil
}

func syntaxError(name string, text []byte, err error) error {
	e := &FormatError{Name: name, Reason: "broken JSON: " + err.Error()}
	var syntax *json.SyntaxError
	if !errors.As(err, &syntax) {
		return e
	}
	// The offset counts the bytes read, the offending one included; at the
	// end of the text there is none.
	at := min(max(int(syntax.Offset)-1, 0), len(text))
	if syntax.Error() == "unexpected end of JSON input" {
		at = len(text)
		e.Advice = "the file is cut off: copy or record it again"
	} else {
		e.Advice = "correct the text there: " + excerpt(text, at)
	}
	e.Line = 1 + bytes.Count(text[:at], []byte("\n"))
	e.Column = at - bytes.LastIndexByte(text[:at], '\n')
	return e
}

// excerpt quotes the line around an offset, so that the place is found without
// counting columns.
func excerpt(text []byte, at int) string {
	const around = 24
	from, to := max(at-around, 0), min(at+around, len(text))
	if i := bytes.LastIndexByte(text[from:at], '\n'); i >= 0 {
		from += i + 1
	}
	if i := bytes.IndexByte(text[at:to], '\n'); i >= 0 {
		to = at + i
	}
	return fmt.Sprintf("%q", bytes.ToValidUTF8(text[from:to], []byte("?")))
}
