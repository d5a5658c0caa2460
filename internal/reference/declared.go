package reference

import (
	"cmp"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strconv"
	"strings"

	"wattle"
)

// A Declaration is one device method as package method/iot or method/smart
// declares it.
type Declaration struct {
	Family wattle.Family
	Module string // IOT only
	Name   string // as on the wire
	Go     string // "iot.Emeter.GetDayStat"
	Effect string // Read, Absolute or Once
	// Group is what the block of declarations is about: the first words of
	// its comment.
	Group string
	File  string // base name without .go, which is the subject
	Sends []Field
}

// Key is "emeter.get_daystat" or "get_device_info", as in a snapshot.
func (d *Declaration) Key() string {
	if d.Module == "" {
		return d.Name
	}
	return d.Module + "." + d.Name
}

// Declarations reads the declared methods from the source tree of the project,
// by family and in the order of the source, and the objects that they send.
func Declarations(tree fs.FS) (list []Declaration, objects []Object, err error) {
	for _, family := range []wattle.Family{wattle.IOT, wattle.SMART} {
		p, err := parse(tree, path.Join("method", string(family)))
		if err != nil {
			return nil, nil, err
		}
		p.family = family
		if err := p.declarations(); err != nil {
			return nil, nil, fmt.Errorf("method/%s: %w", family, err)
		}
		list = append(list, p.found...)
		for _, name := range slices.Sorted(maps.Keys(p.objects)) {
			objects = append(objects, *p.objects[name])
		}
	}
	return list, objects, nil
}

// source is a package of declarations, cut up.
type source struct {
	family wattle.Family
	set    *token.FileSet
	files  []*ast.File
	types  map[string]*ast.TypeSpec
	docs   map[string]*ast.CommentGroup // of types
	funcs  map[string]*ast.FuncDecl
	values map[string]ast.Expr // constants
	found  []Declaration
	// objects are the large types of parameters by name.
	objects map[string]*Object
}

func parse(tree fs.FS, dir string) (*source, error) {
	p := &source{
		set: token.NewFileSet(), types: map[string]*ast.TypeSpec{}, docs: map[string]*ast.CommentGroup{},
		funcs: map[string]*ast.FuncDecl{}, values: map[string]ast.Expr{}, objects: map[string]*Object{},
	}
	names, err := fs.Glob(tree, dir+"/*.go")
	if err != nil {
		return nil, err
	}
	slices.Sort(names)
	for _, name := range names {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		text, err := fs.ReadFile(tree, name)
		if err != nil {
			return nil, err
		}
		file, err := parser.ParseFile(p.set, path.Base(name), text, parser.ParseComments)
		if err != nil {
			return nil, err
		}
		p.files = append(p.files, file)
		p.index(file)
	}
	if len(p.files) == 0 {
		return nil, fmt.Errorf("%s: no Go files: run this in the source tree", dir)
	}
	return p, nil
}

// index notes the types, functions and constants of a file by name.
func (p *source) index(file *ast.File) {
	for _, d := range file.Decls {
		switch d := d.(type) {
		case *ast.FuncDecl:
			if d.Recv == nil {
				p.funcs[d.Name.Name] = d
			}
		case *ast.GenDecl:
			for _, s := range d.Specs {
				switch s := s.(type) {
				case *ast.TypeSpec:
					p.types[s.Name.Name] = s
					p.docs[s.Name.Name] = cmp.Or(s.Doc, d.Doc)
				case *ast.ValueSpec:
					for i, name := range s.Names {
						if d.Tok == token.CONST && i < len(s.Values) {
							p.values[name.Name] = s.Values[i]
						}
					}
				}
			}
		}
	}
}

// declarations finds the methods in the package's variables.
func (p *source) declarations() error {
	for _, file := range p.files {
		for _, d := range file.Decls {
			block, ok := d.(*ast.GenDecl)
			if !ok || block.Tok != token.VAR {
				continue
			}
			for _, s := range block.Specs {
				spec := s.(*ast.ValueSpec)
				for i, name := range spec.Names {
					if i >= len(spec.Values) || !name.IsExported() {
						continue
					}
					about := &declaring{source: p, group: heading(block.Doc), file: strings.TrimSuffix(p.set.File(file.Pos()).Name(), ".go")}
					if err := about.walk(spec.Values[i], path.Base(string(p.family))+"."+name.Name, nil); err != nil {
						return fmt.Errorf("%s: %w", name.Name, err)
					}
				}
			}
		}
	}
	return nil
}

// heading is the first sentence of a comment without the section that it
// cites.
func heading(doc *ast.CommentGroup) string {
	text := strings.Join(strings.Fields(doc.Text()), " ")
	text, _, _ = strings.Cut(text, ". ")
	if before, _, ok := strings.Cut(text, " (section"); ok {
		text = before
	}
	return strings.TrimSuffix(text, ".")
}

// scope is what the parameters of a function stand for.
type scope map[string]ast.Expr

// declaring goes through the value of one variable.
type declaring struct {
	*source
	group, file string
}

// walk finds the methods in an expression: one itself, a struct of them, or the
// call of a function that returns one of these.
func (d *declaring) walk(e ast.Expr, name string, in scope) error {
	switch e := e.(type) {
	case *ast.CompositeLit:
		if isMethod(e.Type) {
			return d.method(e, name, in)
		}
		for _, element := range e.Elts {
			if pair, ok := element.(*ast.KeyValueExpr); ok {
				key, ok := pair.Key.(*ast.Ident)
				if !ok {
					continue
				}
				if err := d.walk(pair.Value, name+"."+key.Name, in); err != nil {
					return err
				}
			}
		}
	case *ast.CallExpr:
		return d.call(e, name, in)
	}
	return nil
}

func isMethod(e ast.Expr) bool {
	index, ok := e.(*ast.IndexListExpr)
	if !ok {
		return false
	}
	selector, ok := index.X.(*ast.SelectorExpr)
	return ok && selector.Sel.Name == "Method"
}

// call goes on in what a function of the package returns.
func (d *declaring) call(e *ast.CallExpr, name string, in scope) error {
	fun, types := e.Fun, []ast.Expr(nil)
	switch f := fun.(type) {
	case *ast.IndexExpr:
		fun, types = f.X, []ast.Expr{f.Index}
	case *ast.IndexListExpr:
		fun, types = f.X, f.Indices
	}
	ident, ok := fun.(*ast.Ident)
	if !ok {
		return nil
	}
	decl := d.funcs[ident.Name]
	if decl == nil || len(decl.Body.List) != 1 {
		return nil
	}
	result, ok := decl.Body.List[0].(*ast.ReturnStmt)
	if !ok || len(result.Results) != 1 {
		return nil
	}
	inner := scope{}
	bind(inner, decl.Type.Params, e.Args, in)
	bind(inner, decl.Type.TypeParams, types, in)
	return d.walk(result.Results[0], name, inner)
}

// bind gives the names of a list of parameters their values.
func bind(inner scope, params *ast.FieldList, args []ast.Expr, outer scope) {
	if params == nil {
		return
	}
	i := 0
	for _, field := range params.List {
		for _, name := range field.Names {
			if i < len(args) {
				inner[name.Name] = outer.resolve(args[i])
			}
			i++
		}
	}
}

func (in scope) resolve(e ast.Expr) ast.Expr {
	if ident, ok := e.(*ast.Ident); ok {
		if value, ok := in[ident.Name]; ok {
			return value
		}
	}
	return e
}

// method notes one method.
func (d *declaring) method(e *ast.CompositeLit, name string, in scope) error {
	out := Declaration{Family: d.family, Go: name, Effect: "Read", Group: d.group, File: d.file}
	for _, element := range e.Elts {
		pair := element.(*ast.KeyValueExpr)
		var err error
		switch pair.Key.(*ast.Ident).Name {
		case "Module":
			out.Module, err = d.text(pair.Value, in)
		case "Name":
			out.Name, err = d.text(pair.Value, in)
		case "Effect":
			out.Effect = pair.Value.(*ast.SelectorExpr).Sel.Name
		}
		if err != nil {
			return err
		}
	}
	if strings.Contains(out.Name, ".") {
		return nil // a place in a snapshot, which is not asked for
	}
	out.Sends = d.params(e.Type.(*ast.IndexListExpr).Indices[0], in)
	d.found = append(d.found, out)
	return nil
}

// text is the value of an expression of strings.
func (p *source) text(e ast.Expr, in scope) (string, error) {
	switch e := in.resolve(e).(type) {
	case *ast.BasicLit:
		return strconv.Unquote(e.Value)
	case *ast.Ident:
		if value, ok := p.values[e.Name]; ok {
			return p.text(value, nil)
		}
	case *ast.BinaryExpr:
		left, err := p.text(e.X, in)
		if err != nil {
			return "", err
		}
		right, err := p.text(e.Y, in)
		return left + right, err
	}
	return "", fmt.Errorf("%s: the name of a module or method is not constant", p.set.Position(e.Pos()))
}
