package dispatchnats

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"iter"
	"sync"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/alertwire/alertwire/callback"
	"github.com/alertwire/alertwire/callback/dispatch"
)

// abreast is how many copies of a message are published at a time. More would be
// no faster, and wait so long for the disk that they were published again.
const abreast = 32

// Dispatch stores m for the named endpoints, or for all that this process has
// added, and returns when the engine has acknowledged each or has refused it.
// If any was refused the error is a [*dispatch.Error], with [dispatch.ErrQueueFull],
// [dispatch.ErrUnknown], [callback.ErrGone], [ErrTooLarge], [ErrStore] or
// [ErrUnavailable]; the others have accepted. While NATS is away, or has no
// leader, it tries again until ctx ends, and for no longer than a minute.
//
// A message without an ID gets one. A message that is dispatched twice is
// delivered twice, with one ID.
func (d *Dispatcher) Dispatch(ctx context.Context, m callback.Message, to ...string) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	if m.ID == "" {
		m.ID = callback.NewID()
	}
	if len(to) == 0 {
		if _, err := d.named(""); err != nil {
			return err
		}
		for _, e := range d.added() {
			to = append(to, e.name)
		}
		if len(to) == 0 {
			return nil
		}
	}
	if len(to) == 1 { // the usual case needs no goroutine
		if err := d.dispatch(ctx, m, to[0]); err != nil {
			return &dispatch.Error{Refused: map[string]error{to[0]: err}}
		}
		return nil
	}
	var (
		wg      sync.WaitGroup
		mu      sync.Mutex
		refused map[string]error
	)
	// All of them together wait no longer than one would.
	ctx, stop := context.WithTimeoutCause(ctx, patience, errPatience)
	defer stop()
	places := make(chan struct{}, abreast)
	for name := range unique(to) {
		places <- struct{}{}
		wg.Go(func() {
			defer func() { <-places }()
			if err := d.dispatch(ctx, m, name); err != nil {
				mu.Lock()
				defer mu.Unlock()
				if refused == nil {
					refused = make(map[string]error)
				}
				refused[name] = err
			}
		})
	}
	wg.Wait()
	if refused != nil {
		return &dispatch.Error{Refused: refused}
	}
	return nil
}

// unique returns names in their order, each of them once.
func unique(names []string) iter.Seq[string] {
	return func(yield func(string) bool) {
		seen := make(map[string]bool, len(names))
		for _, name := range names {
			if !seen[name] && !yield(name) {
				return
			}
			seen[name] = true
		}
	}
}

// dispatch stores m for one endpoint.
func (d *Dispatcher) dispatch(ctx context.Context, m callback.Message, name string) error {
	e, err := d.named(name)
	if err != nil {
		return err
	}
	if e != nil && !e.started() {
		e = nil // until it is there it is what others have made of it
	}
	token := ""
	if e != nil {
		token = e.token
		if err := e.admit(ctx); err != nil {
			return err
		}
	} else if token, err = d.knownElsewhere(ctx, name); err != nil {
		return err
	}
	err = d.enqueue(ctx, &envelope{msg: m, endpoint: name, accepted: time.Now()}, token)
	if e != nil {
		e.arrived(err)
	}
	if err != nil {
		return err
	}
	return d.recheck(ctx, e, token)
}

// recheck sees to it that a message does not lie in a queue that was removed
// while it got there: whoever removes a queue sweeps it up afterwards, so only
// what came later than that is left to us. e is the endpoint as this process
// has added it, or nil.
func (d *Dispatcher) recheck(ctx context.Context, e *endpoint, token string) error {
	if e != nil && e.there.Err() == nil {
		return nil
	}
	if there, err := d.hasQueue(ctx, token); there || err != nil {
		return err
	}
	return d.sweep(ctx, e, token, dispatch.ErrRemoved)
}

// enqueue publishes an envelope to OUT.
func (d *Dispatcher) enqueue(ctx context.Context, v *envelope, token string) error {
	if n := len(v.msg.Body); n > d.bound {
		return fmt.Errorf("%w: the body has %d bytes, the most is %d", ErrTooLarge, n, d.bound)
	}
	msg := v.encode()
	if n := headerSize(msg.Header); n > maxHeaders {
		return fmt.Errorf("%w: the headers have %d bytes, the most is %d", ErrTooLarge, n, maxHeaders)
	}
	msg.Subject = d.names.subject("out", token, keyToken(v.msg.Key))
	err := d.publish(ctx, msg, rand.Text())
	if exhausted(err) && d.outFull(ctx, len(msg.Data)) {
		return dispatch.ErrQueueFull
	}
	return err
}

// publish stores a message, trying again while nobody answers. The id keeps the
// repeats from being stored twice; it is new for each message that is to be
// stored, else the server would swallow it.
func (d *Dispatcher) publish(ctx context.Context, msg *nats.Msg, id string) error {
	msg.Header.Set(jetstream.MsgIDHeader, id)
	err := persist(ctx, "publish", func(ctx context.Context) error {
		_, err := d.js.PublishMsg(ctx, msg)
		if errors.Is(err, context.DeadlineExceeded) && d.o.Health != nil {
			if ill := d.o.Health(context.WithoutCancel(ctx)); ill != nil {
				return fmt.Errorf("%w: %w", ErrStore, ill)
			}
		}
		return err
	})
	if errors.Is(err, nats.ErrMaxPayload) {
		return fmt.Errorf("%w: %w", ErrTooLarge, err)
	}
	return err
}

// outFull reports whether OUT is at its bound, after it has refused a message
// of n bytes. It refuses for other reasons under the same code.
func (d *Dispatcher) outFull(ctx context.Context, n int) bool {
	info, err := d.out.Info(ctx)
	return err == nil && info.Config.MaxBytes > 0 &&
		info.State.Bytes+uint64(n+reserve) > uint64(info.Config.MaxBytes)
}
