// Package embedded is the durable dispatcher for one machine: package
// dispatchnats with a NATS server inside the process, which keeps its files in
// one directory.
//
//	d, err := embedded.Open(ctx, "/var/lib/relay", embedded.Options{})
//	err = d.Add(ctx, "ops", hook, dispatch.EndpointOptions{})
//	err = d.Dispatch(ctx, msg) // returns when msg is on the disk of this machine
//	_, err = d.Shutdown(ctx)
//
// Every message is synced to disk before Dispatch returns, so that a crash of
// the machine loses nothing that was accepted. Delivery is at least once, as
// package dispatchnats says.
//
// The server listens on no port and handles no signals. One process at a time
// has the directory: a second Open returns [ErrInUse]. Others of the same user,
// such as a tool that looks at the dead letters, reach the server through
// Options.Socket.
//
// # What is stored
//
// Bodies and headers lie in the directory as they are, readable for whoever can
// read its files, unless Options.Key is set. The directory is made with mode
// 0700.
package embedded

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"math"
	"os"
	"path"
	"path/filepath"
	"strings"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/alertwire/alertwire/auth"
	"github.com/alertwire/alertwire/callback/dispatch"
	"github.com/alertwire/alertwire/callback/dispatch/dispatchnats"
)

const (
	serverName    = "alertwire"
	startupWithin = 30 * time.Second
	// maxPayload is what the server allows of body and headers together: bodies
	// of 8 MiB, as everywhere in this module, and room for headers.
	maxPayload = 8<<20 + 64<<10
)

// Why a store cannot be opened.
var (
	// ErrInUse means that another process, or another dispatcher of this one,
	// has the directory.
	ErrInUse = errors.New("embedded: the directory is in use")
	// ErrNewer means that the store was written by a newer version.
	ErrNewer = errors.New("embedded: the store was written by a newer version")
	// ErrKey means that the store is encrypted and the key is not its key, or
	// that it is not encrypted and there is a key.
	ErrKey = errors.New("embedded: the key does not fit the store")
	// ErrDamaged means that the server could not read what it once wrote. The
	// files are left as they are; Options.Logger has what the server said.
	ErrDamaged = errors.New("embedded: the store is damaged")
	// ErrSocket means that Options.Socket cannot be opened: its path is too long,
	// another process listens there, or the file system knows no sockets.
	ErrSocket = errors.New("embedded: the socket cannot be opened")
)

// Options are the options of [Open]. The zero value is a good beginning.
type Options struct {
	// Engine are the options of the dispatcher. Replicas must be zero. The
	// files take about twice MaxBytes and DeadBytes at most.
	Engine dispatchnats.Options
	// Key encrypts the files, from the first start on: a store that exists
	// cannot be given a key or another one. "" leaves them readable.
	Key auth.Secret
	// NoSync leaves it to the operating system when to write to the disk, at
	// the latest after two minutes. It is several times as fast; a crash of
	// the process loses nothing, a crash of the machine loses what was accepted
	// in that time.
	NoSync bool
	// Socket is the path of a Unix socket through which other processes of this
	// user reach the server while this one runs: see [Attach] and [Dial]. It may
	// be relative to the directory. Whoever connects can read, change and remove
	// everything, also what Key encrypts; the mode of the socket is 0600, and
	// systems that do not heed that go by the directory that it is in. Shutdown
	// removes it, and Open replaces one that a process left behind when it died.
	// "" opens none.
	Socket string
	// Logger gets what the server has to say, from level Warn on, and what
	// Engine.Logger gets if that is nil. Nil is silent.
	Logger *slog.Logger
}

func (o Options) validate() error {
	if o.Engine.Replicas != 0 {
		return errors.New("embedded: replicas must be zero: there is one server")
	}
	return nil
}

func (o Options) withLoggers() Options {
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.Engine.Logger == nil {
		o.Engine.Logger = o.Logger
	}
	return o
}

// A Dispatcher is a [dispatchnats.Dispatcher] with its own server. It is safe
// for concurrent use.
type Dispatcher struct {
	*dispatchnats.Dispatcher
	store  *store
	socket *socket // nil if there is none
}

var _ dispatch.Dispatcher = (*Dispatcher)(nil)

// Open starts a server on the directory dir, which it makes if need be, and
// returns a dispatcher without endpoints. It returns [ErrInUse], [ErrNewer],
// [ErrKey], [ErrDamaged] or [ErrSocket], or the error of the file system.
// Shutdown stops the server.
func Open(ctx context.Context, dir string, o Options) (*Dispatcher, error) {
	if err := o.validate(); err != nil {
		return nil, err
	}
	o = o.withLoggers()
	s, err := openStore(ctx, dir, o)
	switch {
	case errors.Is(err, ErrInUse), errors.Is(err, ErrNewer), errors.Is(err, ErrKey), errors.Is(err, ErrDamaged):
		return nil, err // which says where it is from
	case err != nil:
		return nil, fmt.Errorf("embedded: open: %w", err)
	}
	o.Engine.OnlyProcess = true // who has the lock is
	if o.Engine.Health == nil {
		o.Engine.Health = s.health
	}
	d := &Dispatcher{store: s}
	if d.Dispatcher, err = dispatchnats.Open(ctx, s.conn, o.Engine); err != nil {
		s.close()
		return nil, err
	}
	if o.Socket != "" {
		d.socket, err = listen(ctx, socketPath(s.dir, o.Socket), s.server)
	}
	if err != nil {
		_, _ = d.Shutdown(ctx) // there is nothing to deliver
		return nil, fmt.Errorf("%w: %w", ErrSocket, err)
	}
	return d, nil
}

// Conn returns the connection to the server, for tools. It is closed by
// Shutdown.
func (d *Dispatcher) Conn() *nats.Conn { return d.store.conn }

// Shutdown is that of [dispatchnats.Dispatcher], and then stops the server and
// leaves the directory to the next process. It waits for the server to have
// closed its files, whatever ctx says: about 10 ms for each endpoint.
func (d *Dispatcher) Shutdown(ctx context.Context) ([]dispatch.Undelivered, error) {
	left, err := d.Dispatcher.Shutdown(ctx)
	if d.socket != nil {
		d.socket.close()
	}
	d.store.close()
	return left, err
}

// A store is a server that runs on a directory.
type store struct {
	*checkup
	server *server.Server
	conn   *nats.Conn
	lock   *os.File
}

// openStore starts a server on dir and connects to it.
func openStore(ctx context.Context, dir string, o Options) (_ *store, err error) {
	dir, err = filepath.Abs(dir)
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	s := &store{checkup: &checkup{dir: dir, log: &logger{to: o.Logger}}}
	defer func() {
		if err != nil {
			s.close()
		}
	}()
	if s.lock, err = lockDir(dir); err != nil {
		return nil, err
	}
	clearProbe(dir)
	if err := checkStamp(dir, o.Key); err != nil {
		return nil, err
	}
	s.server, err = server.NewServer(&server.Options{
		ServerName: serverName,
		DontListen: true,
		NoSigs:     true,
		MaxPayload: maxPayload,
		JetStream:  true,
		StoreDir:   dir,
		SyncAlways: !o.NoSync,
		// The streams have bounds of their own. A bound here would be reserved
		// for, and a disk that others fill would then keep the server from
		// opening streams that it has.
		JetStreamMaxStore:      math.MaxInt64 >> 1,
		JetStreamKey:           string(o.Key),
		JetStreamLimits:        server.JSLimitOpts{DefaultMaxConsumers: -1},
		DisableJetStreamBanner: true,
	})
	if err != nil {
		return nil, err
	}
	s.server.SetLoggerV2(s.log, false, false, false)
	s.server.Start()
	if err := s.log.fatal(); err != nil {
		return nil, err
	}
	if err := s.ready(ctx); err != nil {
		return nil, err
	}
	s.conn, err = nats.Connect("", nats.InProcessServer(s.server), nats.MaxReconnects(-1), nats.Name(serverName),
		nats.Timeout(startupWithin), // that of nats.go is short for a machine that is busy
		nats.ErrorHandler(s.log.client))
	if err != nil {
		return nil, err
	}
	return s, s.whole(ctx, dir)
}

// whole returns an error if the server has not opened every stream that there
// are files of. It goes on without one that it cannot read, and a new one would
// take its place.
func (s *store) whole(ctx context.Context, dir string) error {
	js, err := jetstream.New(s.conn)
	if err != nil {
		return err
	}
	have := make(map[string]bool)
	names := js.StreamNames(ctx)
	for name := range names.Name() {
		have[name] = true
	}
	if names.Err() != nil {
		return names.Err()
	}
	files, err := fs.Glob(os.DirFS(dir), path.Join(server.JetStreamStoreDir, "*", "streams", "*"))
	if err != nil {
		return err
	}
	for _, file := range files {
		if name := path.Base(file); !have[name] && !strings.HasPrefix(name, ".") {
			return fmt.Errorf("%w: stream %s", ErrDamaged, name)
		}
	}
	return nil
}

// ready waits until the server takes connections.
func (s *store) ready(ctx context.Context) error {
	const step = 100 * time.Millisecond
	for waited := time.Duration(0); !s.server.ReadyForConnections(step); waited += step {
		switch {
		case s.log.fatal() != nil:
			return s.log.fatal()
		case ctx.Err() != nil:
			return context.Cause(ctx)
		case waited > startupWithin:
			return fmt.Errorf("the server was not ready within %v", startupWithin)
		}
	}
	return nil
}

// close stops what runs.
func (s *store) close() {
	if s.conn != nil {
		s.conn.Close()
	}
	if s.server != nil {
		s.server.Shutdown()
		s.server.WaitForShutdown()
	}
	if s.lock != nil {
		_ = s.lock.Close() // and with it the lock goes
	}
}
