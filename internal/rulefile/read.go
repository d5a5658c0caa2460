package rulefile

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"

	"wattle"
	"wattle/method"
	"wattle/rule"
)

// Limits of files: more is a mistake, or an attack.
const (
	maxFile  = 1 << 20
	maxDepth = 20
	// MaxRules is how many rules a file may have; no device has as many.
	MaxRules = 1000
)

// FileError is what is wrong with a file of rules. It is of the class
// [wattle.ErrParam].
type FileError struct {
	Name         string
	Line, Column int // from 1; 0 where the whole file is meant
	Err          error
}

// Error begins with NAME:LINE:COLUMN.
func (e *FileError) Error() string {
	if e.Line == 0 {
		return e.Name + ": " + e.Err.Error()
	}
	return fmt.Sprintf("%s:%d:%d: %s", e.Name, e.Line, e.Column, e.Err)
}

func (e *FileError) Unwrap() error { return e.Err }

// reader reads one file; its errors name the place.
type reader struct{ name string }

// Read reads schedules from a file as [Write] writes it. It is
// strict: an unknown key, a wrong value or a key that occurs twice is a
// [*FileError] that names the line. name is of the file, for the messages.
func Read(name string, text []byte) ([]rule.Schedule, error) {
	r := &reader{name}
	if len(text) > maxFile {
		return nil, &FileError{name, 0, 0, bad("the file is larger than %d bytes", maxFile)}
	}
	if err := shallow(text); err != nil {
		return nil, &FileError{name, 0, 0, err}
	}
	file, err := parser.ParseBytes(text, 0)
	if err != nil {
		if e, ok := errors.AsType[yaml.Error](err); ok && e.GetToken() != nil {
			return nil, r.place(e.GetToken(), bad("%s", e.GetMessage()))
		}
		return nil, &FileError{name, 0, 0, bad("%v", err)}
	}
	var list []rule.Schedule
	found := false
	for _, doc := range file.Docs {
		if doc == nil || doc.Body == nil || doc.Body.Type() == ast.NullType || doc.Body.Type() == ast.CommentType {
			continue
		}
		if found {
			return nil, r.at(doc.Body, bad("a file has one document"))
		}
		found = true
		fields, err := r.mapping(doc.Body)
		if err != nil {
			return nil, err
		}
		for _, f := range fields {
			if f.key != "schedules" {
				return nil, r.at(f.node, bad("unknown key %q: want schedules", clip(f.key)))
			}
			if list, err = r.schedules(f.value); err != nil {
				return nil, err
			}
		}
	}
	if !found {
		return nil, &FileError{name, 0, 0, bad("the file is empty: want schedules")}
	}
	return list, nil
}

// shallow refuses nesting that a parser would follow down to the end of its
// stack.
func shallow(text []byte) error {
	depth, indent := 0, 0
	for _, c := range text {
		switch c {
		case '[', '{':
			depth++
		case ']', '}':
			depth = max(depth-1, 0)
		case '\n':
			indent = 0
		case ' ', '-', '?', ':':
			indent++
		}
		if depth > maxDepth || indent > 2000 {
			return bad("it is nested too deeply")
		}
	}
	return nil
}

func (r *reader) place(t *token.Token, err error) error {
	if t == nil || t.Position == nil {
		return &FileError{r.name, 0, 0, err}
	}
	return &FileError{r.name, t.Position.Line, t.Position.Column, err}
}

func (r *reader) at(node ast.Node, err error) error {
	if node == nil {
		return &FileError{r.name, 0, 0, err}
	}
	return r.place(node.GetToken(), err)
}

// field is one key and value of a mapping.
type field struct {
	key   string
	node  ast.Node
	value ast.Node
}

func (r *reader) mapping(node ast.Node) ([]field, error) {
	var pairs []*ast.MappingValueNode
	switch n := node.(type) {
	case *ast.MappingNode:
		pairs = n.Values
	case *ast.MappingValueNode:
		pairs = []*ast.MappingValueNode{n}
	default:
		return nil, r.at(node, bad("want keys and values here"))
	}
	seen := map[string]bool{}
	fields := make([]field, 0, len(pairs))
	for _, pair := range pairs {
		key, ok := pair.Key.(ast.Node)
		if !ok || pair.Key.GetToken() == nil {
			return nil, r.at(node, bad("want keys and values here"))
		}
		name := pair.Key.GetToken().Value
		if seen[name] {
			return nil, r.at(key, bad("%s occurs twice", clip(name)))
		}
		seen[name] = true
		fields = append(fields, field{name, key, pair.Value})
	}
	return fields, nil
}

func (r *reader) schedules(node ast.Node) ([]rule.Schedule, error) {
	sequence, ok := node.(*ast.SequenceNode)
	if !ok {
		return nil, r.at(node, bad("want a list of rules"))
	}
	if len(sequence.Values) > MaxRules {
		return nil, r.at(node, bad("more than %d rules", MaxRules))
	}
	list := make([]rule.Schedule, 0, len(sequence.Values))
	for _, item := range sequence.Values {
		s, err := r.schedule(item)
		if err != nil {
			return nil, err
		}
		list = append(list, s)
	}
	return list, nil
}

// schedule reads one rule.
func (r *reader) schedule(node ast.Node) (rule.Schedule, error) {
	fields, err := r.mapping(node)
	if err != nil {
		return rule.Schedule{}, err
	}
	s := rule.Schedule{Enabled: true}
	var end rule.End
	present := map[string]bool{}
	for _, f := range fields {
		present[f.key] = true
		if err := r.set(&s, &end, f); err != nil {
			return rule.Schedule{}, err
		}
	}
	for _, key := range []string{"at", "do"} {
		if !present[key] {
			return rule.Schedule{}, r.at(node, bad("a rule needs %q", key))
		}
	}
	if !present["once"] && !present["days"] {
		return rule.Schedule{}, r.at(node, bad(`a rule needs "days" or "once"`))
	}
	if present["until"] != present["then_do"] {
		return rule.Schedule{}, r.at(node, bad(`"until" and "then_do" go together`))
	}
	if present["until"] {
		s.End = &end
	}
	if err := s.Check(); err != nil {
		return rule.Schedule{}, r.at(node, err)
	}
	return s, nil
}

// set takes one key of a rule.
func (r *reader) set(s *rule.Schedule, end *rule.End, f field) error {
	text, err := r.text(f)
	var value error
	switch f.key {
	case "at":
		s.At, value = rule.ParseAt(text)
	case "days":
		s.Days, value = rule.ParseDays(text)
	case "once":
		s.Once = true
		if text != "true" {
			s.Date, value = rule.ParseDate(text)
		}
	case "until":
		end.At, value = rule.ParseAt(text)
	case "enabled":
		s.Enabled, value = boolean(text)
	case "name":
		s.Name = text
	case "family":
		s.Family = wattle.Family(text)
		if s.Family != wattle.IOT && s.Family != wattle.SMART {
			value = bad("%q is no family: want iot or smart", clip(text))
		}
	case "extra":
		s.Extra, err = r.extra(f.value)
	default:
		action, key := &s.Action, f.key
		if rest, ok := strings.CutPrefix(key, "then_"); ok {
			action, key = &end.Action, rest
		}
		if key == "state_extra" {
			action.Extra, err = r.extra(f.value)
			break
		}
		value = setAction(action, key, text)
	}
	if err != nil {
		return err
	}
	switch {
	case errors.Is(value, errKey):
		return r.at(f.node, bad("unknown key %q", clip(f.key)))
	case value != nil:
		return r.at(f.value, value)
	}
	return nil
}

// errKey: the key is none of an action.
var errKey = errors.New("unknown key")

// setAction takes one key of an action.
func setAction(a *rule.Action, key, text string) error {
	switch key {
	case "do":
		switch do := rule.Verb(text); do {
		case rule.On, rule.Off, rule.Other:
			a.Do = do
		case "nothing", "true", "false":
			// on and off without quotes are true and false to some YAML.
			a.Do = map[string]rule.Verb{"nothing": rule.Nothing, "true": rule.On, "false": rule.Off}[text]
		default:
			return bad("%q is nothing to do: want on or off", clip(text))
		}
		return nil
	case "transition":
		d, err := time.ParseDuration(text)
		if err != nil || d < 0 || d > rule.MaxTransition {
			return bad("%q is no transition: want such as 5s or 1m30s", clip(text))
		}
		if ms := int(d / time.Millisecond); ms > 0 {
			a.Transition = method.Some(ms)
		}
		return nil
	}
	for _, v := range values(a) {
		if v.key == key {
			n, err := strconv.Atoi(text)
			if err != nil {
				return bad("%q is no whole number", clip(text))
			}
			*v.at = method.Some(n)
			return nil
		}
	}
	return errKey
}

func boolean(text string) (bool, error) {
	switch text {
	case "true", "yes", "on":
		return true, nil
	case "false", "no", "off":
		return false, nil
	}
	return false, bad("%q is neither true nor false", clip(text))
}

func bad(format string, args ...any) error {
	return fmt.Errorf("%w: %s", wattle.ErrParam, fmt.Sprintf(format, args...))
}

// clip keeps foreign text in messages short.
func clip(text string) string {
	if r := []rune(text); len(r) > 40 {
		return string(r[:40]) + "…"
	}
	return text
}
