package embedded

import (
	"io"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestGarbageFromAGuest sees what the server complains of when a connection of
// the socket is no client: it is no reason to call the store ill.
func TestGarbageFromAGuest(t *testing.T) {
	dir, err := os.MkdirTemp("", "") // the path of a socket must be short
	require.NoError(t, err)
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	path := filepath.Join(dir, "s")
	heard := make(chan struct{}, 1)
	d, err := Open(t.Context(), filepath.Join(dir, "store"), Options{
		NoSync: true, Socket: path, Logger: slog.New(slog.NewTextHandler(bell{heard}, &slog.HandlerOptions{Level: slog.LevelError})),
	})
	require.NoError(t, err)
	guest, err := net.Dial("unix", path)
	require.NoError(t, err)
	require.NoError(t, guest.SetDeadline(time.Now().Add(10*time.Second)))
	_, err = guest.Write([]byte("GET / HTTP/1.1\r\nHost: x\r\n\r\n"))
	require.NoError(t, err)
	_, _ = io.Copy(io.Discard, guest) // until it is hung up on
	<-heard
	require.NoError(t, d.store.log.failed())
	require.NoError(t, d.store.health(t.Context()))
	_, err = d.Shutdown(t.Context())
	require.NoError(t, err)
}

// TestErrorsOfTheStoreAreRemembered sees that all other complaints are.
func TestErrorsOfTheStoreAreRemembered(t *testing.T) {
	l := &logger{to: slog.New(slog.DiscardHandler)}
	l.Errorf("JetStream failed to store a msg on stream '%s > %s': %v", "$G", "alertwire_OUT", os.ErrPermission)
	require.Error(t, l.failed())
	assert.ErrorContains(t, l.failed(), "alertwire_OUT")
}

// A bell rings when something is written to it.
type bell struct{ rung chan struct{} }

func (b bell) Write(p []byte) (int, error) {
	select {
	case b.rung <- struct{}{}:
	default:
	}
	return len(p), nil
}
