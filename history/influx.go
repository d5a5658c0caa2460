package history

import (
	"bufio"
	"io"
	"strconv"
	"strings"
	"time"
)

// influxEncoder writes line protocol:
// measurement,tag=value field=value nanoseconds.
type influxEncoder struct {
	w    *bufio.Writer
	line []byte
}

func newInflux(w io.Writer) *influxEncoder { return &influxEncoder{w: bufio.NewWriter(w)} }

// In names a line break cannot be escaped at all, and a backslash at the end
// would escape what follows it.
var (
	measurementEscape = strings.NewReplacer(",", `\,`, " ", `\ `, "\n", " ", `\`, "/")
	tagEscape         = strings.NewReplacer(",", `\,`, " ", `\ `, "=", `\=`, "\n", " ", `\`, "/")
	textEscape        = strings.NewReplacer(`"`, `\"`, `\`, `\\`)
)

func (e *influxEncoder) record(r *Record) error {
	e.line = append(e.line[:0], measurementEscape.Replace(r.Feature)...)
	e.tag("device", r.Device.String())
	e.tag("unit", string(r.Unit))
	at := r.Time
	if b := r.Bucket; b != nil {
		at = b.Start
		e.line = append(e.line, ' ')
		if !b.Empty() {
			e.field("min", b.Min)
			e.field("max", b.Max)
			e.field("mean", b.Mean)
			e.field("last", b.Last)
		}
		e.field("count", float64(b.Count))
		e.field("known_seconds", b.Known.Seconds())
	} else {
		if !r.Value.Known() {
			return nil
		}
		e.tag("source", string(r.source()))
		e.line = append(e.line, ' ')
		e.value(r)
	}
	e.line = append(e.line[:len(e.line)-1], ' ') // the last comma
	e.line = strconv.AppendInt(e.line, at.UnixMilli()*int64(time.Millisecond), 10)
	e.line = append(e.line, '\n')
	_, err := e.w.Write(e.line)
	return err
}

func (e *influxEncoder) tag(name, value string) {
	if value == "" {
		return // the protocol has no empty tag
	}
	e.line = append(e.line, ',')
	e.line = append(e.line, name...)
	e.line = append(e.line, '=')
	e.line = append(e.line, tagEscape.Replace(value)...)
}

func (e *influxEncoder) field(name string, value float64) {
	e.line = append(e.line, name...)
	e.line = append(e.line, '=')
	e.line = strconv.AppendFloat(e.line, value, 'f', -1, 64)
	e.line = append(e.line, ',')
}

// value writes the field of a sample.
func (e *influxEncoder) value(r *Record) {
	if n, ok := r.Value.Number(); ok {
		e.field("value", n)
		return
	}
	e.line = append(e.line, "value="...)
	if on, ok := r.Value.Bool(); ok {
		e.line = strconv.AppendBool(e.line, on)
	} else {
		e.line = append(e.line, '"')
		e.line = append(e.line, textEscape.Replace(plainValue(r.Value))...)
		e.line = append(e.line, '"')
	}
	if r.Event != "" {
		e.line = append(e.line, `,event="`...)
		e.line = append(e.line, textEscape.Replace(r.Event)...)
		e.line = append(e.line, '"')
	}
	e.line = append(e.line, ',')
}

func (e *influxEncoder) finish() error { return e.w.Flush() }
