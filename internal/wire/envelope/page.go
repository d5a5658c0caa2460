package envelope

import (
	"encoding/json"
	"fmt"
	"strconv"

	"wattle"
)

const startIndex = "start_index"

// Page is a part of a list. See docs/protocol/smart.md section 1.3.
type Page struct {
	Start int               // start_index: how many entries stand before this page
	Sum   int               // how many there are in all, as the device says
	Key   string            // the name of the list, the only one in the result
	Items []json.RawMessage // the entries of this page
}

// ParsePage finds out whether a result is a page: whether it holds start_index,
// sum and exactly one list.
func ParsePage(result json.RawMessage) (Page, bool) {
	if !isObject(result) {
		return Page{}, false
	}
	members, err := Members(result)
	if err != nil {
		return Page{}, false
	}
	var p Page
	var ok bool
	if p.Start, ok = number(get(members, startIndex)); !ok || p.Start < 0 {
		return Page{}, false
	}
	if p.Sum, ok = number(get(members, "sum")); !ok || p.Sum < 0 {
		return Page{}, false
	}
	lists := 0
	for _, m := range members {
		if isArray(m.Value) {
			lists++
			p.Key = m.Key
		}
	}
	if lists != 1 {
		return Page{}, false
	}
	if p.Items, err = list(get(members, p.Key)); err != nil {
		return Page{}, false
	}
	return p, true
}

// WithPage gives the result of the first page the entries of all of them, and
// start_index 0. Other members stay as they are and where they are.
func WithPage(first json.RawMessage, key string, items []json.RawMessage) (json.RawMessage, error) {
	members, err := Members(first)
	if err != nil {
		return nil, err
	}
	all := []byte{'['}
	for i, item := range items {
		if i > 0 {
			all = append(all, ',')
		}
		all = append(all, item...)
	}
	members = set(members, key, append(all, ']'))
	members = set(members, startIndex, json.RawMessage("0"))
	return AppendObject(nil, members)
}

// StartIndex is the start_index that params ask for; ok is false where there
// is none.
func StartIndex(params json.RawMessage) (start int, ok bool) {
	if isNone(params) {
		return 0, false
	}
	members, err := Members(params)
	if err != nil {
		return 0, false
	}
	return number(get(members, startIndex))
}

// WithStartIndex gives params another start_index.
func WithStartIndex(params json.RawMessage, start int) (json.RawMessage, error) {
	var members []Member
	if !isNone(params) {
		var err error
		if members, err = Members(params); err != nil {
			return nil, fmt.Errorf("params: %w: %w", wattle.ErrParam, err)
		}
	}
	return AppendObject(nil, set(members, startIndex, strconv.AppendInt(nil, int64(start), 10)))
}
