package payload_test

import (
	"os/exec"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// Whoever imports the types of a system gets the standard library and this
// module, and nothing else of it but what is internal.
func TestDependencies(t *testing.T) {
	if testing.Short() {
		t.Skip("-short: runs the go command")
	}
	const module = "github.com/alertwire/alertwire/"
	out, err := exec.Command("go", "list", "-deps", "-f", "{{if not .Standard}}{{.ImportPath}}{{end}}", "./...").Output()
	require.NoError(t, err)
	for _, path := range strings.Fields(string(out)) {
		name, ours := strings.CutPrefix(path, module)
		assert.True(t, ours, path)
		assert.True(t, strings.HasPrefix(name, "payload") || strings.HasPrefix(name, "internal/"), path)
	}
}
