package store

import (
	"database/sql"
	"time"

	"wattle/feature"
	"wattle/history"
)

// Flags of a sample: what its value was, and where it came from.
const (
	isUnknown int64 = iota
	isFloat
	isInt
	isBool
	isText
	isTime
	isDuration
	isColor

	kindMask  int64 = 0x0f
	fromCloud int64 = 0x10
)

// Classes of series: how long their samples are kept, and whether they have
// roll-ups.
const (
	classUnknown int64 = iota // no value yet
	classNumber
	classSwitch // has roll-ups, and is kept as a state
	classState
)

func classOf(flags int64) int64 {
	switch flags & kindMask {
	case isFloat, isInt, isDuration:
		return classNumber
	case isBool:
		return classSwitch
	case isUnknown:
		return classUnknown
	}
	return classState
}

// encode turns a value into what is stored.
func (d *dialect) encode(s *history.Sample) (flags int64, n, text any) {
	if s.Source == history.Cloud {
		flags = fromCloud
	}
	switch v := s.Value.Any().(type) {
	case float64:
		return flags | isFloat, d.pack(v), nil
	case int:
		return flags | isInt, d.pack(float64(v)), nil
	case bool:
		on := 0.0
		if v {
			on = 1
		}
		return flags | isBool, d.pack(on), nil
	case string:
		return flags | isText, nil, v
	case time.Time:
		return flags | isTime, nil, v.Format(time.RFC3339Nano)
	case time.Duration:
		return flags | isDuration, d.pack(v.Seconds()), nil
	case feature.HSV:
		return flags | isColor, nil, v.String()
	}
	return flags, nil, nil // isUnknown is 0
}

// decode is the way back. What cannot be read is unknown.
func decode(flags int64, n number, text sql.NullString, s *history.Sample) {
	s.Source = history.Local
	if flags&fromCloud != 0 {
		s.Source = history.Cloud
	}
	s.Value = feature.Value{}
	switch flags & kindMask {
	case isFloat:
		s.Value = feature.ValueOf(n.value)
	case isInt:
		s.Value = feature.ValueOf(int(n.value))
	case isBool:
		s.Value = feature.ValueOf(n.value != 0)
	case isText:
		s.Value = feature.ValueOf(text.String)
	case isTime:
		if t, err := time.Parse(time.RFC3339Nano, text.String); err == nil {
			s.Value = feature.ValueOf(t)
		}
	case isDuration:
		s.Value = feature.ValueOf(time.Duration(n.value * float64(time.Second)))
	case isColor:
		if c, err := feature.ParseHSV(text.String); err == nil {
			s.Value = feature.ValueOf(c)
		}
	}
}

// millis and moment are how times are stored.
func millis(t time.Time) int64 { return t.UnixMilli() }

func (s *Store) moment(ms int64) time.Time { return time.UnixMilli(ms).In(s.Zone) }
