package examples_test

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestProgramsPrintWhatTheirReadmesSay runs each command that a README shows
// with its output. In the output "…" stands for anything.
func TestProgramsPrintWhatTheirReadmesSay(t *testing.T) {
	if testing.Short() {
		t.Skip("-short: builds and runs every program")
	}
	readmes, err := filepath.Glob("*/README.md")
	require.NoError(t, err)
	require.NotEmpty(t, readmes)
	for _, readme := range readmes {
		text, err := os.ReadFile(readme)
		require.NoError(t, err)
		for _, block := range strings.Split(string(text), "```console\n")[1:] {
			block, _, closed := strings.Cut(block, "\n```")
			require.True(t, closed, readme)
			command, want, _ := strings.Cut(block, "\n")
			command, ok := strings.CutPrefix(command, "$ ")
			require.True(t, ok, readme)
			t.Run(filepath.Dir(readme), func(t *testing.T) {
				t.Parallel()
				assert.Regexp(t, pattern(want), output(t, command))
			})
		}
	}
}

func output(t *testing.T, command string) string {
	t.Helper()
	args := strings.Fields(command)
	cmd := exec.CommandContext(context.Background(), args[0], args[1:]...)
	cmd.Dir = ".."
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, string(out))
	return string(out)
}

// pattern returns what output has to match. A "…" in the text of a program
// matches itself as well.
func pattern(want string) string {
	parts := strings.Split(want, "…")
	for i, p := range parts {
		parts[i] = regexp.QuoteMeta(p)
	}
	return `(?s)^` + strings.Join(parts, ".*") + `\s*$`
}
