package reference

import (
	"go/ast"
	"reflect"
	"regexp"
	"strconv"
	"strings"
)

// A Field is one member of what a method sends.
type Field struct {
	Path   string // "on_state.duration", "rule_list[].id"; "" for the parameters as a whole
	Type   string // true or false, number, text, list, object, anything
	Object string // the name of an [Object] that the field is, or is a list of
	Note   string // unit and range, from the comment beside the field
}

// An Object is a larger type of parameters, which stands on its own.
type Object struct {
	Name   string // "smart.ScheduleRule"
	Doc    string
	Fields []Field
}

// large is from how many members on an object stands on its own.
const large = 7

// params lists the members of a type of parameters, or names the object.
func (p *source) params(e ast.Expr, in scope) []Field {
	if name := p.large(e, in); name != "" {
		return []Field{{Object: name}}
	}
	if s, ok := in.resolve(e).(*ast.SelectorExpr); ok && s.Sel.Name == "RawMessage" {
		return []Field{{Type: "an object"}}
	}
	return p.fields(e, in, "")
}

// large is the name under which a type is listed as an object, "" for a small
// one.
func (p *source) large(e ast.Expr, in scope) string {
	switch t := in.resolve(e).(type) {
	case *ast.StarExpr:
		return p.large(t.X, in)
	case *ast.Ident:
		spec := p.types[t.Name]
		if spec == nil {
			return ""
		}
		name := string(p.family) + "." + t.Name
		if p.objects[name] != nil {
			return name
		}
		fields := p.fields(spec.Type, in, "")
		if len(fields) < large {
			return ""
		}
		p.objects[name] = &Object{Name: name, Doc: brackets(strings.TrimSpace(p.docs[t.Name].Text())), Fields: fields}
		return name
	}
	return ""
}

// fields lists the members of a struct, those of small structs in it included.
func (p *source) fields(e ast.Expr, in scope, prefix string) []Field {
	switch t := in.resolve(e).(type) {
	case *ast.StarExpr:
		return p.fields(t.X, in, prefix)
	case *ast.IndexExpr: // a generic type of the package
		if name, ok := t.X.(*ast.Ident); ok && p.types[name.Name] != nil {
			spec, inner := p.types[name.Name], scope{}
			bind(inner, spec.TypeParams, []ast.Expr{t.Index}, in)
			return p.fields(spec.Type, inner, prefix)
		}
	case *ast.Ident:
		if spec := p.types[t.Name]; spec != nil {
			return p.fields(spec.Type, in, prefix)
		}
	case *ast.StructType:
		var out []Field
		for _, field := range t.Fields.List {
			out = append(out, p.field(field, in, prefix)...)
		}
		return out
	}
	return nil
}

func (p *source) field(f *ast.Field, in scope, prefix string) []Field {
	if len(f.Names) == 0 {
		return p.fields(f.Type, in, prefix)
	}
	name := strings.ToLower(f.Names[0].Name)
	if f.Tag != nil {
		tag, _ := strconv.Unquote(f.Tag.Value)
		if name, _, _ = strings.Cut(reflect.StructTag(tag).Get("json"), ","); name == "-" {
			return nil
		}
	}
	if !f.Names[0].IsExported() {
		return nil
	}
	element, kind := p.kind(f.Type, in)
	out := Field{Path: prefix + name, Type: kind, Note: note(f)}
	if element == nil {
		return []Field{out}
	}
	if out.Object = p.large(element, in); out.Object != "" {
		return []Field{out}
	}
	path := out.Path
	if kind == "list" {
		path += "[]"
	}
	if inner := p.fields(element, in, path+"."); len(inner) > 0 {
		return inner
	}
	return []Field{out}
}

// kind is the type of a member in words, and the type of what is in it.
func (p *source) kind(e ast.Expr, in scope) (element ast.Expr, kind string) {
	switch t := in.resolve(e).(type) {
	case *ast.StarExpr:
		return p.kind(t.X, in)
	case *ast.ArrayType:
		return t.Elt, "list"
	case *ast.MapType:
		return nil, "object"
	case *ast.StructType:
		return t, "object"
	case *ast.IndexExpr: // method.Opt[T]
		if s, ok := t.X.(*ast.SelectorExpr); ok && s.Sel.Name == "Opt" {
			return p.kind(t.Index, in)
		}
		return t, "object"
	case *ast.SelectorExpr:
		switch t.Sel.Name {
		case "RawMessage":
			return nil, "anything"
		case "Credentials":
			return nil, "username and password"
		}
		return nil, "text"
	case *ast.Ident:
		switch t.Name {
		case "bool":
			return nil, "true or false"
		case "Bit":
			return nil, "0 or 1"
		case "string":
			return nil, "text"
		case "int", "int64", "float64":
			return nil, "number"
		}
		if spec := p.types[t.Name]; spec != nil {
			if element, kind := p.kind(spec.Type, in); kind == "list" || kind == "number" || kind == "text" {
				return element, kind
			}
		}
		return t, "object"
	}
	return nil, "anything"
}

// note is the comment beside a field, or above it.
func note(f *ast.Field) string {
	doc := f.Comment
	if doc == nil {
		doc = f.Doc
	}
	return brackets(strings.TrimSuffix(strings.Join(strings.Fields(doc.Text()), " "), "."))
}

// brackets takes the marks of links out of a doc comment.
func brackets(text string) string {
	return regexp.MustCompile(`\[([A-Z]\w+(?:\.\w+)*)\]`).ReplaceAllString(text, "$1")
}
