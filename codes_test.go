package wattle_test

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"wattle"
)

// documented is one row of a table of docs/protocol/errors.md.
type documented struct {
	family wattle.Family
	code   int
	name   string
	action string
}

// readErrors reads the tables of the three local families, so that the code and
// its document cannot drift apart.
func readErrors(t *testing.T) []documented {
	t.Helper()
	file, err := os.Open("docs/protocol/errors.md")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	var rows []documented
	var family wattle.Family
	lines := bufio.NewScanner(file)
	for lines.Scan() {
		line := lines.Text()
		if title, found := strings.CutPrefix(line, "## "); found {
			family = map[string]wattle.Family{
				"IOT (`err_code`)":                        wattle.IOT,
				"SMART and its transports (`error_code`)": wattle.SMART,
				"SMARTCAM": wattle.SMARTCAM,
			}[title]
			continue
		}
		if family == "" || !strings.HasPrefix(line, "| ") {
			continue
		}
		cells := strings.Split(strings.Trim(line, "| "), " | ")
		action := strings.TrimPrefix(strings.TrimLeft(cells[len(cells)-1], "| "), "wait 1 s, ")
		for _, code := range readCodes(cells[0]) {
			rows = append(rows, documented{family, code, cells[1], action})
		}
	}
	if err := lines.Err(); err != nil {
		t.Fatal(err)
	}
	return rows
}

var (
	codeRange = regexp.MustCompile(`^(-?\d+)\.\.(-?\d+)$`)
	codeSplit = regexp.MustCompile(`[ /]+`)
)

// readCodes reads "-1801..-1805", "-69051 -69052" and "-1401 / -1402".
func readCodes(cell string) []int {
	var codes []int
	for word := range strings.SplitSeq(codeSplit.ReplaceAllString(cell, " "), " ") {
		if m := codeRange.FindStringSubmatch(word); m != nil {
			from, _ := strconv.Atoi(m[1])
			to, _ := strconv.Atoi(m[2])
			for n := from; n >= to; n-- {
				codes = append(codes, n)
			}
			continue
		}
		if n, err := strconv.Atoi(word); err == nil {
			codes = append(codes, n)
		}
	}
	return codes
}

// TestCodesDocumented holds every code of the document against the table.
func TestCodesDocumented(t *testing.T) {
	// Where the action of the document depends on where the code stands, the
	// table has the general meaning and the named package treats the rest.
	special := map[string]error{
		"smart/1003":      wattle.ErrTransport, // connect tries other transports, then says what to do
		"smart/1100":      wattle.ErrAuth,      // transports.md 0.3: never repeated
		"smart/1200":      wattle.ErrRefused,   // session asks one by one
		"smart/-1003":     wattle.ErrRefused,   // session asks one by one
		"smart/-1004":     wattle.ErrRefused,   // session makes smaller batches
		"smart/-1006":     wattle.ErrRefused,   // session makes smaller batches
		"smart/-1012":     wattle.ErrParam,     // session adds the terminal id
		"smart/-1301":     wattle.ErrBusy,      // "wait 1 s, RETRY"
		"smartcam/-1":     wattle.ErrBusy,      // stands in the SMART table: "camera: RETRY once"
		"smartcam/-40404": wattle.ErrLockout,
		"smartcam/-40408": wattle.ErrLockout,
		"smartcam/-40411": wattle.ErrAuth, // "try the other user, then AUTH"
		"smartcam/-40413": wattle.ErrSession,
		"smartcam/-40414": wattle.ErrAuth, // "USER: use the camera account"
		"smartcam/-60502": wattle.ErrAuth, // "try admin once, then AUTH"
		"smartcam/-52212": wattle.ErrBusy, // "wait"
		"smartcam/-64305": wattle.ErrBusy, // "wait"
		"smartcam/-52405": wattle.ErrBusy, // "wait 30 s": too long for a session
		"smartcam/-52407": wattle.ErrBusy,
		"smartcam/-52419": wattle.ErrBusy,
		"smartcam/-71103": wattle.ErrRefused,
		"smartcam/-71105": wattle.ErrRefused,
	}
	rows := readErrors(t)
	for _, row := range rows {
		if row.code == 0 {
			continue
		}
		key := fmt.Sprintf("%s/%d", row.family, row.code)
		info := wattle.LookupCode(row.family, row.code)
		if info.Name == "" && row.name != "(no name)" && !strings.HasPrefix(row.name, "(") {
			t.Errorf("%s (%s) is not in the table", key, row.name)
			continue
		}
		var want []error
		retries := -1
		switch action := row.action; {
		case special[key] != nil:
			want = []error{special[key]}
		case strings.HasPrefix(action, "UNSUPPORTED"):
			want, retries = []error{wattle.ErrUnsupported}, 0
		case strings.HasPrefix(action, "AUTH"):
			want, retries = []error{wattle.ErrAuth}, 0
		case strings.HasPrefix(action, "RETRY once"):
			want, retries = []error{wattle.ErrBusy}, 1
		case strings.HasPrefix(action, "RETRY"):
			want, retries = []error{wattle.ErrBusy}, 3
		case strings.HasPrefix(action, "REHANDSHAKE once"):
			want, retries = []error{wattle.ErrSession}, 1
		case strings.HasPrefix(action, "REHANDSHAKE (py retry)"):
			want, retries = []error{wattle.ErrSession}, 3
		case strings.HasPrefix(action, "REHANDSHAKE"):
			want, retries = []error{wattle.ErrSession}, 1
		default: // FAIL, USER, show, report
			want, retries = []error{wattle.ErrRefused, wattle.ErrParam}, 0
		}
		found := false
		for _, class := range want {
			found = found || info.Class == class //nolint:errorlint // the table holds the classes themselves
		}
		if !found {
			t.Errorf("%s (%s): class %v, document says %q", key, row.name, info.Class, row.action)
		}
		if retries >= 0 && info.Retries != retries {
			t.Errorf("%s (%s): %d retries, document says %q", key, row.name, info.Retries, row.action)
		}
		if strings.HasPrefix(row.action, "USER:") && info.Hint == "" {
			t.Errorf("%s (%s): no hint, document says %q", key, row.name, row.action)
		}
	}
	if len(rows) < 150 {
		t.Fatalf("only %d codes read from the document", len(rows))
	}
	t.Logf("%d codes of the document checked", len(rows))
}

// TestCodesRetry: what is refused for good is never repeated.
func TestCodesRetry(t *testing.T) {
	for _, family := range []wattle.Family{wattle.IOT, wattle.SMART, wattle.SMARTCAM} {
		for code := -100000; code < 100000; code++ {
			info := wattle.LookupCode(family, code)
			if info.Class == nil {
				t.Fatalf("%s %d has no class", family, code)
			}
			retryable := errors.Is(info.Class, wattle.ErrBusy) || errors.Is(info.Class, wattle.ErrSession)
			if info.Retries != 0 && !retryable || info.Retries < 0 || info.Retries > 3 {
				t.Errorf("%s %d (%v) has %d retries", family, code, info.Class, info.Retries)
			}
		}
	}
}

func TestCodesByFamily(t *testing.T) {
	for _, tt := range []struct {
		family wattle.Family
		code   int
		class  error
		name   string
	}{
		{wattle.IOT, -1, wattle.ErrUnsupported, "module not support"},
		{wattle.SMART, -1, wattle.ErrRefused, "COMMON_FAILED"},
		{wattle.SMARTCAM, -1, wattle.ErrBusy, "COMMON_FAILED"},
		{wattle.IOT, -2001, wattle.ErrUnsupported, "module not support"},
		{wattle.SMART, -2001, wattle.ErrRefused, "ANTITHEFT"},
		{wattle.SMARTCAM, 9999, wattle.ErrSession, "SESSION_TIMEOUT"}, // from its transport
		{wattle.SMARTCAM, -40401, wattle.ErrSession, "SESSION_EXPIRED"},
		{wattle.SMART, -40401, wattle.ErrRefused, ""},
		{wattle.IOT, 9999, wattle.ErrRefused, ""},
		{wattle.SMART, 424242, wattle.ErrRefused, ""},
	} {
		info := wattle.LookupCode(tt.family, tt.code)
		err := &wattle.DeviceError{Family: tt.family, Code: tt.code}
		if info.Name != tt.name || !errors.Is(err, tt.class) {
			t.Errorf("%s %d = %q %v, want %q %v", tt.family, tt.code, info.Name, info.Class, tt.name, tt.class)
		}
	}
}
