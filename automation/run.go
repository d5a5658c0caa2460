package automation

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"wattle"
)

const (
	defaultPerMinute = 12
	maxQueued        = 10
)

// runner carries out one rule, one run at a time. The engine's lock guards it.
type runner struct {
	active *active
	queue  []cause
	starts []time.Time // of the last minute
	over   bool        // that it runs too often has been noted
}

// active is a run that goes on.
type active struct {
	cancel context.CancelCauseFunc
	plan   *plan
}

var (
	errBegunAnew = errors.New("it begins anew")
	errRuleGone  = errors.New("the rule was changed")
)

// begin has a rule run, if it may. It returns at once.
func (e *Engine) begin(p *plan, c cause) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.running == nil || e.ctx.Err() != nil {
		return
	}
	r := e.runners[p.key]
	if r == nil {
		r = &runner{}
		e.runners[p.key] = r
	}
	now := time.Now()
	r.starts = slices.DeleteFunc(r.starts, func(t time.Time) bool { return now.Sub(t) >= time.Minute })
	most := p.rule.PerMinute
	if most == 0 {
		most = defaultPerMinute
	}
	if len(r.starts) >= most {
		if !r.over {
			r.over = true
			e.skip(p, c, fmt.Sprintf("it ran %d times within a minute: do rules trigger each other?", most))
		}
		return
	}
	r.over = false
	r.starts = append(r.starts, now)
	switch {
	case r.active == nil:
		e.launch(r, p, c)
	case p.rule.Mode == Restart:
		r.queue = []cause{c}
		r.active.cancel(errBegunAnew)
	case p.rule.Mode == Queued && len(r.queue) < maxQueued:
		r.queue = append(r.queue, c)
	case p.rule.Mode == Queued:
		e.skip(p, c, fmt.Sprintf("%d runs wait already", maxQueued))
	default:
		e.skip(p, c, "it still runs")
	}
}

// skip notes that a rule did not run, and why.
func (e *Engine) skip(p *plan, c cause, reason string) {
	e.journal.begin(Run{Rule: p.rule.Name, Time: time.Now(), Cause: c.text, Result: Skipped, Reason: reason})
	e.log.Info("rule skipped", slog.String("rule", p.rule.Name), slog.String("cause", c.text), slog.String("reason", reason))
}

// launch starts a run; it is called with the lock held.
func (e *Engine) launch(r *runner, p *plan, c cause) {
	ctx, cancel := context.WithCancelCause(e.ctx)
	r.active = &active{cancel, p}
	e.running.Go(func() {
		e.perform(ctx, p, c)
		cancel(nil)
		e.mu.Lock()
		defer e.mu.Unlock()
		r.active = nil
		now := e.plans[p.key]
		if len(r.queue) == 0 || now == nil || now.rule.Disabled || e.ctx.Err() != nil {
			r.queue = nil
			return
		}
		next := r.queue[0]
		r.queue = r.queue[1:]
		e.launch(r, now, next)
	})
}

// perform is one run, from the condition to the last step.
func (e *Engine) perform(ctx context.Context, p *plan, c cause) {
	begun := time.Now()
	run := e.journal.begin(Run{Rule: p.rule.Name, Time: begun, Cause: c.text, Result: Running})
	result, reason := e.steps(ctx, p, &c, run)
	took := time.Since(begun)
	e.journal.change(run, func(r *Run) { r.Result, r.Reason, r.Took, r.Ms = result, reason, took, took.Milliseconds() })
	level := slog.LevelInfo
	switch result {
	case Skipped:
		level = slog.LevelDebug
	case Failed:
		level = slog.LevelWarn
	}
	e.log.LogAttrs(ctx, level, "rule", slog.String("rule", p.rule.Name), slog.String("cause", c.text),
		slog.String("result", string(result)), slog.String("reason", reason), slog.Duration("took", took))
}

func (e *Engine) steps(ctx context.Context, p *plan, c *cause, run *Run) (Result, string) {
	if p.broken != nil {
		return Skipped, p.broken.Error()
	}
	yes, err := e.holds(p.program, time.Now(), c)
	if err != nil {
		return Skipped, "the condition cannot be told: " + err.Error()
	}
	if !yes {
		return Skipped, "the condition does not hold"
	}
	failed := ""
	for i := range p.rule.Do {
		a := &p.rule.Do[i]
		outcomes, err := e.step(ctx, a)
		step := Step{Action: a.words(), Outcomes: outcomes}
		if err == nil {
			err = failure(outcomes)
		}
		if err != nil {
			step.Error = err.Error()
		}
		e.journal.change(run, func(r *Run) { r.Steps = append(r.Steps, step) })
		if ctx.Err() != nil {
			cause := context.Cause(ctx)
			if errors.Is(cause, context.Canceled) {
				return Cancelled, "the hub stops"
			}
			return Cancelled, cause.Error()
		}
		if err != nil && failed == "" {
			failed = err.Error()
		}
	}
	if failed != "" {
		return Failed, failed
	}
	return Done, ""
}

// step does one action.
func (e *Engine) step(ctx context.Context, a *Action) ([]Outcome, error) {
	switch {
	case a.Delay > 0:
		timer := time.NewTimer(time.Duration(a.Delay))
		defer timer.Stop()
		select {
		case <-timer.C:
			return nil, nil
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		}
	case a.Scene != "":
		return e.Apply(ctx, a.Scene)
	case a.Toggle:
		return e.toggle(ctx, a.Devices), nil
	case a.Act != "":
		return e.act(ctx, a.Devices, a.Act), nil
	}
	return e.set(ctx, a.Devices, a.Set), nil
}

// words say an action in short.
func (a *Action) words() string {
	switch {
	case a.Delay > 0:
		return "delay " + a.Delay.String()
	case a.Scene != "":
		return "scene " + a.Scene
	case a.Toggle:
		return "toggle"
	case a.Act != "":
		return a.Act
	}
	return "set"
}

// Start has a rule run now, whatever its triggers say; its condition counts. It
// does not wait for it: see [Engine.Log]. Errors wrap [wattle.ErrNotFound], or
// [wattle.ErrParam] while the engine does not run.
func (e *Engine) Start(name string) error {
	e.mu.Lock()
	p, runs := e.plans[fold(name)], e.running != nil
	e.mu.Unlock()
	switch {
	case p == nil:
		return e.rules.missing(name)
	case !runs:
		return fmt.Errorf("%w: automation does not run", wattle.ErrParam)
	}
	e.begin(p, cause{Kind: "manual", text: "by hand"})
	return nil
}
