package session

import (
	"context"
	"log/slog"
	"time"

	"wattle"
	"wattle/internal/wire/redact"
)

// Direction says which way a traced message went.
type Direction string

// The directions.
const (
	Request  Direction = "request"
	Response Direction = "answer"
	Failure  Direction = "failure" // no message: the exchange failed
)

// Trace is one message on its way, or the failure to get one. What is in it may
// be shown: secrets, ids, names and places are masked.
type Trace struct {
	Direction Direction
	Label     string        // what is asked
	Message   string        // decrypted JSON, masked
	Bytes     int           // its length before masking
	Took      time.Duration // of answers and failures
	Err       error         // of failures
}

// Measurement is the outcome of one exchange with a device, or of giving a
// session up.
type Measurement struct {
	Transport wattle.Transport
	Label     string        // what was asked: one method, or "get_device_info and 3 more"
	Took      time.Duration // 0 of a Reset
	Err       error         // nil where an answer came, even one that holds error codes
	Reset     bool          // the session was given up: the next exchange begins with a new one
}

func (s *Session) measure(m Measurement) {
	if s.opt.Measure != nil {
		m.Transport = s.conn.Info().Route.Transport
		s.opt.Measure(m)
	}
}

const levelDebug = slog.LevelDebug

func attrCall(label string) slog.Attr { return slog.String("call", label) }
func attrErr(err error) slog.Attr     { return slog.Any("err", err) }
func attrAttempt(n int) slog.Attr     { return slog.Int("attempt", n) }

// trace shows a message to whoever wants to see it, masked.
func (s *Session) trace(t Trace, message []byte) {
	logs := s.log.Enabled(context.Background(), levelDebug)
	if s.opt.Trace == nil && !logs {
		return
	}
	if message != nil {
		t.Bytes = len(message)
		t.Message = string(redact.JSON(message))
	}
	if s.opt.Trace != nil {
		s.opt.Trace(t)
	}
	if !logs {
		return
	}
	attrs := []slog.Attr{
		slog.String("direction", string(t.Direction)),
		attrCall(t.Label),
		slog.Int("bytes", t.Bytes),
	}
	if t.Took > 0 {
		attrs = append(attrs, slog.Duration("duration", t.Took))
	}
	if t.Err != nil {
		attrs = append(attrs, attrErr(t.Err))
	} else {
		attrs = append(attrs, slog.String("json", t.Message))
	}
	s.log.LogAttrs(context.Background(), levelDebug, "exchange", attrs...)
}
