package structure

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// impure are imports that pure packages do without. A name that ends in a
// slash stands for everything below it.
var impure = []string{
	"net", "net/http", "net/http/", "os", "os/", "log", "log/slog", "crypto/rand", "math/rand", "math/rand/v2",
	"database/", "syscall", "golang.org/x/sys/",
}

// randomRSA are the codecs that encrypt with RSA, whose random source Go no
// longer lets one choose.
var randomRSA = []string{"internal/wire/aes", "internal/wire/discovery"}

func pure(name string) bool {
	return name == "" || within(name, "internal/wire") || within(name, "method") || slices.Contains([]string{"energy", "rule", "feature", "floor", "history", "catalog"}, name)
}

// credentialsLog: the root package marshals secrets for log/slog, and prints
// addresses as net does; both without any I/O.
var credentialsLog = map[string][]string{"": {"log/slog", "net"}}

func TestPurePackagesDoNoIO(t *testing.T) {
	checked := 0
	for _, p := range packages(t) {
		if !pure(p.room()) {
			continue
		}
		checked++
		for _, path := range p.Imports {
			banned := slices.ContainsFunc(impure, func(entry string) bool {
				return path == entry || strings.HasSuffix(entry, "/") && strings.HasPrefix(path, entry)
			})
			if path == "crypto/rand" && slices.Contains(randomRSA, p.room()) || slices.Contains(credentialsLog[p.room()], path) {
				continue
			}
			if banned {
				t.Errorf("%s imports %s; it is to do no I/O and know no clock, logger or random source", p.ImportPath, path)
			}
		}
	}
	t.Logf("%d pure packages", checked)
}

// TestPurePackagesKnowNoClock looks for time.Now and its like.
func TestPurePackagesKnowNoClock(t *testing.T) {
	clock := []string{"Now", "Since", "Until", "Sleep", "After", "AfterFunc", "Tick", "NewTimer", "NewTicker"}
	for _, p := range packages(t) {
		if !pure(p.room()) {
			continue
		}
		for _, name := range p.GoFiles {
			set := token.NewFileSet()
			tree, err := parser.ParseFile(set, filepath.Join(p.Dir, name), nil, 0)
			if err != nil {
				t.Fatal(err)
			}
			ast.Inspect(tree, func(n ast.Node) bool {
				sel, ok := n.(*ast.SelectorExpr)
				if !ok {
					return true
				}
				if x, ok := sel.X.(*ast.Ident); ok && x.Name == "time" && slices.Contains(clock, sel.Sel.Name) {
					t.Errorf("%s: time.%s in a package that knows no clock", set.Position(n.Pos()), sel.Sel.Name)
				}
				return true
			})
		}
	}
}

// TestLibraryNeedsLittle: whoever imports the library gets the standard library
// and what is named here, nothing else.
func TestLibraryNeedsLittle(t *testing.T) {
	allowed := []string{
		"golang.org/x/",
		"filippo.io/nistec",
		"github.com/pierrec/lz4/v4", // the maps of vacuums; it needs nothing else
	}
	for _, p := range packages(t) {
		if within(p.room(), "internal/cli") || within(p.room(), "cmd") || within(p.room(), "internal/surface") || within(p.room(), "internal/known") || within(p.room(), "internal/keystore") || p.room() == "internal/rulefile" || p.room() == "history/store" || p.room() == "automation" {
			continue
		}
		for _, path := range p.Imports {
			first, _, _ := strings.Cut(path, "/")
			if ours(path) || !strings.Contains(first, ".") {
				continue
			}
			if !slices.ContainsFunc(allowed, func(prefix string) bool { return strings.HasPrefix(path, prefix) }) {
				t.Errorf("%s imports %s; the library does without", p.ImportPath, path)
			}
		}
	}
}
