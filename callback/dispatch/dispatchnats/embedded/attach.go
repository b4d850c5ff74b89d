package embedded

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/alertwire/alertwire/callback/dispatch/dispatchnats"
)

const (
	attachWithin = 3 * time.Second // for a process that starts or stops just now
	attachStep   = 100 * time.Millisecond
	greetWithin  = 10 * time.Second // by a process that lives: one that ends hangs up
)

// Why there is nothing to attach to, beside the reasons of [Open].
var (
	// ErrNoStore means that there is no store in the directory.
	ErrNoStore = errors.New("embedded: there is no store in this directory")
	// ErrOwner means that the directory belongs to another user, who could not
	// read what this one would write there.
	ErrOwner = errors.New("embedded: the directory belongs to another user")
)

// An Operator is a [dispatchnats.Operator] of one directory.
type Operator struct {
	*dispatchnats.Operator
	conn  *nats.Conn
	store *store // nil if another process has it
}

// Attach returns an Operator of the store in dir, for a tool: through
// Options.Socket if another process has it open, and else with a server of its
// own, which keeps other processes out until Close. It makes no store, and
// delivers nothing. Of the options it heeds Socket, Key, NoSync, Logger and the
// Prefix of Engine.
//
// It returns [ErrNoStore], [ErrOwner], what [Open] returns, or
// [dispatchnats.ErrNoStore]. [ErrInUse] means that the process that has the
// directory is not at the socket; it may just be starting, so that Attach asks
// for three seconds.
func Attach(ctx context.Context, dir string, o Options) (*Operator, error) {
	if err := o.validate(); err != nil {
		return nil, err
	}
	o = o.withLoggers()
	dir, err := filepath.Abs(dir)
	if err != nil {
		return nil, fmt.Errorf("embedded: attach: %w", err)
	}
	info, err := os.Stat(dir)
	if err == nil {
		_, err = os.Stat(filepath.Join(dir, stampFile))
	}
	if err == nil && o.Socket != "" {
		err = checkLength(socketPath(dir, o.Socket))
	}
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, ErrNoStore
	case err != nil:
		return nil, fmt.Errorf("embedded: attach: %w", err)
	}
	for began := time.Now(); ; {
		at, err := o.reach(ctx, dir, info)
		if err == nil || !passing(err) || time.Since(began) >= attachWithin {
			return at, err
		}
		select {
		case <-time.After(attachStep):
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		}
	}
}

// passing reports whether err is that of a process that starts or ends.
func passing(err error) bool {
	return errors.Is(err, ErrInUse) || errors.Is(err, errHungUp) || errors.Is(err, dispatchnats.ErrUnavailable)
}

// reach connects to the process that has the store, or opens it.
func (o Options) reach(ctx context.Context, dir string, info fs.FileInfo) (at *Operator, err error) {
	at = new(Operator)
	if at.conn, err = o.dial(dir); err != nil {
		return nil, err
	}
	if at.conn == nil {
		if othersOwn(info) {
			return nil, ErrOwner
		}
		if at.store, err = openStore(ctx, dir, o); err != nil {
			return nil, fmt.Errorf("embedded: attach: %w", err)
		}
		at.conn = at.store.conn
		if o.Engine.Health == nil {
			o.Engine.Health = at.store.health
		}
	}
	if at.Operator, err = dispatchnats.Attach(ctx, at.conn, o.Engine); err != nil {
		at.Close()
		return nil, err
	}
	return at, nil
}

// dial connects to the socket, and returns nil if there is none, or nobody
// listens there.
func (o Options) dial(dir string) (*nats.Conn, error) {
	if o.Socket == "" {
		return nil, nil
	}
	// Not again if it is lost: another process may then have the store.
	nc, err := Dial(socketPath(dir, o.Socket), nats.NoReconnect(), nats.Timeout(greetWithin), nats.Name("operator"))
	if nobody(err) {
		return nil, nil
	}
	return nc, err
}

// Elsewhere reports whether another process has the store open.
func (o *Operator) Elsewhere() bool { return o.store == nil }

// Close ends the connection, and stops the server if there is one, so that
// another process can have the directory.
func (o *Operator) Close() {
	o.conn.Close()
	if o.store != nil {
		o.store.close()
	}
}
