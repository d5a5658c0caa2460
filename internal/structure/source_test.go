package structure

import (
	"go/ast"
	"go/parser"
	"go/token"
	"regexp"
	"strings"
	"testing"
)

// longFiles may have more than 400 lines, tests more than 600, each for the
// reason given.
var longFiles = map[string]string{
	"session/smart.go": "batches, pages and children of SMART are one conversation",
}

func TestFilesAreShort(t *testing.T) {
	for _, f := range files(t, "*.go") {
		lines := strings.Count(f.text, "\n")
		reason, listed := longFiles[f.path]
		limit := 400
		if strings.HasSuffix(f.path, "_test.go") {
			limit = 600
		}
		switch {
		case lines > limit && !listed:
			t.Errorf("%s has %d lines: split it by subject, or list it in longFiles with a reason", f.path, lines)
		case lines <= limit && listed:
			t.Errorf("%s has %d lines by now: take it off longFiles (%s)", f.path, lines, reason)
		}
	}
}

func TestPackagesHaveComments(t *testing.T) {
	for _, p := range packages(t) {
		want := "Package "
		if p.Name == "main" {
			want = "Command "
		}
		if !strings.HasPrefix(p.Doc, want) {
			t.Errorf("%s has no package comment that starts with %q", p.ImportPath, want)
		}
	}
}

func TestNoPackageIsCalledHelper(t *testing.T) {
	vague := regexp.MustCompile(`(^|/)(common|utils?|helpers?|misc|base|types|models?|managers?)$`)
	for _, p := range packages(t) {
		if vague.MatchString(p.ImportPath) {
			t.Errorf("%s: a name says what a package is about", p.ImportPath)
		}
	}
}

// plainSecrets are files that may hold a password as text, each for the reason
// given: it lives from building a message to sealing it.
var plainSecrets = map[string]string{
	"internal/hubapi/access.go":    "a new token, told once to who asked for it",
	"internal/cli/sim.go":          "the invented account of simulated devices",
	"internal/keystore/payload.go": "the content of the store, sealed where it is built",
	"internal/wire/aes/login.go":   "the login of AES, encrypted where it is built",
	"internal/wire/token/token.go": "the login of older vacuums, for TLS alone to hide",
}

// TestSecretsHaveTheirType looks for passwords in structs that are plain text,
// and could so be logged or printed.
func TestSecretsHaveTheirType(t *testing.T) {
	secret := regexp.MustCompile(`(?i)^(password|passphrase|secret|passwd)$`)
	for _, f := range files(t, "*.go") {
		if strings.HasSuffix(f.path, "_test.go") {
			continue
		}
		set := token.NewFileSet()
		tree, err := parser.ParseFile(set, f.path, f.text, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(tree, func(n ast.Node) bool {
			s, ok := n.(*ast.StructType)
			if !ok {
				return true
			}
			for _, field := range s.Fields.List {
				kind, plain := field.Type.(*ast.Ident)
				for _, name := range field.Names {
					if plain && kind.Name == "string" && secret.MatchString(name.Name) && plainSecrets[f.path] == "" {
						t.Errorf("%s: %s is a string; use wattle.Secret", set.Position(field.Pos()), name.Name)
					}
				}
			}
			return true
		})
	}
}
