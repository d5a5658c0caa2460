package automation

import (
	"slices"
	"sync"
	"time"
)

// Result says how a run ended.
type Result string

// The results. Results are printed.
const (
	Running   Result = "running"
	Done      Result = "done"
	Failed    Result = "failed"    // a step did not succeed; the others were done
	Skipped   Result = "skipped"   // nothing was done, see Reason
	Cancelled Result = "cancelled" // it was broken off
)

// Run is one time that a rule was to run.
type Run struct {
	ID     uint64        `json:"id"` // grows
	Rule   string        `json:"rule"`
	Time   time.Time     `json:"time"`
	Cause  string        `json:"cause"` // why: "desk: state becomes true"
	Result Result        `json:"result"`
	Reason string        `json:"reason,omitempty"` // of Skipped, Failed and Cancelled
	Steps  []Step        `json:"steps,omitempty"`
	Took   time.Duration `json:"-"`
	Ms     int64         `json:"took_ms"`
}

// Step is what one action did.
type Step struct {
	Action   string    `json:"action"`
	Outcomes []Outcome `json:"devices,omitempty"`
	Error    string    `json:"error,omitempty"`
}

// journalKept is how many runs are remembered.
const journalKept = 500

// journal remembers runs, the newest last.
type journal struct {
	mu   sync.Mutex
	last uint64
	list []*Run
}

// begin notes a run.
func (j *journal) begin(r Run) *Run {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.last++
	r.ID = j.last
	if len(j.list) >= journalKept {
		j.list = slices.Delete(j.list, 0, journalKept/10)
	}
	j.list = append(j.list, &r)
	return &r
}

// change changes a run that was noted.
func (j *journal) change(r *Run, f func(*Run)) {
	j.mu.Lock()
	defer j.mu.Unlock()
	f(r)
}

// Log gives the newest runs of a rule, or of all for "", up to n of them, the
// newest first. Up to 500 are remembered, and none over a restart.
func (e *Engine) Log(rule string, n int) []Run {
	j := &e.journal
	j.mu.Lock()
	defer j.mu.Unlock()
	var out []Run
	for _, r := range slices.Backward(j.list) {
		if len(out) >= n {
			break
		}
		if rule == "" || fold(r.Rule) == fold(rule) {
			one := *r
			one.Steps = slices.Clone(r.Steps)
			out = append(out, one)
		}
	}
	return out
}
