package embedded_test

import (
	"bytes"
	"encoding/json"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/nats-io/nats.go/jetstream"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/alertwire/alertwire/auth"
	"github.com/alertwire/alertwire/callback"
	"github.com/alertwire/alertwire/callback/callbacktest"
	"github.com/alertwire/alertwire/callback/dispatch"
	"github.com/alertwire/alertwire/callback/dispatch/dispatchnats"
	"github.com/alertwire/alertwire/callback/dispatch/dispatchnats/embedded"
)

func TestDirectoryInUse(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "made", "as", "needed")
	d := open(t, dir, quick(dispatchnats.Options{}))
	_, err := embedded.Open(t.Context(), dir, quick(dispatchnats.Options{}))
	require.ErrorIs(t, err, embedded.ErrInUse)
	shut(t, d)
	open(t, dir, quick(dispatchnats.Options{}))

	info, err := os.Stat(dir)
	require.NoError(t, err)
	assert.Equal(t, fs.FileMode(0o700), info.Mode().Perm(), "it holds what was sent to others")
}

func TestDirectoryThatCannotBe(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "file")
	require.NoError(t, os.WriteFile(file, nil, 0o600))
	_, err := embedded.Open(t.Context(), file, embedded.Options{})
	require.Error(t, err)
	_, err = embedded.Open(t.Context(), filepath.Join(file, "below"), embedded.Options{})
	require.Error(t, err)
}

func TestStoreOfANewerVersion(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	shut(t, open(t, dir, quick(dispatchnats.Options{})))
	name := filepath.Join(dir, "alertwire.json")
	stamp := map[string]any{}
	data, err := os.ReadFile(name)
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(data, &stamp))

	tests := []struct {
		name, key string
		value     any
		wantErr   error
	}{
		{"format", "format", 2, embedded.ErrNewer},
		{"server", "server", "2.999.0", embedded.ErrNewer},
		{"major", "server", "3.0.0", embedded.ErrNewer},
		{"older server", "server", "2.12.1", nil},
		{"newer patch", "server", stamp["server"].(string) + "9", nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			changed := map[string]any{"format": stamp["format"], "server": stamp["server"]}
			changed[tt.key] = tt.value
			data, err := json.Marshal(changed)
			require.NoError(t, err)
			require.NoError(t, os.WriteFile(name, data, 0o600))
			d, err := embedded.Open(t.Context(), dir, quick(dispatchnats.Options{}))
			require.ErrorIs(t, err, tt.wantErr)
			if d != nil {
				shut(t, d)
			}
		})
	}
	require.NoError(t, os.WriteFile(name, []byte("{"), 0o600))
	_, err = embedded.Open(t.Context(), dir, embedded.Options{})
	require.ErrorContains(t, err, "alertwire.json")
}

// TestDamagedStore breaks a file that the server needs. It would go on without,
// and begin with an empty queue.
func TestDamagedStore(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	shut(t, open(t, dir, quick(dispatchnats.Options{})))
	name := filepath.Join(dir, "jetstream", "$G", "streams", "alertwire_OUT", "meta.inf")
	meta, err := os.ReadFile(name)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(name, meta[:len(meta)/2], 0o600))
	_, err = embedded.Open(t.Context(), dir, quick(dispatchnats.Options{}))
	require.ErrorIs(t, err, embedded.ErrDamaged)
	assert.ErrorContains(t, err, "alertwire_OUT")
	require.NoError(t, os.WriteFile(name, meta, 0o600))
	open(t, dir, quick(dispatchnats.Options{}))
}

// TestOptionsThatAreNotSetStay opens the streams of others without options, as a
// process does that only dispatches.
func TestOptionsThatAreNotSetStay(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	d := open(t, t.TempDir(), quick(dispatchnats.Options{MaxBytes: 1 << 20, DeadBytes: 2 << 20, DeadAge: 3600e9}))
	js, err := jetstream.New(d.Conn(), patient)
	require.NoError(t, err)
	have := func() (out, dead jetstream.StreamConfig) {
		o, err := js.Stream(ctx, "alertwire_OUT")
		require.NoError(t, err)
		b, err := js.Stream(ctx, "alertwire_DEAD")
		require.NoError(t, err)
		return o.CachedInfo().Config, b.CachedInfo().Config
	}
	out, dead := have()
	assert.False(t, out.AllowDirect, "a replica that lags behind could hide an older message")
	peer(t, d.Conn(), dispatchnats.Options{})
	sameOut, sameDead := have()
	assert.Equal(t, out, sameOut)
	assert.Equal(t, dead, sameDead)
	peer(t, d.Conn(), dispatchnats.Options{MaxBytes: 4 << 20, DeadAge: 1e9})
	out, dead = have()
	assert.Equal(t, int64(4<<20), out.MaxBytes)
	assert.Equal(t, int64(2<<20), dead.MaxBytes)
	assert.Equal(t, int64(1e9), int64(dead.MaxAge))
}

// TestKeyEncryptsTheStore looks for what was dispatched in the files.
func TestKeyEncryptsTheStore(t *testing.T) {
	t.Parallel()
	const secret = "correct horse battery staple"
	found := func(key string) (dir string, yes bool) {
		dir = t.TempDir()
		o := quick(dispatchnats.Options{})
		o.Key = auth.Secret(key)
		d := open(t, dir, o)
		var s stage
		require.NoError(t, d.Add(t.Context(), "ops", &s, dispatch.EndpointOptions{}))
		require.NoError(t, d.Dispatch(t.Context(), callback.Message{ID: "m", Body: []byte(secret)}))
		shut(t, d)
		require.NoError(t, filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
			if err == nil && e.Type().IsRegular() {
				data, err := os.ReadFile(path)
				require.NoError(t, err)
				yes = yes || bytes.Contains(data, []byte(secret))
			}
			return err
		}))
		return dir, yes
	}
	plain, yes := found("")
	assert.True(t, yes, "the test looks in the right place")
	dir, yes := found("a key")
	assert.False(t, yes)

	for _, tt := range []struct{ name, dir, key string }{
		{"no key", dir, ""}, {"wrong key", dir, "another"}, {"key for a plain store", plain, "a key"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			o := quick(dispatchnats.Options{})
			o.Key = auth.Secret(tt.key)
			_, err := embedded.Open(t.Context(), tt.dir, o)
			require.ErrorIs(t, err, embedded.ErrKey)
			assert.NotContains(t, err.Error(), tt.dir)
		})
	}
	o := quick(dispatchnats.Options{})
	o.Key = "a key"
	d := open(t, dir, o)
	var r callbacktest.Recorder
	require.NoError(t, d.Add(t.Context(), "ops", &r, dispatch.EndpointOptions{}))
	eventually(t, func() bool { return len(r.IDs()) == 1 }, "it cannot be read back")
	assert.Equal(t, secret, string(r.Messages()[0].Body))
}
