package embedded

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestProbeOfAProcessThatDied is killed while it looks whether the disk is full,
// as it were: what it has written must not stay in the directory.
func TestProbeOfAProcessThatDied(t *testing.T) {
	dir := t.TempDir()
	left := filepath.Join(dir, probeFile)
	require.NoError(t, os.WriteFile(left, make([]byte, 1<<20), 0o600))
	d, err := Open(t.Context(), dir, Options{NoSync: true})
	require.NoError(t, err)
	assert.NoFileExists(t, left)

	before := listing(t, dir)
	require.NoError(t, d.store.health(t.Context()))
	assert.Equal(t, before, listing(t, dir), "nor what one has written that lives")
	require.NoError(t, os.MkdirAll(filepath.Join(left, "in the way"), 0o700))
	require.Error(t, probe(dir), "it writes the file that Open removes")
	_, err = d.Shutdown(t.Context())
	require.NoError(t, err)
}

// listing returns the names in a directory.
func listing(t *testing.T, dir string) (names []string) {
	t.Helper()
	all, err := os.ReadDir(dir)
	require.NoError(t, err)
	for _, e := range all {
		names = append(names, e.Name())
	}
	return names
}
