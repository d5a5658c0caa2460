package endpoint

import (
	"context"
	"crypto/subtle"
	"encoding/json"
	"fmt"
)

// The codes that the device halves answer with. See docs/protocol/errors.md.
const (
	codeBusy          = 1002 // TRANSPORT_NOT_AVAILABLE
	codeBusyIOT       = -7
	codeNoTransport   = 1003
	codeSession       = 9999
	codeUnknownMethod = -1002
	codeJSON          = -1003
	codeDecrypt       = -1005
	codePublicKey     = -1010
	codeTerminal      = -1012
	codeLogin         = -1501
	codeLocked        = -40404 // DEVICE_BLOCKED
	codeParams        = -1008
	codeRefused       = -2203 // of pake_share: STAT_ACCESS
	codePlain         = -2402 // JSON where a sealed frame is wanted
	codeUsername      = -40209
	codeMissing       = -40211 // what an old login gets from a camera that wants TPAP
	codeSessionLost   = -40401
	codeNonce         = -40413
)

// refusal gives the error code that a fault wants for this request.
func (o *Options) refusal() (code int, ok bool) {
	if code, ok := o.Faults.number("code"); ok {
		return code, true
	}
	if o.Faults.next("busy") {
		if o.IOT {
			return codeBusyIOT, true
		}
		return codeBusy, true
	}
	return 0, false
}

// lockedOut is the answer to a login while none is taken.
func lockedOut() []byte {
	return fmt.Appendf(nil, `{"error_code":%d,"result":{"data":{"code":%d,"sec_left":1800}}}`, codeLocked, codeLocked)
}

// same compares tokens in constant time.
func same(a, b string) bool { return subtle.ConstantTimeCompare([]byte(a), []byte(b)) == 1 }

// refuse is the answer with an error code to a message.
func (o *Options) refuse(message []byte, code int) []byte {
	if !o.IOT {
		return fmt.Appendf(nil, `{"error_code":%d}`, code)
	}
	// IOT has its code in each method.
	var modules map[string]map[string]json.RawMessage
	if json.Unmarshal(message, &modules) != nil {
		return fmt.Appendf(nil, `{"err_code":%d,"err_msg":"injected"}`, code)
	}
	delete(modules, "context")
	for _, methods := range modules {
		for method := range methods {
			methods[method] = fmt.Appendf(nil, `{"err_code":%d,"err_msg":"injected"}`, code)
		}
	}
	answer, err := json.Marshal(modules)
	if err != nil {
		panic("endpoint: " + err.Error()) // what was read can be written
	}
	return answer
}

// handle lets the device answer a message, or a fault in its place. No answer
// and no error means that the connection is to be dropped.
func (o *Options) handle(ctx context.Context, dev Device, message []byte) ([]byte, error) {
	if code, ok := o.refusal(); ok {
		return o.refuse(message, code), wait(ctx, o.Faults.duration("slow"))
	}
	return o.ask(ctx, dev, message)
}

// ask lets the device answer a message.
func (o *Options) ask(ctx context.Context, dev Device, message []byte) ([]byte, error) {
	answer, err := dev.Handle(ctx, message)
	if err != nil {
		o.Logger.DebugContext(ctx, "device gave no answer", "err", err)
		return nil, err
	}
	return answer, wait(ctx, o.Faults.duration("slow"))
}
