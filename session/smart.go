package session

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"wattle"
	"wattle/internal/wire/envelope"
	"wattle/method"
)

// The codes that say something about the message and not about the call, see
// docs/protocol/errors.md.
const (
	codeMultiFailed  = 1200
	codeUnspecific   = -1001
	codeJSONDecode   = -1003
	codeJSONEncode   = -1004
	codeTooLong      = -1006
	codeTerminalUUID = -1012
)

// smartState is what is known of a device that speaks SMART.
type smartState struct {
	batch      int  // how many calls it takes at once
	childBatch int  // and its children
	bothNames  bool // it wants the terminal id under the phone app's name
	parent     bool // it has children: answers take longer
}

// single are the methods that the phone app does not put into a batch and that
// are not of effect Once. See docs/protocol/smart.md section 1.2.
var single = map[string]bool{
	"login_device":       true,
	"set_qs_info":        true,
	"set_wireless_info":  true,
	"get_schedule_rules": true,
}

// smart carries a job out in the SMART language.
func (r *run) smart(ctx context.Context, calls []method.Call) error {
	if r.child != "" {
		r.state.smart.parent = true
	}
	queue := make([]indexed, 0, len(calls))
	for _, c := range number(calls) {
		if _, err := envelope.Build(smartCall(c.Call), envelope.Header{}); err != nil {
			r.finish(c, method.Result{Err: err})
			continue
		}
		queue = append(queue, c)
	}
	for len(queue) > 0 {
		n := r.smartBatch(queue)
		batch := queue[:n]
		again, err := batch, error(nil)
		if n > 1 {
			again, err = r.smartMany(ctx, batch)
		}
		for len(again) > 0 && err == nil {
			if again[0].tries == 0 && len(again) > 1 && r.smartBatch(again) > 1 {
				break // a smaller batch, see smartMany
			}
			err = r.smartOne(ctx, again[0])
			if err == nil {
				again = again[1:]
			}
		}
		if err != nil {
			if len(again) > 0 {
				r.failRest(again[:1], err)
			}
			r.failRest(queue, othersError(err))
			return err
		}
		queue = append(again, queue[n:]...)
	}
	return nil
}

func smartCall(c method.Call) envelope.Call {
	return envelope.Call{Method: c.Method, Params: c.Params}
}

// batchSize points to the size that counts for the device or its children.
func (r *run) batchSize() *int {
	if r.child != "" {
		return &r.state.smart.childBatch
	}
	return &r.state.smart.batch
}

// smartBatch says how many calls of the front of the queue go into the next
// message.
func (r *run) smartBatch(queue []indexed) int {
	size := min(*r.batchSize(), len(queue))
	if r.batchTimedOut {
		size = 1
	}
	for n, c := range queue[:size] {
		lonely := c.alone || c.Effect == method.Once || single[c.Method]
		if n == 0 && lonely {
			return 1
		}
		if lonely {
			return n
		}
		for _, earlier := range queue[:n] {
			if earlier.Method == c.Method {
				return n
			}
		}
	}
	return size
}

// smartMany asks several calls in one message. It gives back those that are to
// be asked again, marked as alone unless a smaller batch is to be tried; an error
// ends the job.
func (r *run) smartMany(ctx context.Context, batch []indexed) ([]indexed, error) {
	calls := make([]envelope.Call, len(batch))
	for i, c := range batch {
		calls[i] = smartCall(c.Call)
	}
	multiple, err := envelope.Multiple(calls...)
	if err != nil {
		return nil, err
	}
	var answers []*envelope.Answer
	err = r.exchange(ctx, &message{
		build: func() ([]byte, error) { return r.buildSmart(multiple) },
		parse: func(raw []byte) error {
			answer, err := r.parseSmart(raw, envelope.MultipleRequest)
			if err == nil {
				err = refusalOf(answer, envelope.MultipleRequest)
			}
			if err != nil {
				return err
			}
			responses, err := answer.Responses()
			answers = envelope.Match(calls, responses)
			return err
		},
		effect:  effectOfIndexed(batch),
		timeout: r.smartTimeout(batch),
		label:   label(batch),
		// A device that does not answer a batch may answer single calls.
		stopOn: func(err error, _ int) bool { return isTimeout(err) },
	})
	if err != nil {
		return r.smartFailure(batch, err)
	}
	var again []indexed
	for i, c := range batch {
		a := answers[i]
		if a == nil { // it stops at the first call that fails
			c.alone = true
			again = append(again, c)
			continue
		}
		if a.Code != 0 && r.askAgain(a.Code) {
			c.alone = true
			c.tries++
			again = append(again, c)
			continue
		}
		if err := r.smartResult(ctx, c, *a); err != nil {
			return nil, err
		}
	}
	return again, nil
}

// askAgain reports whether a code inside of a batch is worth asking the call
// once on its own.
func (r *run) askAgain(code int) bool {
	if code == codeTerminalUUID && !r.state.smart.bothNames {
		r.state.smart.bothNames = true
		return true
	}
	return wattle.LookupCode(r.family, code).Retries > 0
}

// smartFailure decides what to do with the calls of a batch that failed as a whole.
func (r *run) smartFailure(batch []indexed, err error) ([]indexed, error) {
	size := r.batchSize()
	if fromTransport(err) {
		if !isTimeout(err) || !errors.Is(err, wattle.ErrUnreachable) {
			return nil, err
		}
		r.batchTimedOut = true
		return r.alone(batch)
	}
	if ends(err) {
		return nil, err
	}
	if _, ok := errors.AsType[*unreadable](err); ok {
		*size = max(1, len(batch)/2) // cut off where the device's buffer ended
		return batch, nil
	}
	refusal, ok := errors.AsType[*wattle.DeviceError](err)
	if !ok {
		return nil, err
	}
	r.answered = true
	switch {
	case refusal.Code == codeTerminalUUID && !r.state.smart.bothNames:
		r.state.smart.bothNames = true
		return batch, nil
	case refusal.Code == codeJSONEncode, refusal.Code == codeTooLong:
		*size = max(1, len(batch)/2)
		return batch, nil
	case refusal.Code == codeJSONDecode, refusal.Code == codeMultiFailed,
		wattle.LookupCode(refusal.Family, refusal.Code).Name == "":
		*size = 1
	case refusal.Method == envelope.ControlChild:
		r.failRest(batch, err) // the parent does not reach the child
		return nil, nil
	}
	return r.alone(batch)
}

// smartOne asks one call in a message of its own.
func (r *run) smartOne(ctx context.Context, c indexed) error {
	answer, err := r.ask(ctx, c)
	switch {
	case err != nil && ends(err):
		return err
	case err != nil:
		if _, ok := errors.AsType[*unreadable](err); ok {
			err = fmt.Errorf("%s: %w", c.Method, err)
		}
		r.finish(c, method.Result{Err: err})
		r.answered = true
		return nil
	}
	if r.batchTimedOut {
		*r.batchSize() = 1 // it does answer, only not to batches
	}
	return r.smartResult(ctx, c, answer)
}

// ask sends one call and gives what the device, or its child, answered to it. A
// refusal of the call is part of the answer, or an error where its code is one
// that counts for the session.
func (r *run) ask(ctx context.Context, c indexed) (envelope.Answer, error) {
	var answer envelope.Answer
	tries := c.tries
	send := func() error {
		return r.exchange(ctx, &message{
			build: func() ([]byte, error) { return r.buildSmart(smartCall(c.Call)) },
			parse: func(raw []byte) (err error) {
				answer, err = r.parseSmart(raw, c.Method)
				if err != nil || r.child != "" {
					return err // a child's own code says nothing about the session
				}
				if retriedCode(r.family, answer.Code) || classEnds(r.family, answer.Code) {
					return refusalOf(answer, c.Method)
				}
				return nil
			},
			effect:  c.Effect,
			timeout: r.smartTimeout([]indexed{c}),
			label:   c.Method,
			stopOn: func(err error, attempt int) bool {
				return tries+attempt >= 1 && codeOf(err) == codeUnspecific
			},
		})
	}
	err := send()
	if err == nil && r.child != "" && c.Effect != method.Once && tries == 0 && retriedCode(r.family, answer.Code) {
		tries++
		err = send()
	}
	if err == nil && answer.Code == codeTerminalUUID && !r.state.smart.bothNames {
		r.state.smart.bothNames = true
		err = send()
	}
	if code := codeOf(err); code == codeUnspecific && c.Effect != method.Once {
		return answer, absent(err)
	}
	if err == nil && answer.Code == codeUnspecific && tries > 0 {
		return answer, absent(refusalOf(answer, c.Method))
	}
	return answer, err
}

// retriedCode: the table of codes allows a repeat.
func retriedCode(family wattle.Family, code int) bool {
	return code != 0 && wattle.LookupCode(family, code).Retries > 0
}

// classEnds: after this code nothing more is to be asked.
func classEnds(family wattle.Family, code int) bool {
	if code == 0 {
		return false
	}
	class := wattle.LookupCode(family, code).Class
	return errors.Is(class, wattle.ErrAuth) || errors.Is(class, wattle.ErrLockout)
}

func absent(err error) error {
	var refusal *wattle.DeviceError
	if !errors.As(err, &refusal) {
		return err
	}
	return &absentError{*refusal}
}

func codeOf(err error) int {
	if refusal, ok := errors.AsType[*wattle.DeviceError](err); ok && !fromTransport(err) {
		return refusal.Code
	}
	return 0
}

// refusalOf is the error of an answer, nil for a good one.
func refusalOf(a envelope.Answer, name string) error {
	if a.Code == 0 {
		return nil
	}
	return &wattle.DeviceError{Family: wattle.SMART, Method: name, Code: a.Code, Msg: a.Msg}
}

// smartResult stores what was answered to a call, with all pages of a list.
func (r *run) smartResult(ctx context.Context, c indexed, a envelope.Answer) error {
	if a.Code != 0 {
		r.finish(c, method.Result{Raw: a.Result, Err: refusalOf(a, c.Method)})
		return nil
	}
	raw, err := r.pages(ctx, c, a.Result)
	r.finish(c, method.Result{Raw: raw, Err: err})
	if c.Method == "get_child_device_list" && r.child == "" {
		r.state.smart.parent = true
	}
	if err != nil && ends(err) {
		return err
	}
	return nil
}

// ends reports whether an error ends the job: nothing else would be answered.
func ends(err error) bool {
	if fromTransport(err) {
		return true
	}
	if _, ok := errors.AsType[*unreadable](err); ok {
		return false
	}
	if _, ok := errors.AsType[*wattle.DeviceError](err); ok {
		return errors.Is(err, wattle.ErrAuth) || errors.Is(err, wattle.ErrLockout) || errors.Is(err, wattle.ErrSession)
	}
	return true
}

// buildSmart makes the request for a call, through the parent where it is for a child.
func (r *run) buildSmart(call envelope.Call) ([]byte, error) {
	if r.child != "" {
		var err error
		if call, err = envelope.ForChild(r.child, call); err != nil {
			return nil, err
		}
	}
	return envelope.Build(call, envelope.Header{
		TimeMilis:  time.Now().UnixMilli(),
		TerminalID: r.opt.TerminalID,
		BothNames:  r.state.smart.bothNames,
	})
}

// parseSmart reads an answer; of a child's it gives the inner one, and the
// refusal of the parent as an error.
func (r *run) parseSmart(raw []byte, name string) (envelope.Answer, error) {
	a, err := envelope.ParseAnswer(raw)
	if err != nil || r.child == "" {
		return a, err
	}
	if err := refusalOf(a, envelope.ControlChild); err != nil {
		return a, fmt.Errorf("%s: %w", name, err)
	}
	return a.ResponseData()
}

// smartTimeout is longer for children, which sleep, and for lists of them.
func (r *run) smartTimeout(batch []indexed) time.Duration {
	long := r.child != "" || r.state.smart.parent || slow(batch)
	for _, c := range batch {
		long = long || strings.Contains(c.Method, "child_device")
	}
	return r.timeout(long)
}

// maxPages and maxEntries bound how far a list is followed, whatever the device
// says its length is.
const (
	maxPages   = 100
	maxEntries = 2000
)

// pages follows a list to its end and gives one result with all of its entries.
// See docs/protocol/smart.md section 1.3.
func (r *run) pages(ctx context.Context, c indexed, first json.RawMessage) (json.RawMessage, error) {
	page, ok := envelope.ParsePage(first)
	if !ok || page.Start != 0 || len(page.Items) == 0 || len(page.Items) >= page.Sum {
		return first, nil
	}
	if start, asked := envelope.StartIndex(c.Params); asked && start > 0 {
		return first, nil // the caller wants this page
	}
	items := page.Items
	more := page
	for range maxPages {
		if len(items) >= page.Sum || len(items) >= maxEntries {
			break
		}
		params, err := envelope.WithStartIndex(c.Params, len(items))
		if err != nil {
			return first, err
		}
		next := c
		next.Params, next.tries = params, 1
		answer, err := r.ask(ctx, next)
		if err == nil {
			err = refusalOf(answer, c.Method)
		}
		if err != nil {
			return first, fmt.Errorf("entries from %d on: %w", len(items), err)
		}
		previous := more
		if more, ok = envelope.ParsePage(answer.Result); !ok || more.Key != page.Key || len(more.Items) == 0 || samePage(previous, more) {
			break
		}
		items = append(items, more.Items...)
	}
	return envelope.WithPage(first, page.Key, items)
}

// samePage: the device ignores start_index and says the same again.
func samePage(a, b envelope.Page) bool {
	if len(a.Items) != len(b.Items) {
		return false
	}
	for i := range a.Items {
		if string(a.Items[i]) != string(b.Items[i]) {
			return false
		}
	}
	return true
}
