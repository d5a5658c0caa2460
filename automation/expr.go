package automation

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/expr-lang/expr"
	"github.com/expr-lang/expr/ast"
	"github.com/expr-lang/expr/file"
	"github.com/expr-lang/expr/vm"

	"wattle"
	"wattle/hub"
	"wattle/rule"
)

// Bounds of an expression: its length, its parts, and what it may allocate while
// it runs, which bounds its loops too.
const (
	maxExpression = 2000
	maxNodes      = 500
	maxMemory     = 100_000
)

// scope is what an expression sees; see docs/automation.md.
type scope struct {
	Now     time.Time `expr:"now"` // in the zone of the hub
	Hour    int       `expr:"hour"`
	Minute  int       `expr:"minute"`
	Weekday string    `expr:"weekday"` // mon
	Day     string    `expr:"day"`     // 2026-12-31
	Sun     sun       `expr:"sun"`
	Trigger cause     `expr:"trigger"`

	Device  func(name string) (map[string]any, error) `expr:"device"`
	Group   func(name string) (members, error)        `expr:"group"`
	Between func(from, to string) (bool, error)       `expr:"between"`
}

// sun is where the sun stands.
type sun struct {
	Up   bool      `expr:"up"`
	Rise time.Time `expr:"rise"` // of today
	Set  time.Time `expr:"set"`
}

// cause is why a rule runs.
type cause struct {
	Kind    string `expr:"kind"`   // time, feature, event or manual
	Device  string `expr:"device"` // its name
	Slug    string `expr:"id"`
	Feature string `expr:"feature"`
	Value   any    `expr:"value"`
	Before  any    `expr:"before"`
	Event   string `expr:"event"`

	text string
}

// members are the devices of a group.
type members struct {
	Count  int  `expr:"count"`
	On     int  `expr:"on"`
	Online int  `expr:"online"`
	Any    bool `expr:"any_on"`
	All    bool `expr:"all_on"` // false for a group without switches
}

// ExpressionError is what is wrong with an expression. It is of the class
// [wattle.ErrParam].
type ExpressionError struct {
	Line, Column int // from 1
	Text         string
	Err          error // nil, or why
}

// Error begins with the place.
func (e *ExpressionError) Error() string {
	return fmt.Sprintf("line %d, column %d: %s", e.Line, e.Column, e.Text)
}

// Unwrap gives [wattle.ErrParam].
func (e *ExpressionError) Unwrap() error { return wattle.ErrParam }

// compile reads an expression; nil for "".
func (w *world) compile(text string) (*vm.Program, error) {
	if strings.TrimSpace(text) == "" {
		return nil, nil
	}
	if len(text) > maxExpression {
		return nil, bad("an expression of %d bytes: want up to %d", len(text), maxExpression)
	}
	var names namesOf
	program, err := safely(func() (*vm.Program, error) {
		return expr.Compile(text, expr.Env(scope{}), expr.AsBool(), expr.MaxNodes(maxNodes), expr.DisableBuiltin("now"), expr.Patch(&names))
	})
	if err != nil {
		return nil, placed(err)
	}
	if w == nil {
		return program, nil
	}
	for _, n := range names.list {
		var known bool
		room, isRoom := hub.CutRoom(n.name)
		if n.group && isRoom {
			if _, err := w.room(room); err != nil {
				line, column := place(text, n.at)
				return nil, &ExpressionError{Line: line, Column: column, Text: err.Error(), Err: err}
			}
			continue
		}
		if n.group {
			known = fold(n.name) == "all" || w.groups[fold(n.name)] != nil
		} else {
			_, err := w.find(n.name)
			known = !errors.Is(err, wattle.ErrNotFound)
		}
		if !known {
			what := "device"
			if n.group {
				what = "group"
			}
			line, column := place(text, n.at)
			return nil, &ExpressionError{Line: line, Column: column, Text: fmt.Sprintf("no %s %q in the hub", what, clip(n.name))}
		}
	}
	return program, nil
}

// safely makes an error of a panic of the library.
func safely[T any](f func() (T, error)) (out T, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = bad("this expression cannot be used: %v", p)
		}
	}()
	return f()
}

func placed(err error) error {
	if at, ok := errors.AsType[*file.Error](err); ok {
		return &ExpressionError{Line: max(at.Line, 1), Column: at.Column + 1, Text: at.Message}
	}
	if errors.Is(err, wattle.ErrParam) {
		return err
	}
	return bad("%s", clip(strings.Join(strings.Fields(err.Error()), " ")))
}

func place(text string, offset int) (line, column int) {
	runes := []rune(text)
	before := string(runes[:min(max(offset, 0), len(runes))])
	return strings.Count(before, "\n") + 1, len([]rune(before[strings.LastIndexByte(before, '\n')+1:])) + 1
}

// namesOf collects the devices and groups that an expression names.
type namesOf struct{ list []named }

type named struct {
	name  string
	group bool
	at    int
}

// Visit is called for each node.
func (n *namesOf) Visit(node *ast.Node) {
	call, ok := (*node).(*ast.CallNode)
	if !ok || len(call.Arguments) != 1 {
		return
	}
	function, isName := call.Callee.(*ast.IdentifierNode)
	text, isText := call.Arguments[0].(*ast.StringNode)
	if isName && isText && (function.Value == "device" || function.Value == "group") {
		n.list = append(n.list, named{text.Value, function.Value == "group", text.Location().From})
	}
}

// holds evaluates a condition. The error says why it cannot be told, for example
// because a value is not known.
func (e *Engine) holds(program *vm.Program, at time.Time, c *cause) (bool, error) {
	if program == nil {
		return true, nil
	}
	out, err := safely(func() (any, error) {
		machine := vm.VM{MemoryBudget: maxMemory}
		return machine.Run(program, e.scope(at, c))
	})
	if err != nil {
		return false, placed(err)
	}
	yes, ok := out.(bool)
	if !ok {
		return false, bad("the condition gives %v: want true or false", out)
	}
	return yes, nil
}

func (e *Engine) scope(at time.Time, c *cause) scope {
	at = at.In(e.zone)
	up, down := e.sun(at)
	return scope{
		Now: at, Hour: at.Hour(), Minute: at.Minute(), Day: at.Format(time.DateOnly),
		Weekday: strings.ToLower(at.Format("Mon")), Trigger: *c,
		Sun:     sun{Up: !at.Before(up) && at.Before(down), Rise: up, Set: down},
		Device:  e.deviceFor,
		Group:   e.groupFor,
		Between: func(from, to string) (bool, error) { return e.between(at, from, to) },
	}
}

// sun gives sunrise and sunset of a day.
func (e *Engine) sun(at time.Time) (up, down time.Time) {
	rise, set := rule.Sun(rule.DateOf(at), e.place(), at.Location())
	moment := func(minute int) time.Time {
		return time.Date(at.Year(), at.Month(), at.Day(), 0, minute, 0, 0, at.Location())
	}
	return moment(rise), moment(set)
}

// between reports whether a time of the day lies from one up to another, which may
// be past midnight.
func (e *Engine) between(at time.Time, from, to string) (bool, error) {
	minute := func(text string) (int, error) {
		a, err := rule.ParseAt(text)
		if err != nil {
			return 0, err
		}
		m, ok := a.Of(rule.DateOf(at), e.place(), at.Location())
		if !ok {
			return 0, bad("%q is never", text)
		}
		return m, nil
	}
	begin, err := minute(from)
	if err != nil {
		return false, err
	}
	end, err := minute(to)
	if err != nil {
		return false, err
	}
	now := at.Hour()*60 + at.Minute()
	if begin <= end {
		return now >= begin && now < end, nil
	}
	return now >= begin || now < end, nil
}

// deviceFor is a device as an expression sees it: its features by id, nil for what
// is not known, and on, online, name and id.
func (e *Engine) deviceFor(name string) (map[string]any, error) {
	v, err := e.hub.Find(name)
	if err != nil {
		return nil, err
	}
	out := map[string]any{}
	for _, r := range v.Readings() {
		if r.Secret {
			continue
		}
		value := r.Value.Any()
		if d, ok := value.(time.Duration); ok {
			value = d.Seconds()
		}
		out[r.ID] = value
	}
	out["on"] = nil
	if v.State != nil {
		if on, known := v.State.On(); known {
			out["on"] = on
		}
	}
	out["online"], out["name"], out["id"] = v.Online, v.Name, hub.Slug(v.ID)
	return out, nil
}

func (e *Engine) groupFor(name string) (members, error) {
	word := name
	if _, room := hub.CutRoom(name); !room {
		word = "@" + strings.TrimPrefix(name, "@")
	}
	views, err := e.Members(word)
	if err != nil {
		return members{}, err
	}
	var out members
	switches := 0
	for _, v := range views {
		out.Count++
		if v.Online {
			out.Online++
		}
		if v.State == nil {
			continue
		}
		if on, known := v.State.On(); known {
			switches++
			if on {
				out.On++
			}
		}
	}
	out.Any, out.All = out.On > 0, switches > 0 && out.On == switches
	return out, nil
}
