// Package rawjson cuts JSON up without decoding it: into the members of an
// object and the items of a list, in order, each as it was written. It is for
// messages and files that are read often and of which little is looked at.
//
// All of it takes valid JSON only, as [encoding/json.Valid] tells; anything else
// may panic. Check once, then cut as deep as needed.
package rawjson

import (
	"bytes"
	"encoding/json"
	"errors"
)

// Errors of values of another kind than asked for.
var (
	ErrNotObject = errors.New("not an object")
	ErrNotList   = errors.New("not a list")
)

// Members calls f with each member of an object. The key is without quotes and
// escapes; both slices point into object where they can. An error of f ends it.
func Members(object []byte, f func(key, value []byte) error) error {
	i := space(object, 0)
	if i >= len(object) || object[i] != '{' {
		return ErrNotObject
	}
	for i = space(object, i+1); object[i] != '}'; i = space(object, i) {
		if object[i] == ',' {
			i = space(object, i+1)
		}
		end := text(object, i)
		key := object[i+1 : end-1]
		if bytes.IndexByte(key, '\\') >= 0 {
			var plain string
			if err := json.Unmarshal(object[i:end], &plain); err != nil {
				return err
			}
			key = []byte(plain)
		}
		i = space(object, end)
		i = space(object, i+1) // the colon
		end = value(object, i)
		if err := f(key, object[i:end]); err != nil {
			return err
		}
		i = end
	}
	return nil
}

// Items calls f with each item of a list, which points into it. An error of f
// ends it.
func Items(list []byte, f func(item []byte) error) error {
	i := space(list, 0)
	if i >= len(list) || list[i] != '[' {
		return ErrNotList
	}
	for i = space(list, i+1); list[i] != ']'; i = space(list, i) {
		if list[i] == ',' {
			i = space(list, i+1)
		}
		end := value(list, i)
		if err := f(list[i:end]); err != nil {
			return err
		}
		i = end
	}
	return nil
}

func space(b []byte, i int) int {
	for i < len(b) && (b[i] == ' ' || b[i] == '\n' || b[i] == '\t' || b[i] == '\r') {
		i++
	}
	return i
}

// value gives the place behind the value that begins at i.
func value(b []byte, i int) int {
	switch b[i] {
	case '"':
		return text(b, i)
	case '{', '[':
		for depth := 0; ; {
			switch b[i] {
			case '"':
				i = text(b, i)
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

// text gives the place behind the string that begins at i.
func text(b []byte, i int) int {
	for i++; ; i++ {
		switch b[i] {
		case '\\':
			i++
		case '"':
			return i + 1
		}
	}
}
