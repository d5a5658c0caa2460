package rest

import (
	"fmt"
	"hash/fnv"
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
	Cursor string `query:"cursor" pattern:"^[0-9]{1,9}-[0-9a-f]{16}$" patternDescription:"the cursor of a link to a page" doc:"Of the link to this page, see the header Link"`

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
// cursor is how many items the page before ended after, and the mark of its last
// item: where that is still there, new items before it do not shift the page.
func listed[T, O any](list []T, p *PageIn, key func(T) string, as func(T) O) (*listOut[O], error) {
	at := 0
	if place, last, ok := strings.Cut(p.Cursor, "-"); ok { // the schema has seen to its form
		n, err := strconv.Atoi(place)
		if err != nil {
			return nil, fmt.Errorf("%w: cursor: want the one of the link to the next page", wattle.ErrParam)
		}
		at = min(n, len(list))
		if i := slices.IndexFunc(list, func(t T) bool { return marked(key(t)) == last }); i >= 0 {
			at = i + 1
		}
	}
	out := &listOut[O]{Body: []O{}}
	part := list[at:]
	if p.Limit > 0 && len(part) > p.Limit {
		part = part[:p.Limit]
		next := p.asked
		query := next.Query()
		query.Set("cursor", strconv.Itoa(at+p.Limit)+"-"+marked(key(part[p.Limit-1])))
		next.RawQuery = query.Encode()
		out.Link = "<" + next.RequestURI() + `>; rel="next"`
	}
	for _, item := range part {
		out.Body = append(out.Body, as(item))
	}
	return out, nil
}

// marked is a key of any length as a mark of 16 digits.
func marked(key string) string {
	sum := fnv.New64a()
	_, _ = sum.Write([]byte(key)) // never fails
	return fmt.Sprintf("%016x", sum.Sum64())
}

// same is an item that goes out as it is.
func same[T any](t T) T { return t }
