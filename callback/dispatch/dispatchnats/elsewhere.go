package dispatchnats

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/alertwire/alertwire/callback/dispatch"
)

const (
	memoFor = 3 * time.Second
	memoMax = 10_000
)

// knownElsewhere returns the token of an endpoint that another process has
// added, or ErrUnknown.
func (d *Dispatcher) knownElsewhere(ctx context.Context, name string) (string, error) {
	token, err := endpointToken(name)
	if err != nil {
		return "", dispatch.ErrUnknown
	}
	ok, err := d.hasQueue(ctx, token)
	if err == nil && !ok {
		err = dispatch.ErrUnknown
	}
	return token, err
}

// hadQueue is hasQueue for those who can bear an answer that is a few seconds
// old.
func (d *Dispatcher) hadQueue(ctx context.Context, token string) (bool, error) {
	if d.elsewhere.has(token) {
		return true, nil
	}
	return d.hasQueue(ctx, token)
}

// hasQueue reports whether an endpoint has a queue, whoever has added it.
func (d *Dispatcher) hasQueue(ctx context.Context, token string) (bool, error) {
	err := persist(ctx, "look up the endpoint", func(ctx context.Context) error {
		_, err := d.out.Consumer(ctx, token)
		return err
	})
	switch {
	case err == nil:
		d.elsewhere.put(token)
		return true, nil
	case errors.Is(err, jetstream.ErrConsumerNotFound):
		d.elsewhere.forget(token)
		return false, nil
	}
	return false, err
}

// A memo remembers tokens for a few seconds. The zero value is ready.
type memo struct {
	mu    sync.Mutex
	until map[string]time.Time
}

func (m *memo) has(token string) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.until[token].After(time.Now())
}

func (m *memo) put(token string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if len(m.until) >= memoMax || m.until == nil {
		m.until = make(map[string]time.Time)
	}
	m.until[token] = time.Now().Add(memoFor)
}

func (m *memo) forget(token string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.until, token)
}
