package hubclient

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"net/http"

	"wattle"
	"wattle/internal/hubapi"
)

// lineMost is the longest line of a stream: one device with all of its features.
const lineMost = 4 << 20

// Live follows the home: a snapshot of every device, then what changes, until ctx
// ends or the stream breaks off, which the last error tells. query is that of the
// route, such as "?device=5091e3000001", or "".
func (c *Client) Live(ctx context.Context, query string) iter.Seq2[hubapi.Message, error] {
	return func(yield func(hubapi.Message, error) bool) {
		body, err := c.Stream(ctx, http.MethodGet, "/live"+query, "text/event-stream")
		if err != nil {
			yield(hubapi.Message{}, err)
			return
		}
		defer func() { _ = body.Close() }()
		for data, err := range events(body) {
			var m hubapi.Message
			switch {
			case ctx.Err() != nil:
				yield(m, context.Cause(ctx))
				return
			case err != nil:
				yield(m, &UnreachableError{c.where, err})
				return
			}
			if err := json.Unmarshal(data, &m); err != nil {
				yield(m, fmt.Errorf("%w: the live stream of the hub: %w", wattle.ErrProtocol, err))
				return
			}
			if !yield(m, nil) {
				return
			}
		}
	}
}

// events cuts a stream of server-sent events into the data of each. It always
// ends with an error; the end of the stream is one too.
func events(r io.Reader) iter.Seq2[[]byte, error] {
	return func(yield func([]byte, error) bool) {
		lines := bufio.NewScanner(r)
		lines.Buffer(nil, lineMost)
		var data []byte
		for lines.Scan() {
			line := bytes.TrimSuffix(lines.Bytes(), []byte("\r"))
			if len(line) == 0 {
				if data != nil && !yield(data, nil) {
					return
				}
				data = nil
				continue
			}
			field, value, _ := bytes.Cut(line, []byte(":"))
			if string(field) != "data" {
				continue // comments, ids and names: the data has them too
			}
			if data == nil {
				data = []byte{}
			} else {
				data = append(data, '\n')
			}
			if data = append(data, bytes.TrimPrefix(value, []byte(" "))...); len(data) > lineMost {
				yield(nil, errors.New("an event that is too long"))
				return
			}
		}
		err := lines.Err()
		if err == nil {
			err = io.ErrUnexpectedEOF
		}
		yield(nil, err)
	}
}
