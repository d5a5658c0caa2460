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

// iotState is what is known of a device that speaks IOT.
type iotState struct {
	met      bool           // its sysinfo was read in this session
	light    bool           // a bulb or light strip: small reply buffer
	children bool           // it has outlets: answers take longer
	sizes    map[string]int // bytes of the largest answer to each method so far

	// The SHIP 2.0 firmware of the HS110 over KLAP: one module per request, and
	// a handshake for each. See docs/protocol/iot.md section 1.2.
	oneModule   bool
	freshEach   bool
	secondFails int // sessions in a row whose second request failed
}

// noteSession watches for devices that drop the session after each request.
// served is how many requests the session had answered before.
func (i *iotState) noteSession(served int, err error) {
	switch {
	case served != 1:
	case err == nil:
		i.secondFails = 0
	case isHangUp(err), errors.Is(err, wattle.ErrProtocol): // and not 403, which tells of another client
		if i.secondFails++; i.secondFails >= 2 {
			i.freshEach = true
		}
	}
}

// iot carries a job out in the IOT language.
func (r *run) iot(ctx context.Context, calls []method.Call) error {
	queue := r.iotQueue(calls)
	for len(queue) > 0 {
		n := r.iotBatch(queue)
		left, err := r.iotMessage(ctx, queue[:n])
		if err != nil {
			r.failRest(queue[:n], err)
			r.failRest(queue, othersError(err))
			return err
		}
		queue = append(left, queue[n:]...)
	}
	return nil
}

// iotQueue takes out what cannot be sent, and puts get_sysinfo first when the
// device is not known yet.
func (r *run) iotQueue(calls []method.Call) []indexed {
	queue := make([]indexed, 0, len(calls))
	for _, c := range number(calls) {
		if _, err := envelope.BuildIOT(nil, iotCall(c)); err != nil {
			r.finish(c, method.Result{Err: err})
			continue
		}
		queue = append(queue, c)
	}
	if r.state.iot.met || r.child != "" || effectOf(calls) != method.Read {
		return queue
	}
	for i, c := range queue {
		if isSysinfo(c.Call) {
			copy(queue[1:i+1], queue[:i])
			queue[0] = c
			break
		}
	}
	return queue
}

func iotCall(c indexed) envelope.IOTCall {
	return envelope.IOTCall{Module: c.Module, Method: c.Method, Args: c.Params}
}

func isSysinfo(c method.Call) bool { return c.Module == "system" && c.Method == "get_sysinfo" }

// iotMessage asks several calls in one message. It gives back those that are to
// be asked again, on their own; an error ends the job.
func (r *run) iotMessage(ctx context.Context, batch []indexed) ([]indexed, error) {
	calls := make([]envelope.IOTCall, len(batch))
	for i, c := range batch {
		calls[i] = iotCall(c)
	}
	var children []string
	if r.child != "" {
		children = []string{r.child}
	}
	var answer *envelope.IOTAnswer
	err := r.exchange(ctx, &message{
		build: func() ([]byte, error) { return envelope.BuildIOT(children, calls...) },
		parse: func(raw []byte) (err error) {
			answer, err = envelope.ParseIOTAnswer(raw)
			return err
		},
		effect:  effectOfIndexed(batch),
		timeout: r.timeout(r.state.iot.children || slow(batch)),
		label:   label(batch),
		stopOn: func(err error, attempt int) bool {
			return attempt >= 1 && len(batch) > 1 && (isHangUp(err) || errors.Is(err, wattle.ErrProtocol))
		},
	})
	if err != nil {
		return r.iotFailure(batch, err)
	}
	return r.iotResults(batch, answer), nil
}

// iotFailure decides whether a message that failed is worth another try in
// smaller pieces.
func (r *run) iotFailure(batch []indexed, err error) ([]indexed, error) {
	var notJSON *unreadable
	switch {
	case len(batch) > 1 && (isHangUp(err) || errors.Is(err, wattle.ErrProtocol)):
		// The answer did not fit into the device's buffer, or one module upset it.
		if manyModules(batch) {
			r.state.iot.oneModule = true
			return batch, nil
		}
		return r.alone(batch)
	case len(batch) == 1 && errors.As(err, &notJSON):
		r.finish(batch[0], method.Result{Err: fmt.Errorf("%s: %w", batch[0].Key(), err)})
		r.answered = true
		return nil, nil
	}
	return nil, err
}

// alone marks calls to be sent one by one.
func (r *run) alone(batch []indexed) ([]indexed, error) {
	for i := range batch {
		batch[i].alone = true
	}
	return batch, nil
}

func manyModules(batch []indexed) bool {
	for _, c := range batch[1:] {
		if c.Module != batch[0].Module {
			return true
		}
	}
	return false
}

// iotResults spreads an answer over the calls and gives back those that are to
// be asked on their own.
func (r *run) iotResults(batch []indexed, answer *envelope.IOTAnswer) []indexed {
	var again []indexed
	for _, c := range batch {
		raw, code, msg, ok := answer.Result(c.Module, c.Method)
		if !ok {
			if len(batch) > 1 && c.Effect != method.Once {
				c.alone = true
				again = append(again, c)
				continue
			}
			code, msg = answer.Code, answer.Msg
			if code == 0 {
				r.finish(c, method.Result{Err: fmt.Errorf("%s: nothing about it in the answer: %w", c.Key(), wattle.ErrProtocol)})
				continue
			}
		}
		r.state.iot.learn(c.Call, r.child, raw, code)
		if code == 0 {
			r.finish(c, method.Result{Raw: raw})
			continue
		}
		if wattle.LookupCode(wattle.IOT, code).Retries > 0 && c.tries == 0 && c.Effect != method.Once {
			c.alone = true
			c.tries++
			again = append(again, c)
			continue
		}
		r.finish(c, method.Result{
			Raw: raw,
			Err: &wattle.DeviceError{Family: wattle.IOT, Method: c.Key(), Code: code, Msg: msg},
		})
	}
	return again
}

// learn remembers what an answer says of the device.
func (i *iotState) learn(c method.Call, child string, raw json.RawMessage, code int) {
	if i.sizes == nil {
		i.sizes = make(map[string]int)
	}
	if key := c.Key(); len(raw) > i.sizes[key] {
		i.sizes[key] = len(raw)
	}
	if code != 0 || child != "" || !isSysinfo(c) {
		return
	}
	var info struct {
		Type     string          `json:"type"`
		MicType  string          `json:"mic_type"`
		Light    json.RawMessage `json:"light_state"`
		Children []struct{}      `json:"children"`
	}
	if err := json.Unmarshal(raw, &info); err != nil {
		return
	}
	i.met = true
	i.light = info.Light != nil || strings.Contains(strings.ToUpper(info.Type+info.MicType), "BULB")
	i.children = len(info.Children) > 0
}

func effectOfIndexed(batch []indexed) method.Effect {
	effect := method.Read
	for _, c := range batch {
		effect = max(effect, c.Effect)
	}
	return effect
}

// label names a message in logs and errors.
func label(batch []indexed) string {
	if len(batch) == 1 {
		return batch[0].Key()
	}
	return fmt.Sprintf("%s and %d more", batch[0].Key(), len(batch)-1)
}

// slow reports whether a device looks around before it answers: for Wi-Fi
// networks, or on the internet.
func slow(batch []indexed) bool {
	for _, c := range batch {
		switch c.Method {
		case "get_scaninfo", "get_intl_fw_list", "get_wireless_scan_info", "get_latest_fw":
			return true
		}
	}
	return false
}

// timeout is how long to wait for one answer.
func (s *Session) timeout(slow bool) time.Duration {
	switch {
	case s.opt.Timeout > 0:
		return s.opt.Timeout
	case slow:
		return MaxTimeout
	}
	return defaultTimeout
}
