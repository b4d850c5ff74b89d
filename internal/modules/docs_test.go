package modules_test

import (
	"errors"
	"fmt"
	"go/ast"
	"go/build"
	"go/doc"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestEveryNameIsDocumented holds for each package that somebody can import,
// and for those under internal: every constant, variable, function, type and
// method that is exported has a comment, functions and types one that begins
// with the name. Fields that a user sets (of Options, Config, Policy and the
// like) say what they mean, alone or with the fields in the lines above them;
// fields of what is returned may be plain enough to go without.
func TestEveryNameIsDocumented(t *testing.T) {
	var bare []string
	for _, p := range packages(t) {
		say := func(name string) { bare = append(bare, p.ImportPath+"."+name) }
		if p.Doc == "" {
			say("(package)")
		}
		bareValues(p.Consts, say)
		bareValues(p.Vars, say)
		bareFuncs(p.Funcs, say)
		for _, typ := range p.Types {
			if !begins(typ.Doc, typ.Name) {
				say(typ.Name)
			}
			bareValues(typ.Consts, say)
			bareValues(typ.Vars, say)
			bareFuncs(typ.Funcs, say)
			bareFuncs(typ.Methods, say)
			if !internal(p) {
				bareFields(p, typ, say)
			}
		}
	}
	assert.Empty(t, bare, "exported and without a comment that begins with the name")
}

// TestEveryConstructorHasAnExample holds for each package that somebody can
// import. A constructor is a function that go doc lists below a type, because it
// returns one, or whose name begins like that of one. Its Example states an
// output, so that it is run. It may stand in a package below, where the server
// is that it needs. What takes a *testing.T has none: an Example has none to give.
func TestEveryConstructorHasAnExample(t *testing.T) {
	var bare []string
	all := packages(t)
	for _, p := range all {
		if internal(p) {
			continue
		}
		constructors := slices.DeleteFunc(slices.Clone(p.Funcs), func(f *doc.Func) bool { return !opens(f.Name) })
		for _, typ := range p.Types {
			constructors = append(constructors, typ.Funcs...)
		}
		for _, f := range constructors {
			if !slices.ContainsFunc(f.Examples, runs) && !wantsTest(f) && !calledBelow(all, p, f.Name) {
				bare = append(bare, p.ImportPath+"."+f.Name)
			}
		}
	}
	assert.Empty(t, bare, "constructors without an Example that has an output")
}

func opens(name string) bool {
	return slices.ContainsFunc([]string{"New", "Open", "Parse", "Dial", "Load", "Must"},
		func(verb string) bool { return strings.HasPrefix(name, verb) })
}

func internal(p pkg) bool { return strings.Contains(p.ImportPath+"/", "/internal/") }

func runs(e *doc.Example) bool { return e.Output != "" || e.EmptyOutput }

func wantsTest(f *doc.Func) bool {
	for _, p := range f.Decl.Type.Params.List {
		var from ast.Expr = p.Type
		if star, ok := from.(*ast.StarExpr); ok {
			from = star.X
		}
		if sel, ok := from.(*ast.SelectorExpr); ok && fmt.Sprint(sel.X) == "testing" {
			return true
		}
	}
	return false
}

// calledBelow reports whether an Example in a package below p calls its function.
func calledBelow(all []pkg, p pkg, name string) bool {
	for _, below := range all {
		if !strings.HasPrefix(below.ImportPath, p.ImportPath+"/") {
			continue
		}
		for _, e := range below.all {
			called := false
			ast.Inspect(e.Code, func(n ast.Node) bool {
				sel, ok := n.(*ast.SelectorExpr)
				called = called || ok && fmt.Sprint(sel.X) == p.Name && sel.Sel.Name == name
				return !called
			})
			if called && runs(e) {
				return true
			}
		}
	}
	return false
}

func bareFuncs(funcs []*doc.Func, say func(string)) {
	for _, f := range funcs {
		if begins(f.Doc, f.Name) {
			continue
		}
		if f.Recv != "" {
			say(strings.TrimPrefix(f.Recv, "*") + "." + f.Name)
		} else {
			say(f.Name)
		}
	}
}

// bareValues is content with a comment on a group that says what all of it is.
func bareValues(values []*doc.Value, say func(string)) {
	for _, v := range values {
		for _, spec := range v.Decl.Specs {
			s := spec.(*ast.ValueSpec)
			exported := slices.ContainsFunc(s.Names, (*ast.Ident).IsExported)
			if exported && v.Doc == "" && s.Doc.Text() == "" && s.Comment.Text() == "" {
				say(s.Names[0].Name)
			}
		}
	}
}

func bareFields(p pkg, typ *doc.Type, say func(string)) {
	set := slices.ContainsFunc([]string{"Options", "Config", "Policy", "Rate", "Scheme"},
		func(kind string) bool { return strings.HasSuffix(typ.Name, kind) })
	s, ok := typ.Decl.Specs[0].(*ast.TypeSpec).Type.(*ast.StructType)
	if !set || !ok {
		return
	}
	documented, end := false, 0
	for _, f := range s.Fields.List {
		if p.line(f.Pos()) != end+1 {
			documented = false // the comment of the fields above does not reach this far
		}
		documented = documented || f.Doc.Text() != ""
		for _, name := range f.Names {
			if name.IsExported() && !documented && f.Comment.Text() == "" {
				say(typ.Name + "." + name.Name)
			}
		}
		end = p.line(f.End())
	}
}

// begins reports whether text is a comment on name; an article may come first.
func begins(text, name string) bool {
	for _, article := range []string{"A ", "An ", "The "} {
		text = strings.TrimPrefix(text, article)
	}
	rest, ok := strings.CutPrefix(text, name)
	return ok && rest != "" && !token.IsIdentifier(rest[:1])
}

// pkg is the documentation of a package, as go doc shows it.
type pkg struct {
	*doc.Package
	fset *token.FileSet
	all  []*doc.Example // of its functions and types too
}

func (p pkg) line(at token.Pos) int { return p.fset.Position(at).Line }

// packages returns those of all modules that another package can import.
func packages(t *testing.T) []pkg {
	t.Helper()
	var all []pkg
	err := filepath.WalkDir(top(t), func(dir string, d fs.DirEntry, err error) error {
		if err != nil || !d.IsDir() {
			return err
		}
		if d.Name() == "testdata" || strings.HasPrefix(d.Name(), ".") {
			return filepath.SkipDir
		}
		found, err := build.ImportDir(dir, 0)
		var nothing *build.NoGoError
		if errors.As(err, &nothing) || err == nil && (found.IsCommand() || len(found.GoFiles) == 0) {
			return nil
		}
		if err != nil {
			return err
		}
		p := pkg{fset: token.NewFileSet()}
		var files []*ast.File
		for _, name := range slices.Concat(found.GoFiles, found.TestGoFiles, found.XTestGoFiles) {
			f, err := parser.ParseFile(p.fset, filepath.Join(dir, name), nil, parser.ParseComments)
			if err != nil {
				return err
			}
			files = append(files, f)
		}
		rel, err := filepath.Rel(top(t), dir)
		if err != nil {
			return err
		}
		p.Package, err = doc.NewFromFiles(p.fset, files, root+"/"+filepath.ToSlash(rel))
		p.all = doc.Examples(files...)
		all = append(all, p)
		return err
	})
	require.NoError(t, err)
	require.Contains(t, names(all), root+"/callback/dispatch/dispatchnats", "the packages of nested modules too")
	return all
}

func names(all []pkg) []string {
	var names []string
	for _, p := range all {
		names = append(names, p.ImportPath)
	}
	return names
}
