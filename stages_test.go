package probity

import (
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// stages is the order in which packages may know of each other: each imports
// only those before it.
var stages = []string{
	"probity",
	"probity/catalog",
	"probity/internal/sigma",
	"probity/internal/simulate",
	"probity/internal/durable",
	"probity/internal/seal",
	"probity/internal/ledger",
	"probity/internal/stamptest",
	"probity/internal/attest",
	"probity/internal/keyfile",
	"probity/internal/custody",
	"probity/internal/casefile",
	"probity/internal/collect",
	"probity/internal/evidence",
	"probity/internal/table",
	"probity/internal/source",
	"probity/internal/query",
	"probity/internal/measure",
	"probity/internal/coverage",
	"probity/internal/reconcile",
	"probity/internal/indicator",
	"probity/internal/assess",
	"probity/internal/plan",
	"probity/internal/chart",
	"probity/internal/page",
	"probity/internal/oscal",
	"probity/internal/compare",
	"probity/internal/report",
	"probity/internal/review",
	"probity/internal/calibrate",
	"probity/internal/export",
	"probity/internal/verify",
	"probity/internal/bundle",
	"probity/bench",
	"probity/docs/terminal",
	"probity/cmd/probity-verify",
	"probity/cmd/probity",
}

// Data flows one way: no package imports one that comes after it, and each has
// its place in the list.
func TestStages(t *testing.T) {
	order := map[string]int{}
	for i, s := range stages {
		order[s] = i
	}
	seen := map[string]bool{}
	err := filepath.WalkDir(".", func(p string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && p != "." && (strings.HasPrefix(d.Name(), ".") || d.Name() == "testdata" || d.Name() == "interop" || d.Name() == "out") {
			return filepath.SkipDir
		}
		if !strings.HasSuffix(p, ".go") {
			return nil
		}
		pkg := path.Join("probity", filepath.ToSlash(filepath.Dir(p)))
		at, ok := order[pkg]
		if !ok {
			t.Errorf("%s: package %s has no place in the list of stages", p, pkg)
			return nil
		}
		seen[pkg] = true
		f, err := parser.ParseFile(token.NewFileSet(), p, nil, parser.ImportsOnly)
		if err != nil {
			return err
		}
		for _, i := range f.Imports {
			name, _ := strconv.Unquote(i.Path.Value)
			if name != "probity" && !strings.HasPrefix(name, "probity/") {
				if pkg == "probity" && strings.Contains(name, ".") && !strings.HasSuffix(p, "_test.go") {
					t.Errorf("%s imports %s: the vocabulary uses the standard library alone", p, name)
				}
				continue
			}
			if to, ok := order[name]; (!ok || to >= at) && !(strings.HasSuffix(p, "_test.go") && name == pkg) {
				t.Errorf("%s imports %s, which does not come before it", p, name)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range stages {
		if !seen[s] {
			t.Errorf("package %s is in the list of stages and not in the tree", s)
		}
	}
}

// The page that shows the program stays one page.
func TestRunIsOnePage(t *testing.T) {
	text, err := os.ReadFile("internal/review/run.go")
	if err != nil {
		t.Fatal(err)
	}
	_, body, ok := strings.Cut(string(text), "\nfunc Run(")
	if !ok {
		t.Fatal("internal/review/run.go has no func Run")
	}
	body, _, _ = strings.Cut(body, "\n}\n")
	if n := strings.Count(body, "\n") + 2; n > 80 {
		t.Errorf("Run has %d lines, at most 80 make a page", n)
	}
}
