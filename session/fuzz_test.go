package session_test

import (
	"testing"
	"testing/synctest"

	"wattle"
	"wattle/method"
)

// FuzzAnswers: whatever a device answers, each call gets a result, nothing
// hangs, and the device is not asked without end.
func FuzzAnswers(f *testing.F) {
	f.Add([]byte(`{"system":{"get_sysinfo":{"children":[{"id":"00"}],"err_code":0}},"time":{"err_code":-1,"err_msg":"module not support"}}`))
	f.Add([]byte(`{"err_code":-7,"a":{"b":{"err_code":-7}}}`))
	f.Add([]byte(`{"error_code":0,"result":{"responses":[{"method":"b","error_code":0,"result":{"list":[1],"start_index":0,"sum":9}}]}}`))
	f.Add([]byte(`{"error_code":0,"result":{"responseData":{"error_code":-1001}}}`))
	f.Add([]byte(`{"error_code":9999}`))
	f.Add([]byte(`{"error_code":-1012}`))
	f.Add([]byte(`{"error_code":-1006}`))
	f.Add([]byte(`{"error_code":0,"result":{"list":[{}],"start_index":0,"sum":99999999}}`))
	f.Add([]byte("<html>"))
	f.Fuzz(func(t *testing.T, answer []byte) {
		synctest.Test(t, func(t *testing.T) {
			for _, family := range []wattle.Family{wattle.IOT, wattle.SMART} {
				conn := newFake(wattle.KLAP, func(int, string) (string, error) { return string(answer), nil })
				s := open(t, conn, family, nil)
				calls := reads("system.get_sysinfo", "time.b", "a.b", "a.c")
				if family == wattle.SMART {
					calls = reads("a", "b", "get_child_device_list")
				}
				calls[1].Effect = method.Absolute
				for _, caller := range []method.Caller{s, s.Child("id01")} {
					results, err := caller.Do(t.Context(), calls...)
					if err == nil && len(results) != len(calls) || err != nil && results != nil {
						t.Fatalf("%d results, %v", len(results), err)
					}
				}
				if n := len(conn.asked()); n > 1000 {
					t.Errorf("asked %d times", n)
				}
			}
		})
	})
}

func BenchmarkDo(b *testing.B) {
	for _, bench := range []struct {
		name   string
		family wattle.Family
		calls  []method.Call
		answer string
	}{
		{"iot", wattle.IOT, reads("system.get_sysinfo", "emeter.get_realtime"), `{"system":{"get_sysinfo":{"alias":"x","err_code":0}},"emeter":{"get_realtime":{"power_mw":1,"err_code":0}}}`},
		{"smart", wattle.SMART, reads("a", "b", "c"), `{"error_code":0,"result":{"responses":[{"method":"a","result":{"x":1},"error_code":0},{"method":"b","result":{"x":1},"error_code":0},{"method":"c","result":{"x":1},"error_code":0}]}}`},
	} {
		b.Run(bench.name, func(b *testing.B) {
			s := newQuiet(bench.family, bench.answer)
			defer s.Close()
			b.ReportAllocs()
			for b.Loop() {
				if _, err := s.Do(b.Context(), bench.calls...); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
