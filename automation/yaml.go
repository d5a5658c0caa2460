package automation

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
	"sync"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"

	"wattle/hub"
)

// Limits of files.
const (
	maxFile  = 4 << 20
	maxDepth = 20
)

// Document is all that an engine holds, as one file.
type Document struct {
	Groups []Group `json:"groups,omitempty" yaml:"groups,omitempty"`
	Scenes []Scene `json:"scenes,omitempty" yaml:"scenes,omitempty"`
	Rules  []Rule  `json:"rules,omitempty" yaml:"rules,omitempty"`
}

// Read reads a file as [Document.YAML] writes it. It is strict: an unknown key, a
// value of a wrong kind or a key that occurs twice is a [*FileError] that names the
// line. Whether devices and features exist shows [Engine.Import]. name is of the
// file, for the messages.
func Read(name string, text []byte) (*Document, error) {
	d, _, err := read(name, text)
	return d, err
}

func read(name string, text []byte) (*Document, *ast.File, error) {
	if len(text) > maxFile {
		return nil, nil, &FileError{name, 0, 0, bad("the file is larger than %d bytes", maxFile)}
	}
	if err := shallow(text); err != nil {
		return nil, nil, &FileError{name, 0, 0, err}
	}
	file, err := safely(func() (*ast.File, error) { return parser.ParseBytes(text, 0) })
	if err != nil {
		return nil, nil, located(name, err)
	}
	if len(file.Docs) > 1 {
		return nil, nil, at(name, file.Docs[1].Body, bad("a file has one document"))
	}
	var plain plainly
	for _, doc := range file.Docs {
		if doc != nil && doc.Body != nil {
			ast.Walk(&plain, doc.Body)
		}
	}
	if plain.bad != nil {
		return nil, nil, at(name, plain.bad, bad("want plain values: no anchors, aliases or tags"))
	}
	d, err := safely(func() (*Document, error) {
		var d Document
		err := yaml.NewDecoder(bytes.NewReader(text), yaml.Strict()).Decode(&d)
		return &d, err
	})
	if err != nil {
		return nil, nil, located(name, err)
	}
	if len(d.Groups)+len(d.Scenes)+len(d.Rules) == 0 {
		return nil, nil, &FileError{name, 0, 0, bad("the file is empty: want groups, scenes or rules")}
	}
	return d, file, nil
}

// plainly finds what files of rules need not have.
type plainly struct{ bad ast.Node }

// Visit is called for each node.
func (p *plainly) Visit(n ast.Node) ast.Visitor {
	switch n.(type) {
	case *ast.AnchorNode, *ast.AliasNode, *ast.TagNode, *ast.MergeKeyNode, *ast.DirectiveNode:
		if p.bad == nil {
			p.bad = n
		}
	}
	return p
}

// shallow refuses nesting that a parser would follow down to the end of its stack.
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

// UnmarshalYAML reads a time span, and gives an error its place.
func (d *Duration) UnmarshalYAML(node ast.Node) error {
	text := node.GetToken().Value
	switch node.(type) {
	case *ast.StringNode, *ast.IntegerNode, *ast.FloatNode:
	default:
		text = node.String()
	}
	if err := d.UnmarshalText([]byte(text)); err != nil {
		return &placedError{node, err}
	}
	return nil
}

// whole makes integers of whole numbers, as people write them: JSON knows one kind.
func whole(value any) any {
	if n, ok := value.(float64); ok && n == math.Trunc(n) && math.Abs(n) < 1e15 {
		return int64(n)
	}
	return value
}

func wholes(set map[string]any) map[string]any {
	out := map[string]any{}
	for id, value := range set {
		out[id] = whole(value)
	}
	return out
}

// YAML writes a document for people.
func (d *Document) YAML() ([]byte, error) {
	d = &Document{slices.Clone(d.Groups), slices.Clone(d.Scenes), slices.Clone(d.Rules)}
	for i := range d.Scenes {
		s := &d.Scenes[i]
		s.Parts = slices.Clone(s.Parts)
		for j := range s.Parts {
			s.Parts[j].Set = wholes(s.Parts[j].Set)
		}
	}
	for i := range d.Rules {
		r := &d.Rules[i]
		r.On, r.Do = slices.Clone(r.On), slices.Clone(r.Do)
		for j := range r.On {
			r.On[j].Becomes = whole(r.On[j].Becomes)
		}
		for j := range r.Do {
			if r.Do[j].Set != nil {
				r.Do[j].Set = wholes(r.Do[j].Set)
			}
		}
	}
	var out bytes.Buffer
	err := yaml.NewEncoder(&out, yaml.IndentSequence(true), yaml.UseLiteralStyleIfMultiline(true)).Encode(d)
	return out.Bytes(), err
}

// Export gives all that is stored, with devices by name where that is clear.
func (e *Engine) Export() *Document {
	d := &Document{Groups: e.groups.List(), Scenes: e.scenes.List(), Rules: e.rules.List()}
	for i := range d.Groups {
		d.Groups[i].Rev = 0
		e.named(d.Groups[i].Devices)
	}
	for i := range d.Scenes {
		d.Scenes[i].Rev = 0
		for j := range d.Scenes[i].Parts {
			word := []string{d.Scenes[i].Parts[j].Device}
			e.named(word)
			d.Scenes[i].Parts[j].Device = word[0]
		}
	}
	for i := range d.Rules {
		d.Rules[i].Rev = 0
		for j := range d.Rules[i].On {
			e.named(d.Rules[i].On[j].Devices)
		}
		for j := range d.Rules[i].Do {
			e.named(d.Rules[i].Do[j].Devices)
		}
	}
	return d
}

// named puts names in place of slugs.
func (e *Engine) named(words []string) {
	for i, slug := range words {
		if _, room := hub.CutRoom(slug); room {
			continue
		}
		v, err := e.hub.Find(slug)
		if err != nil || strings.HasPrefix(slug, "@") {
			continue
		}
		if again, err := e.hub.Find(v.Name); err == nil && again.ID == v.ID && !strings.HasPrefix(v.Name, "@") && hub.Slug(v.ID) != v.Name {
			words[i] = v.Name
		}
	}
}

// ImportOptions say how a file is taken in.
type ImportOptions struct {
	// Replace removes what is not in the file.
	Replace bool
	// Try checks only.
	Try bool
}

// Imported says what a file has brought.
type Imported struct {
	Groups int `json:"groups"`
	Scenes int `json:"scenes"`
	Rules  int `json:"rules"`
}

// Import takes in a file, all of it or nothing. All of it is checked before anything
// is stored; errors are a [*FileError], or those of storing.
func (e *Engine) Import(ctx context.Context, name string, text []byte, o *ImportOptions) (Imported, error) {
	if o == nil {
		o = &ImportOptions{}
	}
	d, file, err := read(name, text)
	if err != nil {
		return Imported{}, err
	}
	w := e.world()
	w.groups, w.scenes = staged(w.groups, d.Groups, o.Replace), staged(w.scenes, d.Scenes, o.Replace)
	if err := checkAll(name, file, "groups", d.Groups, w.group); err != nil {
		return Imported{}, err
	}
	if err := checkAll(name, file, "scenes", d.Scenes, w.scene); err != nil {
		return Imported{}, err
	}
	if err := checkAll(name, file, "rules", d.Rules, w.rule); err != nil {
		return Imported{}, err
	}
	out := Imported{len(d.Groups), len(d.Scenes), len(d.Rules)}
	if o.Try {
		return out, nil
	}
	return out, e.store(ctx, d, o.Replace)
}

// store stores a document that was checked: all of it or, where it cannot be kept,
// nothing.
func (e *Engine) store(ctx context.Context, d *Document, replace bool) error {
	for _, writing := range []*sync.Mutex{&e.groups.writing, &e.scenes.writing, &e.rules.writing} {
		writing.Lock()
		defer writing.Unlock()
	}
	var changes [3]change
	var errs [3]error
	changes[0], errs[0] = e.groups.adding(d.Groups, replace)
	changes[1], errs[1] = e.scenes.adding(d.Scenes, replace)
	changes[2], errs[2] = e.rules.adding(d.Rules, replace)
	if err := errors.Join(errs[:]...); err != nil {
		return err
	}
	for i, c := range changes {
		if err := c.do(ctx); err != nil {
			for _, done := range slices.Backward(changes[:i]) {
				err = errors.Join(err, done.undo(context.WithoutCancel(ctx)))
			}
			return err
		}
	}
	return nil
}

// staged are the items as they will be.
func staged[T any](present map[string]*T, added []T, replace bool) map[string]*T {
	out := map[string]*T{}
	if !replace {
		maps.Copy(out, present)
	}
	for i := range added {
		out[fold(as(&added[i]).name())] = &added[i]
	}
	return out
}

// checkAll checks the items of a list, in the form in which they are stored.
func checkAll[T any](name string, file *ast.File, what string, list []T, check func(*T) error) error {
	seen := map[string]bool{}
	for i := range list {
		prefix := fmt.Sprintf("%s[%d]", what, i)
		stored, err := through(&list[i])
		if err == nil {
			err = check(&stored)
		}
		if key := fold(as(&list[i]).name()); err == nil && seen[key] {
			err = wrong("name", "%q occurs twice", as(&list[i]).name())
		} else {
			seen[key] = true
		}
		if err != nil {
			return found(name, file, prefix, err)
		}
		list[i] = stored
	}
	return nil
}
