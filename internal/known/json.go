package known

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"time"

	"wattle"
)

// The file is read each time that a command runs, so it is read fast: checked
// once as a whole, then cut up by hand. The functions of this file take valid
// JSON only.

// eachMember calls f with the members of an object, in order.
func eachMember(object []byte, f func(key, value []byte) error) error {
	i := skipSpace(object, 0)
	if i >= len(object) || object[i] != '{' {
		return errors.New("not an object")
	}
	for i = skipSpace(object, i+1); object[i] != '}'; i = skipSpace(object, i) {
		if object[i] == ',' {
			i = skipSpace(object, i+1)
		}
		end := skipValue(object, i)
		key := object[i+1 : end-1]
		if bytes.IndexByte(key, '\\') >= 0 {
			var text string
			if err := json.Unmarshal(object[i:end], &text); err != nil {
				return err
			}
			key = []byte(text)
		}
		i = skipSpace(object, end)
		i = skipSpace(object, i+1) // the colon
		end = skipValue(object, i)
		if err := f(key, object[i:end]); err != nil {
			return fmt.Errorf("%s: %w", key, err)
		}
		i = end
	}
	return nil
}

// eachItem calls f with the items of a list; null is an empty list.
func eachItem(list []byte, f func(item []byte) error) error {
	i := skipSpace(list, 0)
	if bytes.HasPrefix(list[i:], []byte("null")) {
		return nil
	}
	if list[i] != '[' {
		return errors.New("not a list")
	}
	for i = skipSpace(list, i+1); list[i] != ']'; i = skipSpace(list, i) {
		if list[i] == ',' {
			i = skipSpace(list, i+1)
		}
		end := skipValue(list, i)
		if err := f(list[i:end]); err != nil {
			return err
		}
		i = end
	}
	return nil
}

func skipSpace(b []byte, i int) int {
	for i < len(b) && (b[i] == ' ' || b[i] == '\n' || b[i] == '\t' || b[i] == '\r') {
		i++
	}
	return i
}

// skipValue gives the place behind the value that begins at i.
func skipValue(b []byte, i int) int {
	switch b[i] {
	case '"':
		return skipText(b, i)
	case '{', '[':
		for depth := 0; ; {
			switch b[i] {
			case '"':
				i = skipText(b, i)
				continue
			case '{', '[':
				depth++
			case '}', ']':
				depth--
			}
			i++
			if depth == 0 {
				return i
			}
		}
	}
	for i < len(b) {
		switch b[i] {
		case ',', '}', ']', ' ', '\n', '\t', '\r':
			return i
		}
		i++
	}
	return i
}

func skipText(b []byte, i int) int {
	for i++; ; i++ {
		switch b[i] {
		case '\\':
			i++
		case '"':
			return i + 1
		}
	}
}

// readText reads a string; null leaves it as it is.
func readText[T ~string](raw []byte, into *T) error {
	if raw[0] == '"' && bytes.IndexByte(raw, '\\') < 0 && isASCII(raw) {
		*into = T(raw[1 : len(raw)-1])
		return nil
	}
	return json.Unmarshal(raw, into)
}

func isASCII(b []byte) bool {
	for _, c := range b {
		if c >= 0x80 {
			return false
		}
	}
	return true
}

func readInt(raw []byte, into *int) (err error) {
	*into, err = strconv.Atoi(string(raw))
	return err
}

func readTime(raw []byte, into *time.Time) error { return into.UnmarshalJSON(raw) }

func readMAC(raw []byte, into *wattle.MAC) error {
	if raw[0] != '"' || bytes.IndexByte(raw, '\\') >= 0 {
		return fmt.Errorf("%s is not a MAC address", raw)
	}
	return into.UnmarshalText(raw[1 : len(raw)-1])
}

func readModel(raw []byte, into *wattle.Model) error {
	return eachMember(raw, func(key, value []byte) error {
		switch string(key) {
		case "name":
			return readText(value, &into.Name)
		case "region":
			return readText(value, &into.Region)
		}
		return nil
	})
}

func readRoute(raw []byte, into *wattle.Route) error {
	return eachMember(raw, func(key, value []byte) error {
		switch string(key) {
		case "family":
			return readText(value, &into.Family)
		case "transport":
			return readText(value, &into.Transport)
		case "host":
			return readText(value, &into.Host)
		case "port":
			return readInt(value, &into.Port)
		case "tls":
			return json.Unmarshal(value, &into.TLS)
		case "version":
			return readInt(value, &into.Version)
		}
		return nil
	})
}

// extra are the members of an object that this version does not know.
type extra map[string]json.RawMessage

func (e *extra) keep(key, value []byte) {
	if *e == nil {
		*e = extra{}
	}
	(*e)[string(key)] = bytes.Clone(value)
}
