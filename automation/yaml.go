package automation

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"

	"wattle"
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

// FileError is what is wrong with a file. It is of the class [wattle.ErrParam].
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

// placedError is an error about a node of a file.
type placedError struct {
	node ast.Node
	error
}

func (e *placedError) Unwrap() error { return e.error }

// kindOf says for people what a field takes.
func kindOf(t reflect.Type) string {
	switch t.Kind() {
	case reflect.String:
		return "a text"
	case reflect.Bool:
		return "true or false"
	case reflect.Slice:
		return "a list"
	case reflect.Struct, reflect.Map:
		return "keys and values"
	}
	return "a number"
}

// located gives an error of the library its place.
func located(name string, err error) error {
	if p, ok := errors.AsType[*placedError](err); ok {
		return at(name, p.node, p.error)
	}
	if wrong, ok := errors.AsType[*yaml.TypeError](err); ok && wrong.DstType != nil {
		return atToken(name, wrong.Token, bad("want %s here", kindOf(wrong.DstType)))
	}
	if wrong, ok := errors.AsType[*yaml.UnexpectedNodeTypeError](err); ok {
		return atToken(name, wrong.Token, bad("want %s here", strings.ToLower(wrong.Expected.String())))
	}
	if y, ok := errors.AsType[yaml.Error](err); ok && y.GetToken() != nil {
		return atToken(name, y.GetToken(), bad("%s", clip(y.GetMessage())))
	}
	if errors.Is(err, wattle.ErrParam) {
		return &FileError{name, 0, 0, err}
	}
	return &FileError{name, 0, 0, bad("%s", clip(strings.Join(strings.Fields(err.Error()), " ")))}
}

func at(name string, node ast.Node, err error) error {
	if node == nil {
		return &FileError{name, 0, 0, err}
	}
	return atToken(name, node.GetToken(), err)
}

func atToken(name string, t *token.Token, err error) error {
	if t == nil || t.Position == nil {
		return &FileError{name, 0, 0, err}
	}
	return &FileError{name, t.Position.Line, t.Position.Column, err}
}

// found gives what is wrong with an item its place in the file: that of the field,
// or of the nearest one around it that is written there.
func found(name string, file *ast.File, prefix string, err error) error {
	path := prefix
	if wrong, ok := errors.AsType[*FieldError](err); ok {
		if wrong.Path != "" {
			path += "." + wrong.Path
		}
		err = wrong.Err
	}
	for ; path != ""; path = path[:max(strings.LastIndexAny(path, ".["), 0)] {
		p, bad := yaml.PathString("$." + path)
		if bad != nil {
			continue
		}
		node, bad := safely(func() (ast.Node, error) { return p.FilterFile(file) })
		if bad == nil && node != nil {
			return at(name, node, fmt.Errorf("%s: %w", path, err))
		}
	}
	return &FileError{name, 0, 0, err}
}

// YAML writes a document for people.
func (d *Document) YAML() ([]byte, error) {
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

// Import takes in a file. All of it is checked before anything is stored; errors
// are a [*FileError], or those of storing.
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
	if err := e.groups.putAll(ctx, d.Groups, o.Replace); err != nil {
		return Imported{}, err
	}
	if err := e.scenes.putAll(ctx, d.Scenes, o.Replace); err != nil {
		return Imported{}, err
	}
	return out, e.rules.putAll(ctx, d.Rules, o.Replace)
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
