package hubclient

import (
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

// Logs gives the newest lines of the hub's log, the oldest first, and with follow
// those that come, until ctx ends or the stream breaks off: the last error tells
// that. Each line is one object of JSON.
func (c *Client) Logs(ctx context.Context, last int, follow bool) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		body, err := c.Stream(ctx, http.MethodGet, fmt.Sprintf("/logs?last=%d&follow=%t", last, follow), "text/event-stream")
		if err != nil {
			yield("", err)
			return
		}
		defer func() { _ = body.Close() }()
		for data, err := range events(body) {
			var line hubapi.LogLine
			switch {
			case ctx.Err() != nil:
				yield("", context.Cause(ctx))
				return
			case errors.Is(err, io.ErrUnexpectedEOF) && !follow:
				return
			case err != nil:
				yield("", &UnreachableError{c.where, err})
				return
			}
			if err := json.Unmarshal(data, &line); err != nil {
				yield("", fmt.Errorf("%w: the log of the hub: %w", wattle.ErrProtocol, err))
				return
			}
			if !yield(line.Line, nil) {
				return
			}
		}
	}
}
