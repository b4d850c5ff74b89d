package modules_test

import (
	"bytes"
	"encoding/json"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const root = "github.com/alertwire/alertwire"

// module is what this test reads of `go mod edit -json` and `go list -m -json`.
type module struct {
	Path    string
	Dir     string
	Module  struct{ Path string }
	Go      string
	Require []struct {
		Path     string
		Indirect bool
	}
	Replace []struct {
		Old, New struct{ Path string }
	}
}

// TestEveryModuleIsInTheWorkspace compares the go.mod files of the tree with
// go.work: `go test work` passes over a module that is not there without a word.
func TestEveryModuleIsInTheWorkspace(t *testing.T) {
	var inWork []string
	dec := json.NewDecoder(bytes.NewReader(run(t, top(t), "go", "list", "-m", "-json")))
	for {
		var m module
		err := dec.Decode(&m)
		if err == io.EOF {
			break
		}
		require.NoError(t, err)
		inWork = append(inWork, m.Dir)
	}
	assert.ElementsMatch(t, inTree(t), inWork)
}

// TestRootRequiresTwoModules keeps the promise of the README.
func TestRootRequiresTwoModules(t *testing.T) {
	var direct []string
	for _, r := range goMod(t, top(t)).Require {
		if !r.Indirect {
			direct = append(direct, r.Path)
		}
	}
	assert.ElementsMatch(t, []string{"github.com/hashicorp/go-cleanhttp", "github.com/stretchr/testify"}, direct)
}

// TestNestedModulesReplaceOurs lets each nested module build without the
// workspace, as `go mod tidy` needs it before a release is tagged.
func TestNestedModulesReplaceOurs(t *testing.T) {
	for _, dir := range inTree(t) {
		m := goMod(t, dir)
		replaced := map[string]string{}
		for _, r := range m.Replace {
			replaced[r.Old.Path] = r.New.Path
		}
		for _, r := range m.Require {
			if r.Path != root && !strings.HasPrefix(r.Path, root+"/") {
				continue
			}
			require.Contains(t, replaced, r.Path, "%s requires %s", m.Module.Path, r.Path)
			assert.FileExists(t, filepath.Join(dir, replaced[r.Path], "go.mod"), m.Module.Path)
		}
	}
}

// TestPackagesKnowOnlyTheirOwn keeps the dependencies pointing one way.
func TestPackagesKnowOnlyTheirOwn(t *testing.T) {
	allowed := map[string][]string{
		"auth":              {},
		"challenge":         {},
		"payload":           {},
		"ratelimit":         {},
		"callback":          {"auth"},
		"callback/dispatch": {"callback", "auth"},
	}
	for pkg, may := range allowed {
		deps := strings.Fields(string(run(t, top(t), "go", "list", "-deps", root+"/"+pkg)))
		for _, dep := range deps {
			rel, ours := strings.CutPrefix(dep, root+"/")
			if !ours || rel == pkg || strings.HasPrefix(rel, "internal/") {
				continue
			}
			assert.Contains(t, may, rel, "%s imports it", pkg)
		}
	}
}

func top(t *testing.T) string {
	t.Helper()
	dir, err := filepath.Abs("../..")
	require.NoError(t, err)
	require.FileExists(t, filepath.Join(dir, "go.work"))
	return dir
}

// inTree returns the directories with a go.mod, those of test data apart.
func inTree(t *testing.T) []string {
	t.Helper()
	var dirs []string
	err := filepath.WalkDir(top(t), func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && (d.Name() == "testdata" || d.Name() == ".git") {
			return filepath.SkipDir
		}
		if d.Name() == "go.mod" {
			dirs = append(dirs, filepath.Dir(path))
		}
		return nil
	})
	require.NoError(t, err)
	return dirs
}

func goMod(t *testing.T, dir string) module {
	t.Helper()
	var m module
	require.NoError(t, json.Unmarshal(run(t, dir, "go", "mod", "edit", "-json"), &m))
	return m
}

func run(t *testing.T, dir string, name string, args ...string) []byte {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), name, args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "GOFLAGS=")
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	require.NoError(t, err, "%s %s", name, strings.Join(args, " "))
	return out
}
