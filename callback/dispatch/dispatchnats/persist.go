package dispatchnats

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

const (
	patience  = time.Minute // for publishing and setting up while there is no leader
	firstTry  = 2 * time.Second
	tryFor    = 5 * time.Second
	firstWait = 50 * time.Millisecond
	lastWait  = 2 * time.Second
)

var errPatience = errors.New("gave up after a minute")

// persist calls do until it succeeds, fails in a way that does not pass, ctx
// ends, or a minute is over: a cluster without a leader gets one meanwhile.
func persist(ctx context.Context, what string, do func(context.Context) error) error {
	ctx, cancel := context.WithTimeoutCause(ctx, patience, errPatience)
	defer cancel()
	try := firstTry
	for wait := firstWait; ; wait, try = min(2*wait, lastWait), tryFor {
		trying, stop := context.WithTimeout(ctx, try)
		err := do(trying)
		stop()
		switch {
		case err == nil:
			return nil
		case errors.Is(err, nats.ErrConnectionClosed):
			return unavailable(what, err) // it does not come back
		case exhausted(err):
			return fmt.Errorf("%w: %s: %w", ErrStore, what, err)
		case errors.Is(err, ErrStore), errors.Is(err, ErrForeign), errors.Is(err, ErrServer):
			return err
		case errors.Is(err, jetstream.ErrJetStreamNotEnabledForAccount), hasCode(err, jetstream.JSErrCodeMaximumConsumersLimit):
			return fmt.Errorf("%w: %s: %w", ErrServer, what, err)
		case !passing(err):
			return fmt.Errorf("dispatchnats: %s: %w", what, err)
		}
		if !sleep(ctx, wait) {
			return unavailable(what, fmt.Errorf("%w: %w", context.Cause(ctx), err))
		}
	}
}

// sleep waits for d and reports whether ctx allowed it to.
func sleep(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return ctx.Err() == nil
	case <-ctx.Done():
		return false
	}
}
