package dispatch_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/alertwire/alertwire/callback"
	"github.com/alertwire/alertwire/callback/dispatch"
)

var (
	errPasses = &callback.Error{Class: callback.ClassServer, Status: 503, Attempts: 1, Reason: callback.ErrGaveUp}
	errFinal  = &callback.Error{Class: callback.ClassClient, Status: 400, Attempts: 1, Reason: callback.ErrRefused}
	errGone   = &callback.Error{Class: callback.ClassGone, Status: 410, Attempts: 1, Reason: callback.ErrGone}
	errPlain  = errors.New("something else")
)

// newMemory returns a dispatcher that the test shuts down.
func newMemory(t testing.TB, o dispatch.MemoryOptions) *dispatch.Memory {
	t.Helper()
	d, err := dispatch.NewMemory(o)
	require.NoError(t, err)
	t.Cleanup(func() {
		ctx, cancel := context.WithCancel(context.Background())
		cancel()
		_, _ = d.Shutdown(ctx)
	})
	return d
}

func add(t testing.TB, d *dispatch.Memory, name string, c callback.Caller, o dispatch.EndpointOptions) {
	t.Helper()
	require.NoError(t, d.Add(t.Context(), name, c, o))
}

func message(id, key string) callback.Message {
	return callback.Message{ID: id, Key: key, Body: []byte(`{}`)}
}

// stats returns the numbers of one endpoint, and checks that they add up.
func stats(t testing.TB, d *dispatch.Memory, name string) dispatch.EndpointStats {
	t.Helper()
	all, err := d.Stats(t.Context())
	require.NoError(t, err)
	for _, s := range all {
		requireSum(t, s)
		if s.Name == name {
			return s
		}
	}
	require.Fail(t, "no such endpoint", name)
	return dispatch.EndpointStats{}
}

func requireSum(t testing.TB, s dispatch.EndpointStats) {
	t.Helper()
	sum := s.Delivered + s.Failed + s.Dropped + s.Returned + uint64(s.Queued) + uint64(s.InFlight)
	require.Equal(t, s.Accepted, sum, "accepted is not the sum: %+v", s)
}

// A log is a Caller that writes down which messages came, and answers each with
// what answer returns for it and the number of calls with its ID.
type log struct {
	answer func(ctx context.Context, m callback.Message, n int) error

	mu    sync.Mutex
	ids   []string
	calls map[string]int
	times []time.Duration // since the first
	first time.Time
	now   int // in flight
	most  int
}

func (l *log) Call(ctx context.Context, m callback.Message) (callback.Reply, error) {
	l.mu.Lock()
	if l.calls == nil {
		l.calls, l.first = map[string]int{}, time.Now()
	}
	l.ids = append(l.ids, m.ID)
	l.times = append(l.times, time.Since(l.first))
	l.calls[m.ID]++
	n := l.calls[m.ID]
	l.now++
	l.most = max(l.most, l.now)
	l.mu.Unlock()

	var err error
	if l.answer != nil {
		err = l.answer(ctx, m, n)
	}

	l.mu.Lock()
	l.now--
	l.mu.Unlock()
	return callback.Reply{Status: 200, Attempts: 1}, err
}

func (l *log) seen() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return append([]string(nil), l.ids...)
}

// hold returns an answer that waits until release is called or the call is
// cancelled, and succeeds.
func hold() (answer func(context.Context, callback.Message, int) error, release func()) {
	ch := make(chan struct{})
	return func(ctx context.Context, _ callback.Message, _ int) error {
		select {
		case <-ch:
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	}, sync.OnceFunc(func() { close(ch) })
}

func fails(err error) func(context.Context, callback.Message, int) error {
	return func(context.Context, callback.Message, int) error { return err }
}
