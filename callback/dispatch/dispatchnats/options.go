package dispatchnats

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/alertwire/alertwire/callback/dispatch"
)

const (
	defaultPrefix    = "alertwire"
	defaultMaxBytes  = 1 << 30
	defaultDeadBytes = 256 << 20
	defaultDeadAge   = 30 * 24 * time.Hour
	defaultLease     = 20 * time.Second
	minLease         = time.Second

	// reserve is what the headers of the engine may take of the size that the
	// server allows: what it accepted it must also be able to put aside.
	reserve = maxHeaders + 8<<10
)

// Options are the options of [Open]. The zero value is a good beginning for one
// server.
//
// The streams belong to all processes that use the same prefix. Prefix and
// Lease must be the same in all of them. What concerns the streams (Replicas,
// MaxBytes, DeadAge, DeadBytes) is changed by whoever sets it, and left as it
// is by whoever leaves it at zero.
type Options struct {
	// Prefix begins the names of the streams and subjects. "" means
	// "alertwire". It has up to 32 letters, digits, - and _.
	Prefix string
	// Replicas is how many servers of a cluster keep each message, 1 to 5. Zero
	// means 1 for new streams; three survive the loss of one. A cluster with
	// fewer servers refuses.
	Replicas int
	// MaxBytes bounds what waits to be delivered, bodies and headers of all
	// endpoints together, in bytes: beyond it Dispatch returns
	// [dispatch.ErrQueueFull]. Zero means 1 GiB for new streams.
	//
	// What waits for its next attempt may take about as much again. Beyond that
	// a message waits in its queue, where it takes up one of the calls that
	// Concurrency allows, and only the process that called it knows of the
	// attempt and of the wait.
	MaxBytes int64
	// MaxMessage bounds the body of one message, in bytes: beyond it Dispatch
	// returns [ErrTooLarge], as it does beyond 32 KiB of headers. Zero means
	// what the server allows, less 40 KiB for headers: 984 KiB as NATS comes.
	// More than that is an error.
	MaxMessage int
	// DeadAge is how long a message that was given up is kept. Zero means 30
	// days for new streams, and the least is 1 s.
	DeadAge time.Duration
	// DeadBytes bounds what is kept of them, in bytes; the oldest make room.
	// Zero means 256 MiB for new streams.
	DeadBytes int64
	// Lease is how long a message in the hands of a process that died is kept
	// from the others. A process that lives renews it, however long a call
	// takes. One that cannot reach NATS for so long may find that its message
	// was delivered twice. Zero means 20 s, and the least is 1 s.
	Lease time.Duration
	// OnlyProcess says that no other process works off these streams: what an
	// earlier one had in hand when it died is then taken up at once, rather
	// than after its Lease. If there is another one, what it has in hand is
	// delivered twice. It needs NATS 2.14.
	OnlyProcess bool
	// Health is asked when the server does not answer to a message. If it
	// returns an error nothing more is tried, and Dispatch returns it with
	// ErrStore. Nil asks nobody: NATS does not tell its clients that its disk
	// is full.
	Health func(context.Context) error
	// Observe gets the outcome of every message that this process has brought
	// to an end, after the engine knows of it: what a crash repeats is observed
	// again. It is called from several goroutines at a time, and holds up the
	// next call while it runs. Nil observes nothing; Stats counts all the same.
	Observe func(dispatch.Outcome)
	// Logger gets what no caller can see: messages that were given up, at
	// level Warn, and what went wrong between this process and NATS. Nil is
	// silent.
	Logger *slog.Logger
}

func (o Options) validate() error {
	switch {
	case o.Replicas < 0 || o.Replicas > 5:
		return errors.New("dispatchnats: replicas must be 0 to 5")
	case o.MaxBytes < 0:
		return errors.New("dispatchnats: max bytes must not be negative")
	case o.MaxMessage < 0:
		return errors.New("dispatchnats: max message must not be negative")
	case o.DeadAge != 0 && o.DeadAge < time.Second:
		return errors.New("dispatchnats: dead age must be at least 1s")
	case o.DeadBytes < 0:
		return errors.New("dispatchnats: dead bytes must not be negative")
	case o.Lease != 0 && o.Lease < minLease:
		return fmt.Errorf("dispatchnats: lease must be at least %v", minLease)
	}
	return checkPrefix(o.Prefix)
}

func (o Options) withDefaults() Options {
	o.Prefix = orDefault(o.Prefix, defaultPrefix)
	o.Lease = orDefault(o.Lease, defaultLease)
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	return o
}

// bound returns the most bytes of a body, given what the server allows.
func (o Options) bound(nc *nats.Conn) (int, error) {
	most := int(nc.MaxPayload()) - reserve
	switch {
	case most < 1:
		return 0, fmt.Errorf("%w: it allows messages of %d bytes, %d are needed for headers alone",
			ErrServer, nc.MaxPayload(), reserve)
	case o.MaxMessage > most:
		return 0, fmt.Errorf("%w: it allows messages of %d bytes; max message may be %d",
			ErrServer, nc.MaxPayload(), most)
	}
	return orDefault(o.MaxMessage, most), nil
}
