package rest

import (
	"encoding/base64"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"wattle"
)

// PageIn asks for a part of a list.
type PageIn struct {
	Limit  int    `query:"limit" minimum:"1" maximum:"1000" doc:"How many at most; without it all that there are"`
	Cursor string `query:"cursor" maxLength:"256" doc:"Of the link to this page, see the header Link"`

	asked url.URL
}

// Resolve notes what was asked for, for the link to the next page.
func (p *PageIn) Resolve(ctx huma.Context) []error {
	p.asked = ctx.URL()
	return nil
}

var _ huma.Resolver = (*PageIn)(nil)

// listOut is a list, or a page of one.
type listOut[T any] struct {
	Link string `header:"Link" doc:"Where the next page is, with rel=next; missing on the last"`
	Body []T
}

// listed is the page of a list that was asked for, each item as it goes out. A
// cursor is the last item of the page before, by its key, and how many items
// that page ended after, in case that the item is gone: new items before it do
// not shift the page.
func listed[T, O any](list []T, p *PageIn, key func(T) string, as func(T) O) (*listOut[O], error) {
	at := 0
	if p.Cursor != "" {
		text, err := base64.RawURLEncoding.DecodeString(p.Cursor)
		place, last, ok := strings.Cut(string(text), " ")
		n, nerr := strconv.Atoi(place)
		if err != nil || nerr != nil || !ok || n < 0 {
			return nil, fmt.Errorf("%w: cursor: want the one of the link to the next page", wattle.ErrParam)
		}
		at = min(n, len(list))
		if i := slices.IndexFunc(list, func(t T) bool { return key(t) == last }); i >= 0 {
			at = i + 1
		}
	}
	out := &listOut[O]{Body: []O{}}
	part := list[at:]
	if p.Limit > 0 && len(part) > p.Limit {
		part = part[:p.Limit]
		next := p.asked
		query := next.Query()
		query.Set("cursor", base64.RawURLEncoding.EncodeToString([]byte(strconv.Itoa(at+p.Limit)+" "+key(part[p.Limit-1]))))
		next.RawQuery = query.Encode()
		out.Link = "<" + next.RequestURI() + `>; rel="next"`
	}
	for _, item := range part {
		out.Body = append(out.Body, as(item))
	}
	return out, nil
}

// same is an item that goes out as it is.
func same[T any](t T) T { return t }
