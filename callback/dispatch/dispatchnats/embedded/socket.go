package embedded

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"sync"
	"syscall"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
)

const (
	maxSocketPath = len(syscall.RawSockaddrUnix{}.Path) - 1 // without the NUL at its end
	maxGuests     = 64                                      // connections through the socket at once
	guestTimeout  = 10 * time.Second                        // for a guest to take what it asked for
	dialTimeout   = 2 * time.Second
	endWithin     = time.Second // for a process that is being killed
)

// A socket is the door through which other processes reach the server. Each
// connection is copied to one inside the process, so that the server itself
// listens nowhere.
type socket struct {
	server *server.Server
	l      net.Listener
	done   chan struct{} // closed by close
	once   sync.Once
	guests chan struct{} // one element for each
	wg     sync.WaitGroup

	mu    sync.Mutex
	conns map[net.Conn]bool
}

// listen opens the socket. What a process that died has left there is replaced.
func listen(ctx context.Context, path string, s *server.Server) (*socket, error) {
	if err := clearPath(path); err != nil {
		return nil, err
	}
	// The mode is set before there is a name, where the system can do that, so
	// that there is no moment at which others may connect.
	config := net.ListenConfig{Control: func(_, _ string, c syscall.RawConn) error {
		return c.Control(restrict)
	}}
	l, err := config.Listen(ctx, "unix", path)
	if err != nil {
		return nil, err
	}
	if err := os.Chmod(path, 0o600); err != nil {
		_ = l.Close()
		return nil, err
	}
	k := &socket{
		server: s,
		l:      l,
		done:   make(chan struct{}),
		guests: make(chan struct{}, maxGuests),
		conns:  make(map[net.Conn]bool),
	}
	k.wg.Go(k.accept)
	return k, nil
}

// clearPath returns an error unless a socket can be made at path. It removes a
// socket at which nobody listens, and nothing else.
func clearPath(path string) error {
	if err := checkLength(path); err != nil {
		return err
	}
	info, err := os.Lstat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return err
	case info.Mode().Type() != fs.ModeSocket:
		return &fs.PathError{Op: "listen", Path: path, Err: fs.ErrExist}
	}
	for began := time.Now(); ; {
		c, err := dialSocket(path)
		switch {
		case nobody(err):
			return os.Remove(path)
		case err != nil:
			return err
		}
		_ = c.Close()
		// The kernel closes the files of a process that is killed one by one, and
		// may let go of the lock before the socket.
		if time.Since(began) > endWithin {
			return fmt.Errorf("another process listens at %s", path)
		}
		time.Sleep(attachStep)
	}
}

// checkLength says what the system would call an invalid argument.
func checkLength(path string) error {
	if len(path) > maxSocketPath {
		return fmt.Errorf("the path of a socket may have %d bytes, %s has %d", maxSocketPath, path, len(path))
	}
	return nil
}

// nobody reports whether err is that of a connection to where nobody listens.
func nobody(err error) bool {
	return errors.Is(err, fs.ErrNotExist) || errors.Is(err, connectionRefused)
}

// accept lets guests in until the listener is closed.
func (k *socket) accept() {
	for {
		c, err := k.l.Accept()
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil { // too many files are open, say
			select {
			case <-time.After(100 * time.Millisecond):
				continue
			case <-k.done:
				return
			}
		}
		select {
		case k.guests <- struct{}{}:
			k.wg.Go(func() {
				defer func() { <-k.guests }()
				k.serve(c)
			})
		default:
			_ = c.Close()
		}
	}
}

// serve copies between a guest and the server until one of them has enough.
func (k *socket) serve(guest net.Conn) {
	defer guest.Close()
	inside, err := k.server.InProcessConn()
	if err != nil {
		return // it is shutting down
	}
	defer inside.Close()
	if !k.note(guest) {
		return
	}
	defer k.forget(guest)
	var wg sync.WaitGroup
	defer wg.Wait()
	wg.Go(func() {
		_, _ = io.Copy(inside, guest)
		_ = inside.Close()
	})
	_, _ = io.Copy(patient{guest}, inside)
	_ = guest.Close()
}

// note remembers a connection for close, unless that was first.
func (k *socket) note(c net.Conn) bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.conns == nil {
		return false
	}
	k.conns[c] = true
	return true
}

func (k *socket) forget(c net.Conn) {
	k.mu.Lock()
	defer k.mu.Unlock()
	delete(k.conns, c)
}

// close removes the socket, hangs up on all guests, and waits until they are
// gone.
func (k *socket) close() {
	k.once.Do(func() {
		close(k.done)
		_ = k.l.Close() // which removes the file
		k.mu.Lock()
		for c := range k.conns {
			_ = c.Close()
		}
		k.conns = nil
		k.mu.Unlock()
		k.wg.Wait()
	})
}

// A patient is a connection that gives a guest who does not read some time, and
// not for ever.
type patient struct{ net.Conn }

func (p patient) Write(b []byte) (int, error) {
	if err := p.SetWriteDeadline(time.Now().Add(guestTimeout)); err != nil {
		return 0, err
	}
	return p.Conn.Write(b)
}

// Dial connects to the server of another process, through its Options.Socket. It
// returns an error that is [fs.ErrNotExist] if there is no such socket, and does
// not wait for one. Of the same directory a process may then dispatch as well,
// with dispatchnats.Open, or look after it, with dispatchnats.Attach.
//
// A connection that is lost is made anew as options say; by default nats.go
// tries for two minutes.
func Dial(path string, options ...nats.Option) (*nats.Conn, error) {
	if err := checkLength(path); err != nil {
		return nil, fmt.Errorf("embedded: %w", err)
	}
	first, err := dialSocket(path)
	if err != nil {
		return nil, fmt.Errorf("embedded: %w", err)
	}
	d := &dialer{path: path, first: first}
	nc, err := nats.Connect("", append([]nats.Option{nats.InProcessServer(d)}, options...)...)
	if err != nil {
		_ = first.Close()
		return nil, fmt.Errorf("%w: %w", errHungUp, err)
	}
	return nc, nil
}

// dialSocket takes no context: nats.go has none to give.
func dialSocket(path string) (net.Conn, error) {
	d := net.Dialer{Timeout: dialTimeout}
	return d.DialContext(context.Background(), "unix", path)
}

// errHungUp means that the process at a socket has accepted a connection and
// then not spoken: it is ending, or has its hands full.
var errHungUp = errors.New("embedded: hung up on at the socket")

// A dialer connects to a socket. The first connection it has already: nats.go
// would not tell why it cannot be made.
type dialer struct {
	path string

	mu    sync.Mutex
	first net.Conn
}

// InProcessConn is for [nats.InProcessServer], which takes any connection.
func (d *dialer) InProcessConn() (net.Conn, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if c := d.first; c != nil {
		d.first = nil
		return c, nil
	}
	return dialSocket(d.path)
}

// socketPath returns where the socket of a store is.
func socketPath(dir, socket string) string {
	if filepath.IsAbs(socket) {
		return socket
	}
	return filepath.Join(dir, socket)
}
