package dispatchnats

import (
	"context"
	"errors"
	"fmt"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// ErrNoStore means that there are no queues of that prefix.
var ErrNoStore = errors.New("dispatchnats: there are no queues of that prefix")

// An Operator looks at the queues that others work off, and sees to their dead
// letters. It delivers nothing, moves nothing that is due, and makes no streams.
// It is safe for concurrent use, keeps no goroutine, and needs no end.
type Operator struct{ d *Dispatcher }

// Attach returns an Operator of streams that exist, or [ErrNoStore]. Of the
// options it heeds Prefix, Health and Logger. Where there is no leader it tries
// for up to a minute, or until ctx ends. The connection stays the caller's.
func Attach(ctx context.Context, nc *nats.Conn, o Options) (*Operator, error) {
	d, err := newDispatcher(ctx, nc, o)
	if err != nil {
		return nil, err
	}
	if d.streams, err = findStreams(ctx, d.js, d.names, d.o); err != nil {
		return nil, err
	}
	return &Operator{d}, nil
}

// Queues is that of [Dispatcher.Queues].
func (o *Operator) Queues(ctx context.Context) ([]Queue, error) { return o.d.Queues(ctx) }

// Dead is that of [Dispatcher.Dead].
func (o *Operator) Dead(name string) Dead { return o.d.Dead(name) }

// findStreams returns the streams as they are.
func findStreams(ctx context.Context, js jetstream.JetStream, n names, o Options) (streams, error) {
	var s streams
	to := []*jetstream.Stream{&s.out, &s.retry, &s.dead, &s.slot}
	for i, want := range o.configs(n) {
		err := persist(ctx, "look for "+want.Name, func(ctx context.Context) (err error) {
			*to[i], err = js.Stream(ctx, want.Name)
			return err
		})
		if errors.Is(err, jetstream.ErrStreamNotFound) {
			return streams{}, fmt.Errorf("%w: %q", ErrNoStore, o.Prefix)
		}
		if err == nil {
			err = check((*to[i]).CachedInfo().Config, want)
		}
		if err != nil {
			return streams{}, err
		}
	}
	return s, nil
}
