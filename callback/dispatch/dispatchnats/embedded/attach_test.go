package embedded_test

import (
	"context"
	"errors"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/alertwire/alertwire/callback/callbacktest"
	"github.com/alertwire/alertwire/callback/dispatch"
	"github.com/alertwire/alertwire/callback/dispatch/dispatchnats"
	"github.com/alertwire/alertwire/callback/dispatch/dispatchnats/embedded"
)

func TestAttachThroughTheSocket(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	dir := storeDir(t)
	d := open(t, dir, withSocket(dispatchnats.Options{}))
	require.NoError(t, d.Add(ctx, "ops", &stage{}, dispatch.EndpointOptions{Concurrency: 1}))
	require.NoError(t, d.Dispatch(ctx, message("k", 0)))
	at, err := embedded.Attach(ctx, dir, withSocket(dispatchnats.Options{}))
	require.NoError(t, err)
	assert.True(t, at.Elsewhere())
	eventually(t, func() bool {
		q, err := at.Queues(ctx)
		require.NoError(t, err)
		return len(q) == 1 && q[0].InHand == 1
	}, "it does not see what is in flight")
	shut(t, d)
	_, err = at.Queues(ctx)
	require.ErrorIs(t, err, dispatchnats.ErrUnavailable)
	at.Close()
	at.Close()

	_, err = embedded.Attach(ctx, dir, withSocket(dispatchnats.Options{Prefix: "other"}))
	require.ErrorIs(t, err, dispatchnats.ErrNoStore)
	open(t, dir, withSocket(dispatchnats.Options{})) // the failure has let go of it
}

// TestAttachWithoutAProcess looks at what a process has left, which the next one
// then delivers.
func TestAttachWithoutAProcess(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	dir := storeDir(t)
	d := open(t, dir, withSocket(dispatchnats.Options{}))
	require.NoError(t, d.Add(ctx, "ops", &stage{}, dispatch.EndpointOptions{Concurrency: 1}))
	for n := range 3 {
		require.NoError(t, d.Dispatch(ctx, message("k", n)))
	}
	shut(t, d)

	at, err := embedded.Attach(ctx, dir, withSocket(dispatchnats.Options{}))
	require.NoError(t, err)
	assert.False(t, at.Elsewhere())
	q, err := at.Queues(ctx)
	require.NoError(t, err)
	require.Len(t, q, 1)
	assert.Equal(t, 3, q[0].Waiting+q[0].InHand)
	assert.NoFileExists(t, filepath.Join(dir, "s"), "it looks, it does not serve")
	_, err = embedded.Open(ctx, dir, withSocket(dispatchnats.Options{}))
	require.ErrorIs(t, err, embedded.ErrInUse)
	assert.Equal(t, 1, strings.Count(err.Error(), "embedded"), err.Error())
	at.Close()

	d = open(t, dir, withSocket(dispatchnats.Options{}))
	var r callbacktest.Recorder
	require.NoError(t, d.Add(ctx, "ops", &r, dispatch.EndpointOptions{}))
	eventually(t, func() bool { return len(r.IDs()) == 3 }, "they were not delivered")
}

func TestAttachToNothing(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	empty := storeDir(t)
	file := filepath.Join(storeDir(t), "file")
	require.NoError(t, os.WriteFile(file, nil, 0o600))
	used := storeDir(t)
	open(t, used, quick(dispatchnats.Options{})) // without a socket
	tests := []struct {
		name, dir string
		socket    string
		wantErr   error
	}{
		{"empty", empty, "s", embedded.ErrNoStore},
		{"missing", filepath.Join(empty, "missing"), "s", embedded.ErrNoStore},
		{"in use, no socket wanted", used, "", embedded.ErrInUse},
		{"in use, no socket there", used, "s", embedded.ErrInUse},
		{"a file", file, "s", syscall.ENOTDIR},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			o := quick(dispatchnats.Options{})
			o.Socket = tt.socket
			_, err := embedded.Attach(ctx, tt.dir, o)
			require.ErrorIs(t, err, tt.wantErr)
		})
	}
	left, err := os.ReadDir(empty)
	require.NoError(t, err)
	assert.Empty(t, left, "it makes nothing")

	ended, cancel := context.WithCancel(ctx)
	cancel()
	_, err = embedded.Attach(ended, used, withSocket(dispatchnats.Options{}))
	require.ErrorIs(t, err, context.Canceled)
}

// TestAttachWaitsForWhoLeaves attaches while a process without a socket goes.
func TestAttachWaitsForWhoLeaves(t *testing.T) {
	t.Parallel()
	dir := storeDir(t)
	d := open(t, dir, quick(dispatchnats.Options{}))
	type result struct {
		at  *embedded.Operator
		err error
	}
	attached := make(chan result, 1)
	go func() {
		at, err := embedded.Attach(t.Context(), dir, withSocket(dispatchnats.Options{}))
		attached <- result{at, err}
	}()
	began := time.Now()
	shut(t, d)
	took := time.Since(began)
	got := <-attached
	if errors.Is(got.err, embedded.ErrInUse) && took > 2*time.Second {
		t.Skipf("Attach waits for three seconds, and it took %v to leave", took)
	}
	require.NoError(t, got.err)
	got.at.Close()
}

// TestAttachWhileAProcessEnds is let in and hung up on, by a process that then is
// no more, and by one that stays.
func TestAttachWhileAProcessEnds(t *testing.T) {
	t.Parallel()
	dir := storeDir(t)
	shut(t, open(t, dir, quick(dispatchnats.Options{})))
	path := filepath.Join(dir, "s")
	l, err := net.Listen("unix", path)
	require.NoError(t, err)
	defer l.Close()
	go func() {
		c, err := l.Accept()
		if assert.NoError(t, err) {
			c.Close()
		}
		l.Close()
	}()
	at, err := embedded.Attach(t.Context(), dir, withSocket(dispatchnats.Options{}))
	require.NoError(t, err)
	assert.False(t, at.Elsewhere())
	at.Close()

	stays, err := net.Listen("unix", path)
	require.NoError(t, err)
	defer stays.Close()
	go func() {
		for {
			c, err := stays.Accept()
			if err != nil {
				return
			}
			c.Close()
		}
	}()
	_, err = embedded.Attach(t.Context(), dir, withSocket(dispatchnats.Options{}))
	require.ErrorContains(t, err, "embedded: hung up on at the socket")
}

// TestAttachToAProcessThatIsBusy is greeted later than NATS waits for by itself.
func TestAttachToAProcessThatIsBusy(t *testing.T) {
	t.Parallel()
	dir := storeDir(t)
	open(t, dir, withSocket(dispatchnats.Options{}))
	o := withSocket(dispatchnats.Options{})
	o.Socket = filepath.Join(dir, "busy")
	l, err := net.Listen("unix", o.Socket)
	require.NoError(t, err)
	defer l.Close()
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer c.Close()
				pause(t.Context(), nats.DefaultTimeout*5/4)
				server, err := net.Dial("unix", filepath.Join(dir, "s"))
				if err != nil {
					return
				}
				defer server.Close()
				go func() { _, _ = io.Copy(server, c) }()
				_, _ = io.Copy(c, server)
			}()
		}
	}()
	at, err := embedded.Attach(t.Context(), dir, o)
	require.NoError(t, err)
	assert.True(t, at.Elsewhere())
	at.Close()
}

// TestAttachToAStoreOfAnother would leave files there that its owner cannot read.
func TestAttachToAStoreOfAnother(t *testing.T) {
	t.Parallel()
	if os.Geteuid() != 0 {
		t.Skip("only root can give a directory away")
	}
	dir := storeDir(t)
	d := open(t, dir, withSocket(dispatchnats.Options{}))
	require.NoError(t, os.Chown(dir, 12345, 12345))
	at, err := embedded.Attach(t.Context(), dir, withSocket(dispatchnats.Options{}))
	require.NoError(t, err, "nothing is written by the one who asks")
	at.Close()
	shut(t, d)
	_, err = embedded.Attach(t.Context(), dir, withSocket(dispatchnats.Options{}))
	require.ErrorIs(t, err, embedded.ErrOwner)
}
