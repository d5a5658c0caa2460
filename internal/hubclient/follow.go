package hubclient

import (
	"context"
	"errors"
	"iter"
	"maps"
	"net/url"
	"slices"
	"time"

	"wattle"
	"wattle/internal/hubapi"
)

// FollowOptions tell of breaks in [Client.Follow]; both may be nil. They are called
// between two messages.
type FollowOptions struct {
	// Lost is told once why the stream broke off, and Back when the hub is there
	// again: before the messages that it sends then.
	Lost func(error)
	Back func()
}

const (
	// quiet is how long a hub may say nothing: it has a heartbeat of 15 s.
	quiet = 45 * time.Second
	// firstWait and longestWait are between two tries to come back.
	firstWait   = 250 * time.Millisecond
	longestWait = 5 * time.Second
)

var errQuiet = errors.New("it has said nothing for " + quiet.String())

// Follow is [Client.Live] for as long as ctx lasts: where the stream breaks off it
// comes back by itself, and gets what has changed since, or after a restart of the
// hub everything anew, with a hello first. It ends where the hub was not there to
// begin with, or refuses: the last error tells. query is that of the route.
func (c *Client) Follow(ctx context.Context, query url.Values, o FollowOptions) iter.Seq2[hubapi.Message, error] {
	return func(yield func(hubapi.Message, error) bool) {
		last, lost, wait := "", false, firstWait
		for begun := false; ; begun = true {
			for m, err := range c.liveWithin(ctx, query, last) {
				switch {
				case ctx.Err() != nil:
					yield(hubapi.Message{}, context.Cause(ctx))
					return
				case err != nil && (!begun && last == "" || !comesBack(err)):
					yield(hubapi.Message{}, err)
					return
				case err != nil:
					if !lost && o.Lost != nil {
						o.Lost(err)
					}
					lost = true
					continue
				}
				if lost && o.Back != nil {
					o.Back()
				}
				lost, wait = false, firstWait
				if m.ID != "" {
					last = m.ID
				}
				if !yield(m, nil) {
					return
				}
			}
			select {
			case <-time.After(wait):
				wait = min(2*wait, longestWait)
			case <-ctx.Done():
				yield(hubapi.Message{}, context.Cause(ctx))
				return
			}
		}
	}
}

// comesBack reports whether an error may be gone with the next try.
func comesBack(err error) bool {
	return errors.Is(err, wattle.ErrUnreachable) || errors.Is(err, hubapi.ErrRate) || errors.Is(err, wattle.ErrBusy) || errors.Is(err, wattle.ErrClosed)
}

// liveWithin is one stream, which ends where the hub falls silent.
func (c *Client) liveWithin(ctx context.Context, query url.Values, since string) iter.Seq2[hubapi.Message, error] {
	return func(yield func(hubapi.Message, error) bool) {
		stream, cancel := context.WithCancelCause(ctx)
		defer cancel(nil)
		silence := time.AfterFunc(quiet, func() { cancel(&UnreachableError{c.where, errQuiet}) })
		defer silence.Stop()
		q := url.Values{}
		maps.Copy(q, query)
		if since != "" {
			q.Set("since", since)
		}
		for m, err := range c.Live(stream, "?"+q.Encode()) {
			silence.Reset(quiet)
			if !yield(m, err) {
				return
			}
		}
	}
}

// Only asks for these devices and their children; more than the route takes are
// all.
func Only(slugs ...string) url.Values {
	if len(slugs) > 100 {
		return url.Values{}
	}
	slices.Sort(slugs)
	return url.Values{"device": slices.Compact(slugs)}
}
