package embedded_test

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/alertwire/alertwire/callback"
	"github.com/alertwire/alertwire/callback/callbacktest"
	"github.com/alertwire/alertwire/callback/dispatch"
	"github.com/alertwire/alertwire/callback/dispatch/dispatchnats"
	"github.com/alertwire/alertwire/callback/dispatch/dispatchnats/embedded"
)

const (
	soon = 2 * time.Minute // only a test that fails waits for so long
	tick = 10 * time.Millisecond
)

// patient is for requests to a server on a machine that is busy.
var patient = jetstream.WithDefaultTimeout(soon)

var allOrders = []dispatch.Order{dispatch.None, dispatch.Latest, dispatch.Strict}

// quick are options for tests: what they test does not depend on the fsync,
// which is slow where CI runs.
func quick(o dispatchnats.Options) embedded.Options {
	return embedded.Options{NoSync: true, Engine: o}
}

// open opens a store and shuts it down when the test ends.
func open(t testing.TB, dir string, o embedded.Options) *embedded.Dispatcher {
	t.Helper()
	d, err := embedded.Open(t.Context(), dir, o)
	require.NoError(t, err)
	t.Cleanup(func() { shut(t, d) })
	return d
}

// shut shuts a dispatcher down without waiting for what is queued.
func shut(t testing.TB, d dispatch.Dispatcher) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	left, _ := d.Shutdown(ctx)
	assert.Empty(t, left)
}

// peer opens a further dispatcher on the server of d, as another process would.
func peer(t testing.TB, nc *nats.Conn, o dispatchnats.Options) *dispatchnats.Dispatcher {
	t.Helper()
	d, err := dispatchnats.Open(t.Context(), nc, o)
	require.NoError(t, err)
	t.Cleanup(func() { shut(t, d) })
	return d
}

// off is a breaker that never opens.
var off = callback.BreakerPolicy{Off: true}

// message returns the n-th message of a key.
func message(key string, n int) callback.Message {
	return callback.Message{ID: fmt.Sprintf("%s-%d", key, n), Key: key, Body: []byte(fmt.Sprintf(`{"n":%d}`, n))}
}

// An outcomes collects what became of messages. Its observe is Options.Observe.
type outcomes struct {
	mu  sync.Mutex
	got map[string]dispatch.Outcome
}

func (o *outcomes) observe(out dispatch.Outcome) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.got == nil {
		o.got = map[string]dispatch.Outcome{}
	}
	o.got[out.Message.ID] = out
}

func (o *outcomes) of(id string) dispatch.Outcome {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.got[id]
}

// await waits for the end of a message.
func (o *outcomes) await(t testing.TB, id string) dispatch.Outcome {
	t.Helper()
	eventually(t, func() bool { return o.of(id).Result != "" }, "no end of %s", id)
	return o.of(id)
}

// eventually waits until ok says so. Unlike that of testify it asks in the
// goroutine of the test, which may end there.
func eventually(t testing.TB, ok func() bool, format string, args ...any) {
	t.Helper()
	for end := time.Now().Add(soon); !ok(); pause(t.Context(), tick) {
		if time.Now().After(end) {
			require.Fail(t, fmt.Sprintf(format, args...))
		}
	}
}

// stats returns the numbers of an endpoint.
func stats(t testing.TB, d dispatch.Dispatcher, name string) dispatch.EndpointStats {
	t.Helper()
	all, err := d.Stats(t.Context())
	require.NoError(t, err)
	for _, s := range all {
		if s.Name == name {
			return s
		}
	}
	return dispatch.EndpointStats{}
}

// A stage is a Caller whose calls wait until they are told what to answer.
type stage struct {
	mu    sync.Mutex
	calls []*scene
	most  int // calls at once
	now   int
}

type scene struct {
	m      callback.Message
	answer chan error
}

func (s *stage) Call(ctx context.Context, m callback.Message) (callback.Reply, error) {
	c := &scene{m, make(chan error, 1)}
	s.mu.Lock()
	s.calls = append(s.calls, c)
	s.now++
	s.most = max(s.most, s.now)
	s.mu.Unlock()
	defer func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.now--
	}()
	select {
	case err := <-c.answer:
		return callback.Reply{Status: http.StatusOK, Attempts: 1}, err
	case <-ctx.Done():
		return callback.Reply{}, ctx.Err()
	}
}

// await returns the n-th call, counted from 0.
func (s *stage) await(t testing.TB, n int) *scene {
	t.Helper()
	eventually(t, func() bool { return s.count() > n }, "call %d did not come", n)
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.calls[n]
}

func (s *stage) count() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.calls)
}

// unavailable is an answer that says to wait.
func unavailable(wait time.Duration) error {
	e := callbacktest.Failure(http.StatusServiceUnavailable)
	e.RetryAfter = wait
	return e
}

// queued returns how many messages wait in the streams, for whomever.
func queued(t testing.TB, nc *nats.Conn) int {
	t.Helper()
	js, err := jetstream.New(nc, patient)
	require.NoError(t, err)
	n := 0
	for stream, subject := range map[string]string{
		"alertwire_OUT": "alertwire.out.>", "alertwire_RETRY": "alertwire.*.>",
	} {
		s, err := js.Stream(t.Context(), stream)
		require.NoError(t, err)
		info, err := s.Info(t.Context(), jetstream.WithSubjectFilter(subject))
		require.NoError(t, err)
		for subject := range info.State.Subjects {
			if !strings.HasPrefix(subject, "alertwire.hold.") {
				n++
			}
		}
	}
	return n
}
