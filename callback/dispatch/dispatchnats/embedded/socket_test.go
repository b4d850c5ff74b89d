package embedded_test

import (
	"bufio"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"runtime"
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

// withSocket are quick options with a socket in the directory.
func withSocket(o dispatchnats.Options) embedded.Options {
	q := quick(o)
	q.Socket = "s"
	return q
}

// storeDir is a directory whose path leaves room for the name of a socket.
func storeDir(t testing.TB) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "store")
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, os.RemoveAll(dir)) })
	return dir
}

// knock connects to a socket and returns what the server says first: "INFO", or
// the error of a connection that is hung up on.
func knock(t testing.TB, path string) (net.Conn, string, error) {
	t.Helper()
	c, err := net.Dial("unix", path)
	require.NoError(t, err)
	t.Cleanup(func() { c.Close() })
	require.NoError(t, c.SetDeadline(time.Now().Add(soon)))
	said, err := bufio.NewReader(c).ReadString(' ')
	return c, strings.TrimSpace(said), err
}

// guest connects to a socket, and comes back soon when it is hung up on.
func guest(t testing.TB, path string) *nats.Conn {
	t.Helper()
	nc, err := embedded.Dial(path, nats.MaxReconnects(-1), nats.ReconnectWait(tick), nats.Timeout(soon))
	require.NoError(t, err)
	t.Cleanup(nc.Close)
	return nc
}

// TestDial dispatches from another connection to an endpoint of the process
// that has the store.
func TestDial(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	dir := storeDir(t)
	d := open(t, dir, withSocket(dispatchnats.Options{}))
	var r callbacktest.Recorder
	require.NoError(t, d.Add(ctx, "ops", &r, dispatch.EndpointOptions{}))

	nc, err := embedded.Dial(filepath.Join(dir, "s"), nats.Timeout(soon))
	require.NoError(t, err)
	defer nc.Close()
	p := peer(t, nc, dispatchnats.Options{})
	require.NoError(t, p.Dispatch(ctx, message("k", 0), "ops"))
	large := message("k", 1)
	large.Body = make([]byte, 4<<20) // more than any buffer on the way
	require.NoError(t, p.Dispatch(ctx, large, "ops"))
	eventually(t, func() bool { return len(r.IDs()) == 2 }, "they were not delivered")
}

// TestDialAgain closes the process under a connection, which finds the next one
// by itself.
func TestDialAgain(t *testing.T) {
	t.Parallel()
	dir := storeDir(t)
	d := open(t, dir, withSocket(dispatchnats.Options{}))
	nc := guest(t, filepath.Join(dir, "s"))
	shut(t, d)
	eventually(t, func() bool { return !nc.IsConnected() }, "it was not hung up on")
	open(t, dir, withSocket(dispatchnats.Options{}))
	eventually(t, nc.IsConnected, "it has not come back")
}

func TestSocketIsPrivate(t *testing.T) {
	t.Parallel()
	if runtime.GOOS == "windows" {
		t.Skip("files have no mode")
	}
	dir := storeDir(t)
	d := open(t, dir, withSocket(dispatchnats.Options{}))
	path := filepath.Join(dir, "s")
	info, err := os.Lstat(path)
	require.NoError(t, err)
	assert.Equal(t, fs.ModeSocket|0o600, info.Mode())
	shut(t, d)
	assert.NoFileExists(t, path)
}

func TestNoSocketUnlessAskedFor(t *testing.T) {
	t.Parallel()
	dir := storeDir(t)
	open(t, dir, quick(dispatchnats.Options{}))
	require.NoError(t, filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err == nil {
			assert.NotEqual(t, fs.ModeSocket, e.Type(), path)
		}
		return nil // the server removes files meanwhile
	}))
	_, err := embedded.Dial(filepath.Join(dir, "s"))
	require.ErrorIs(t, err, fs.ErrNotExist)
}

// TestSocketThatIsThere opens stores whose socket has a file in its place.
func TestSocketThatIsThere(t *testing.T) {
	t.Parallel()
	listen := func(t *testing.T, path string) *net.UnixListener {
		t.Helper()
		l, err := net.Listen("unix", path)
		require.NoError(t, err)
		t.Cleanup(func() { l.Close() })
		return l.(*net.UnixListener)
	}
	tests := []struct {
		name    string
		prepare func(t *testing.T, path string)
		want    string // of the error; "" is none
	}{
		{"of a process that died", func(t *testing.T, path string) {
			l := listen(t, path)
			l.SetUnlinkOnClose(false)
			require.NoError(t, l.Close())
			require.FileExists(t, path)
		}, ""},
		{"of one that is dying", func(t *testing.T, path string) {
			l := listen(t, path)
			l.SetUnlinkOnClose(false)
			go func() { // it ends once it was asked
				c, err := l.Accept()
				if assert.NoError(t, err) {
					c.Close()
				}
				l.Close()
			}()
		}, ""},
		{"of one that lives", func(t *testing.T, path string) { listen(t, path) }, "another process listens at"},
		{"a file", func(t *testing.T, path string) {
			require.NoError(t, os.WriteFile(path, []byte("kept"), 0o600))
		}, "file already exists"},
		{"a directory", func(t *testing.T, path string) { require.NoError(t, os.Mkdir(path, 0o700)) }, "file already exists"},
		{"a link to a socket", func(t *testing.T, path string) {
			listen(t, path+"2")
			require.NoError(t, os.Symlink(path+"2", path))
		}, "file already exists"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			dir := storeDir(t)
			path := filepath.Join(dir, "s")
			tt.prepare(t, path)
			d, err := embedded.Open(t.Context(), dir, withSocket(dispatchnats.Options{}))
			if tt.want == "" {
				require.NoError(t, err)
				_, said, err := knock(t, path)
				require.NoError(t, err)
				assert.Equal(t, "INFO", said)
				shut(t, d)
				return
			}
			require.ErrorIs(t, err, embedded.ErrSocket)
			require.ErrorContains(t, err, tt.want)
			_, err = os.Lstat(path)
			require.NoError(t, err, "it is not ours to remove")
			open(t, dir, quick(dispatchnats.Options{})) // the directory is free again
		})
	}
}

// TestLengthOfSocket opens a socket whose path is as long as it may be, and one
// that is longer.
func TestLengthOfSocket(t *testing.T) {
	t.Parallel()
	most := len(syscall.RawSockaddrUnix{}.Path) - 1
	dir := storeDir(t)
	o := withSocket(dispatchnats.Options{})
	o.Socket = strings.Repeat("s", most-len(dir)-1)
	d := open(t, dir, o)
	_, said, err := knock(t, filepath.Join(dir, o.Socket))
	require.NoError(t, err)
	assert.Equal(t, "INFO", said)
	shut(t, d)

	o.Socket += "s"
	_, err = embedded.Open(t.Context(), dir, o)
	require.ErrorIs(t, err, embedded.ErrSocket)
	require.ErrorContains(t, err, "the path of a socket may have")
	_, err = embedded.Attach(t.Context(), dir, o)
	require.ErrorContains(t, err, "the path of a socket may have")
}

// TestSocketElsewhere has an absolute path, outside of the directory.
func TestSocketElsewhere(t *testing.T) {
	t.Parallel()
	o := withSocket(dispatchnats.Options{})
	o.Socket = filepath.Join(storeDir(t), "s")
	dir := storeDir(t)
	open(t, dir, o)
	_, said, err := knock(t, o.Socket)
	require.NoError(t, err)
	assert.Equal(t, "INFO", said)
	assert.NoFileExists(t, filepath.Join(dir, "s"))

	o.Socket = filepath.Join(dir, "there", "is", "no", "such", "directory")
	_, err = embedded.Open(t.Context(), storeDir(t), o)
	require.ErrorIs(t, err, fs.ErrNotExist)
}

// TestGuests lets in as many as may be at once, and a further one after one of
// them has left.
func TestGuests(t *testing.T) {
	t.Parallel()
	const most = 64
	dir := storeDir(t)
	d := open(t, dir, withSocket(dispatchnats.Options{}))
	path := filepath.Join(dir, "s")
	var guests []net.Conn
	for range most {
		c, said, err := knock(t, path)
		require.NoError(t, err)
		require.Equal(t, "INFO", said)
		guests = append(guests, c)
	}
	_, _, err := knock(t, path)
	require.Error(t, err, "one more than may be")
	require.NoError(t, guests[0].Close())
	eventually(t, func() bool { _, said, _ := knock(t, path); return said == "INFO" }, "nobody may take the place")

	// A guest that talks nonsense does not disturb the others.
	_, err = guests[1].Write([]byte("\x00\xffGET / HTTP/1.1\r\n\r\n"))
	require.NoError(t, err)
	_, err = guests[1].Read(make([]byte, 1<<10))
	for err == nil {
		_, err = guests[1].Read(make([]byte, 1<<10))
	}
	_, err = guests[2].Write([]byte("CONNECT {}\r\nPING\r\n"))
	require.NoError(t, err)
	require.NoError(t, guests[2].SetDeadline(time.Now().Add(soon)))
	said := bufio.NewReader(guests[2])
	for line := ""; line != "PONG\r\n"; {
		line, err = said.ReadString('\n')
		require.NoError(t, err)
	}

	shut(t, d)
	for _, c := range guests[2:] {
		_, err := c.Read(make([]byte, 1))
		for err == nil {
			_, err = c.Read(make([]byte, 1<<10))
		}
		assert.NotErrorIs(t, err, os.ErrDeadlineExceeded, "Shutdown hangs up")
	}
}

// TestNothingStaysOfGuests looks for goroutines after Shutdown. It runs alone.
func TestNothingStaysOfGuests(t *testing.T) {
	dir := storeDir(t)
	d := open(t, dir, withSocket(dispatchnats.Options{}))
	path := filepath.Join(dir, "s")
	nc := guest(t, path)
	_, _, err := knock(t, path)
	require.NoError(t, err)
	require.NoError(t, nc.Flush())
	assert.Contains(t, stacks(), "(*socket)", "the test looks for the right thing")
	shut(t, d)
	assert.NotContains(t, stacks(), "(*socket)")
	shut(t, d) // again
}

func stacks() string {
	b := make([]byte, 1<<20)
	return string(b[:runtime.Stack(b, true)])
}
