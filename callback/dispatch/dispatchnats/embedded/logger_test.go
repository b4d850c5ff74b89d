package embedded_test

import (
	"bytes"
	"log/slog"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/alertwire/alertwire/callback/callbacktest"
	"github.com/alertwire/alertwire/callback/dispatch"
	"github.com/alertwire/alertwire/callback/dispatch/dispatchnats"
	"github.com/alertwire/alertwire/callback/dispatch/dispatchnats/embedded"
)

// TestLogIsSilentWhileAllIsWell opens a store, uses it, and opens it again, with
// the defaults and with a key.
func TestLogIsSilentWhileAllIsWell(t *testing.T) {
	t.Parallel()
	for _, o := range []embedded.Options{{}, {NoSync: true, Key: "a key"}} {
		var log bytes.Buffer
		o.Logger = slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))
		dir := t.TempDir()
		for range 2 {
			d := open(t, dir, o)
			var got callbacktest.Recorder
			require.NoError(t, d.Add(t.Context(), "ops", &got, dispatch.EndpointOptions{}))
			require.NoError(t, d.Dispatch(t.Context(), message("k", 0)))
			_, err := d.Shutdown(t.Context())
			require.NoError(t, err)
			assert.Len(t, got.IDs(), 1)
		}
		assert.Empty(t, log.String())
	}
}

// TestLogSaysWhatNoCallerSees has a message given up.
func TestLogSaysWhatNoCallerSees(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	var ends outcomes
	o := quick(dispatchnats.Options{Observe: ends.observe})
	o.Logger = slog.New(slog.NewTextHandler(&log, nil))
	d := open(t, t.TempDir(), o)
	refuses := &callbacktest.Recorder{Answer: callbacktest.Fail(callbacktest.Failure(404))}
	require.NoError(t, d.Add(t.Context(), "ops", refuses, dispatch.EndpointOptions{}))
	require.NoError(t, d.Dispatch(t.Context(), message("k", 0)))
	ends.await(t, "k-0")
	shut(t, d)
	assert.Contains(t, log.String(), "given a message up")
	assert.Contains(t, log.String(), "endpoint=ops")
}
