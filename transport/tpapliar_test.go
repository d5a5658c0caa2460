package transport_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"wattle"
	"wattle/internal/wire/tpap"
)

// liar is a device that answers the login with whatever it is told to: one text
// for each message, the last one again and again.
func liar(answers ...string) func(conn net.Conn) {
	return func(conn net.Conn) {
		r := bufio.NewReader(conn)
		for n := 0; ; n++ {
			request, err := http.ReadRequest(r)
			if err != nil {
				return
			}
			_, _ = io.Copy(io.Discard, request.Body)
			answer := answers[min(n, len(answers)-1)]
			if answer == endless {
				_, _ = io.WriteString(conn, "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 1099511627776\r\n\r\n{")
				// No more than this: what is on its way counts as allocated here.
				_, _ = conn.Write(bytes.Repeat([]byte(" "), 128<<10))
				_, _ = io.Copy(io.Discard, r)
				return
			}
			if answer == silence {
				_, _ = io.Copy(io.Discard, r)
				return
			}
			fmt.Fprintf(conn, "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s", len(answer), answer)
		}
	}
}

const (
	endless = "endless"
	silence = "silence"
)

// TestTPAPLiars: a device that lies about points, salts, iterations or sizes is
// refused, soon, and without much memory.
func TestTPAPLiars(t *testing.T) {
	const budget = 1 << 20 // bytes allocated by both halves, for one exchange
	offer := `{"error_code":0,"result":{"mac":"AA-BB-CC-DD-EE-01","tpap":{"tls":0,"dac":1,"noc":0,"pake":[2],"port":0}}}`
	b64 := base64.StdEncoding.EncodeToString
	suite, err := tpap.SuiteOf(tpap.Suite1)
	if err != nil {
		t.Fatal(err)
	}
	good := suite.Group().M() // a point of the curve
	registered := func(change map[string]any) string {
		result := map[string]any{
			"dev_random": b64(make([]byte, 32)), "dev_salt": b64(make([]byte, 16)), "dev_share": b64(good),
			"cipher_suites": 1, "iterations": 3000, "encryption": tpap.AES128CCM,
		}
		maps.Copy(result, change)
		b, err := json.Marshal(map[string]any{"error_code": 0, "result": result})
		if err != nil {
			t.Fatal(err)
		}
		return string(b)
	}
	off := bytes.Clone(good)
	off[64] ^= 1
	big := strings.Repeat("A", 14_000)
	type field = map[string]any
	extra := func(params string) field {
		return field{"extra_crypt": json.RawMessage(`{"type":"password_shadow","params":` + params + `}`)}
	}
	lies := map[string][]string{
		"offer without end":      {endless},
		"register without end":   {offer, endless},
		"share without end":      {offer, registered(nil), endless},
		"silent":                 {silence},
		"silent at register":     {offer, silence},
		"silent at share":        {offer, registered(nil), silence},
		"offer of 14 KB":         {`{"error_code":0,"result":{"tpap":{"tls":0,"pake":[` + strings.Repeat("2,", 7000) + `2]}}}`},
		"deep JSON":              {offer, strings.Repeat("[", 14_000)},
		"deep object":            {offer, `{"error_code":0,"result":` + strings.Repeat(`{"a":`, 2500)},
		"point off the curve":    {offer, registered(field{"dev_share": b64(off)})},
		"identity":               {offer, registered(field{"dev_share": b64([]byte{0})})},
		"no point":               {offer, registered(field{"dev_share": ""})},
		"short point":            {offer, registered(field{"dev_share": b64(good[:64])})},
		"long point":             {offer, registered(field{"dev_share": b64(append(bytes.Clone(good), 0))})},
		"huge point":             {offer, registered(field{"dev_share": big})},
		"point of another curve": {offer, registered(field{"cipher_suites": 5})},
		"unknown suite":          {offer, registered(field{"cipher_suites": 7})},
		"suite of 2^62":          {offer, registered(field{"cipher_suites": int64(1) << 62})},
		"unknown cipher":         {offer, registered(field{"encryption": "rot13"})},
		"no salt":                {offer, registered(field{"dev_salt": ""})},
		"huge salt":              {offer, registered(field{"dev_salt": big})},
		"huge random":            {offer, registered(field{"dev_random": big})},
		"no iterations":          {offer, registered(field{"iterations": 0})},
		"negative iterations":    {offer, registered(field{"iterations": -3000})},
		"iterations of 2^31":     {offer, registered(field{"iterations": int64(1) << 31})},
		"iterations of 10^30":    {offer, registered(field{"iterations": json.RawMessage("1e30")})},
		"rounds of 10^9":         {offer, registered(extra(`{"passwd_id":5,"passwd_prefix":"$5$rounds=999999999$x$"}`))},
		"rounds beside":          {offer, registered(extra(`{"passwd_id":5,"passwd_prefix":"$5$x$","passwd_rounds":999999999}`))},
		"huge prefix":            {offer, registered(extra(`{"passwd_id":5,"passwd_prefix":"$5$` + big + `"}`)), `{"error_code":-1}`},
		"huge mask":              {offer, registered(field{"extra_crypt": json.RawMessage(`{"type":"password_authkey","params":{"authkey_tmpkey":"` + big[:7000] + `","authkey_dictionary":"` + big[:7000] + `"}}`)}), `{"error_code":-1}`},
		"no proof":               {offer, registered(nil), `{"error_code":0,"result":{"dev_confirm":"","stok":"x","start_seq":1}}`},
		"wrong proof":            {offer, registered(nil), `{"error_code":0,"result":{"dev_confirm":"` + b64(make([]byte, 32)) + `","stok":"x","start_seq":1}}`},
		"huge session id":        {offer, registered(nil), `{"error_code":0,"result":{"dev_confirm":"","stok":"` + big + `","start_seq":1}}`},
		"start of 2^40":          {offer, registered(nil), `{"error_code":0,"result":{"dev_confirm":"","stok":"x","start_seq":1099511627776}}`},
		"lock of 10^18 minutes":  {offer, registered(nil), `{"error_code":-2203,"error_info":{"lockedMinute":1000000000000000000}}`},
	}
	worst := uint64(0)
	for name, answers := range lies {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				conn := raw(t, named(t, "tpap"), liar(answers...))
				ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
				defer cancel()
				request := message(1, 1)
				var before, after runtime.MemStats
				runtime.ReadMemStats(&before)
				begin := time.Now()
				_, err := conn.Exchange(ctx, request)
				took := time.Since(begin)
				runtime.ReadMemStats(&after)
				if err == nil || !hasClass(err) {
					t.Errorf("%v", err)
				}
				if took > 5*time.Second { // of the bubble's clock: it hung
					t.Errorf("it took %v", took)
				}
				used := after.TotalAlloc - before.TotalAlloc
				worst = max(worst, used)
				if used > budget {
					t.Errorf("%d bytes allocated, want at most %d", used, budget)
				}
			})
		})
	}
	t.Logf("%d lies, at most %d KiB allocated for one", len(lies), worst>>10)
}

// hasClass reports whether an error says what kind it is.
func hasClass(err error) bool {
	for _, class := range []error{
		wattle.ErrProtocol, wattle.ErrTransport, wattle.ErrUnreachable, wattle.ErrAuth, wattle.ErrLockout, wattle.ErrIdentity, wattle.ErrRefused,
	} {
		if errors.Is(err, class) {
			return true
		}
	}
	return false
}
