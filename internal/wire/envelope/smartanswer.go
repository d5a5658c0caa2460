package envelope

import (
	"encoding/json"
	"fmt"
	"strconv"

	"wattle"
)

// Answer is what a device says to one SMART call.
type Answer struct {
	Method string          // only inside of a multipleRequest
	Code   int             // error_code; 0 is good
	Msg    string          // msg or err_msg of the device, often ""
	Result json.RawMessage // nil where the answer has none
}

// ParseAnswer reads an answer. One without error_code is good when it has a
// result, and not understood otherwise.
func ParseAnswer(answer []byte) (Answer, error) {
	members, err := Members(answer)
	if err != nil {
		return Answer{}, fmt.Errorf("answer: %w", err)
	}
	return parseAnswer(members)
}

func parseAnswer(members []Member) (Answer, error) {
	a := Answer{Method: text(get(members, "method")), Result: get(members, "result")}
	if a.Msg = text(get(members, "msg")); a.Msg == "" {
		a.Msg = text(get(members, "err_msg"))
	}
	raw := get(members, "error_code")
	code, ok := number(raw)
	switch {
	case ok:
		a.Code = code
	case raw != nil:
		return Answer{}, fmt.Errorf("error_code is not a number: %w", wattle.ErrProtocol)
	case a.Result == nil:
		return Answer{}, fmt.Errorf("an answer without error_code and result: %w", wattle.ErrProtocol)
	}
	return a, nil
}

// Responses gives the answers of a multipleRequest, in the order of the device.
// Entries that cannot be read are left out: they are asked again as if the
// device had said nothing.
func (a Answer) Responses() ([]Answer, error) {
	members, err := Members(a.Result)
	if err != nil {
		return nil, fmt.Errorf("result of %s: %w", MultipleRequest, err)
	}
	items, err := list(get(members, "responses"))
	if err != nil {
		return nil, fmt.Errorf("responses of %s: %w", MultipleRequest, err)
	}
	answers := make([]Answer, 0, len(items))
	for _, item := range items {
		members, err := split(item)
		if err != nil {
			continue
		}
		if one, err := parseAnswer(members); err == nil {
			answers = append(answers, one)
		}
	}
	return answers, nil
}

// Match pairs the calls of a multipleRequest with its answers, by name; an
// answer without a name belongs to the call in its place. The result has one
// entry per call, nil where the device did not answer: it stops at the first
// call that fails.
func Match(calls []Call, answers []Answer) []*Answer {
	matched := make([]*Answer, len(calls))
	for place := range answers {
		a := &answers[place]
		if a.Method == "" {
			if place < len(calls) && matched[place] == nil {
				matched[place] = a
			}
			continue
		}
		// The same place first: it is nearly always the right one.
		if place < len(calls) && calls[place].Method == a.Method {
			matched[place] = a
			continue
		}
		for i, c := range calls {
			if c.Method == a.Method && matched[i] == nil {
				matched[i] = a
				break
			}
		}
	}
	return matched
}

// ResponseData gives the child's own answer inside of a control_child answer.
// Both error codes are to be checked: a's and that of what is returned.
func (a Answer) ResponseData() (Answer, error) {
	members, err := Members(a.Result)
	if err != nil {
		return Answer{}, fmt.Errorf("result of %s: %w", ControlChild, err)
	}
	for _, key := range []string{"responseData", "response_data"} {
		if raw := get(members, key); raw != nil {
			inner, err := split(raw)
			if err != nil {
				return Answer{}, fmt.Errorf("%s of %s: %w", key, ControlChild, err)
			}
			return parseAnswer(inner)
		}
	}
	return Answer{}, fmt.Errorf("%s without responseData: %w", ControlChild, wattle.ErrProtocol)
}

// Build writes the answer as a device sends it: result first, as devices do,
// and none where it is nil.
func (a Answer) Build() ([]byte, error) {
	dst := []byte{'{'}
	if a.Method != "" {
		dst = append(dst, `"method":`...)
		dst = appendText(dst, a.Method)
		dst = append(dst, ',')
	}
	if a.Result != nil {
		dst = append(dst, `"result":`...)
		var err error
		if dst, err = appendValue(dst, a.Result); err != nil {
			return nil, fmt.Errorf("result of %s: %w", a.Method, err)
		}
		dst = append(dst, ',')
	}
	if a.Msg != "" {
		dst = append(dst, `"msg":`...)
		dst = appendText(dst, a.Msg)
		dst = append(dst, ',')
	}
	dst = append(dst, `"error_code":`...)
	dst = strconv.AppendInt(dst, int64(a.Code), 10)
	return append(dst, '}'), nil
}

// MultipleAnswer puts the answers to the entries of a multipleRequest together.
func MultipleAnswer(answers ...Answer) (Answer, error) {
	result := []byte(`{"responses":[`)
	for i, a := range answers {
		if i > 0 {
			result = append(result, ',')
		}
		one, err := a.Build()
		if err != nil {
			return Answer{}, err
		}
		result = append(result, one...)
	}
	return Answer{Result: append(result, "]}"...)}, nil
}

// ChildAnswer wraps a child's answer for the parent to send.
func ChildAnswer(inner Answer) (Answer, error) {
	inner.Method = ""
	data, err := inner.Build()
	if err != nil {
		return Answer{}, err
	}
	result := append([]byte(`{"responseData":`), data...)
	return Answer{Result: append(result, '}')}, nil
}
