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
	d.elsewhere.forget(token)
	ok, err := d.exists(ctx, token)
	if err == nil && !ok {
		err = dispatch.ErrUnknown
	}
	return token, err
}

// exists reports whether an endpoint has a consumer. That it has is remembered
// for a few seconds.
func (d *Dispatcher) exists(ctx context.Context, token string) (bool, error) {
	if d.elsewhere.has(token) {
		return true, nil
	}
	err := persist(ctx, "look up the endpoint", func(ctx context.Context) error {
		_, err := d.out.Consumer(ctx, token)
		return err
	})
	if errors.Is(err, jetstream.ErrConsumerNotFound) {
		return false, nil
	}
	if err == nil {
		d.elsewhere.put(token)
	}
	return err == nil, err
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
