package callbacktest_test

import (
	"errors"
	"io"
	"net"
	"os"
	"slices"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/alertwire/alertwire/callback/callbacktest"
)

// A peer is a TCP server of a test that does nothing by itself.
type peer struct {
	t testing.TB
	l net.Listener
}

func newPeer(t testing.TB) *peer {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { _ = l.Close() })
	return &peer{t, l}
}

func (p *peer) url() string { return "tcp://" + p.l.Addr().String() }

// through returns both ends of a connection over the network.
func (p *peer) through(network *callbacktest.Proxy) (client, server net.Conn) {
	p.t.Helper()
	client = dial(p.t, network)
	server, err := p.l.Accept()
	require.NoError(p.t, err)
	p.t.Cleanup(func() { _ = server.Close() })
	return client, server
}

func dial(t testing.TB, network *callbacktest.Proxy) net.Conn {
	t.Helper()
	c, err := net.Dial("tcp", network.Addr)
	require.NoError(t, err)
	t.Cleanup(func() { _ = c.Close() })
	return c
}

// read reads n bytes, and fails the test if they do not come.
func read(t testing.TB, c net.Conn, n int) string {
	t.Helper()
	require.NoError(t, c.SetReadDeadline(time.Now().Add(20*time.Second)))
	buf := make([]byte, n)
	_, err := io.ReadFull(c, buf)
	require.NoError(t, err)
	return string(buf)
}

// rest reads until the end of c, and returns what came and why it ended.
func rest(t testing.TB, c net.Conn) (string, error) {
	t.Helper()
	require.NoError(t, c.SetReadDeadline(time.Now().Add(20*time.Second)))
	got, err := io.ReadAll(c)
	return string(got), err
}

// nothing checks that nothing comes over c for a moment: what is lost cannot be
// waited for.
func nothing(t testing.TB, c net.Conn) {
	t.Helper()
	require.NoError(t, c.SetReadDeadline(time.Now().Add(20*time.Millisecond)))
	n, err := c.Read(make([]byte, 1))
	assert.Zero(t, n)
	require.ErrorIs(t, err, os.ErrDeadlineExceeded)
}

// isReset reports whether err says that a connection was reset, in the words of
// Unix or in the numbers of Windows.
func isReset(err error) bool { return isErrno(err, syscall.ECONNRESET, 10054, 10053) }

func isErrno(err error, in ...syscall.Errno) bool {
	var errno syscall.Errno
	return errors.As(err, &errno) && slices.Contains(in, errno)
}

func write(t testing.TB, c net.Conn, text string) {
	t.Helper()
	_, err := io.WriteString(c, text)
	require.NoError(t, err)
}

// welcome makes a connection and returns what becomes of it.
func welcome(t testing.TB, network *callbacktest.Proxy) error {
	c, err := net.Dial("tcp", network.Addr)
	if err != nil {
		return err // so fast can a reset be
	}
	defer c.Close()
	_, err = rest(t, c)
	return err
}

func await(t testing.TB, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(20 * time.Second); !ok(); {
		require.True(t, time.Now().Before(end), "waited in vain")
		<-time.After(time.Millisecond)
	}
}
