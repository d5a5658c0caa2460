package known

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strconv"
	"time"

	"wattle"
	"wattle/internal/wire/rawjson"
)

// The file is read each time that a command runs, so it is read fast: checked
// once as a whole, then cut up. The functions of this file take valid JSON only.

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
	return rawjson.Members(raw, func(key, value []byte) error {
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
	return rawjson.Members(raw, func(key, value []byte) error {
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
