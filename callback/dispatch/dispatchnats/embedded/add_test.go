package embedded_test

import (
	"context"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/alertwire/alertwire/callback"
	"github.com/alertwire/alertwire/callback/dispatch"
	"github.com/alertwire/alertwire/callback/dispatch/dispatchnats"
)

// accepts is an endpoint that takes everything.
var accepts = callback.CallerFunc(func(context.Context, callback.Message) (callback.Reply, error) {
	return callback.Reply{Status: 200, Attempts: 1}, nil
})

// A watched context tells that somebody waits for its end.
type watched struct {
	context.Context
	once sync.Once
	seen chan struct{}
}

func (w *watched) Done() <-chan struct{} {
	w.once.Do(func() { close(w.seen) })
	return w.Context.Done()
}

// TestAddAfterOneThatFails adds an endpoint while somebody else tries to, in
// vain: what is there then is known to the dispatcher that serves it.
func TestAddAfterOneThatFails(t *testing.T) {
	n := alone(t)
	d := peer(t, connect(t, addresses(n)), dispatchnats.Options{})
	n.kill()
	impatient, stop := context.WithTimeout(t.Context(), 500*time.Millisecond)
	defer stop()
	begun := &watched{Context: impatient, seen: make(chan struct{})}
	first, second := make(chan error, 1), make(chan error, 1)
	go func() { first <- d.Add(begun, "a", accepts, dispatch.EndpointOptions{}) }()
	go func() {
		<-begun.seen // from here on the first one waits for the server
		second <- d.Add(t.Context(), "a", accepts, dispatch.EndpointOptions{})
	}()
	require.ErrorIs(t, <-first, dispatchnats.ErrUnavailable)
	n.start(t)
	require.NoError(t, <-second)
	require.NoError(t, d.Dispatch(t.Context(), message("k", 1)))
	eventually(t, func() bool { return stats(t, d, "a").Delivered == 1 }, "it was not dispatched to all")
}

// TestNobodyWaitsLongerThanItsContext changes an endpoint while somebody else
// does, who waits for a server that is not there.
func TestNobodyWaitsLongerThanItsContext(t *testing.T) {
	t.Parallel()
	n := alone(t)
	d := peer(t, connect(t, addresses(n)), dispatchnats.Options{})
	require.NoError(t, d.Add(t.Context(), "a", accepts, dispatch.EndpointOptions{}))
	n.kill()
	begun := &watched{Context: t.Context(), seen: make(chan struct{})}
	first := make(chan error, 1)
	go func() { first <- d.Add(begun, "a", accepts, dispatch.EndpointOptions{Concurrency: 5}) }()
	<-begun.seen // from here on the first one waits for the server

	for name, change := range map[string]func(context.Context) error{
		"add":    func(ctx context.Context) error { return d.Add(ctx, "a", accepts, dispatch.EndpointOptions{}) },
		"remove": func(ctx context.Context) error { return d.Remove(ctx, "a") },
	} {
		impatient, stop := context.WithTimeoutCause(t.Context(), tick, assert.AnError)
		err := change(impatient)
		stop()
		require.ErrorIs(t, err, assert.AnError)
		assert.EqualError(t, err, `dispatchnats: `+name+` "a": it is being changed already: `+assert.AnError.Error())
	}
	select {
	case err := <-first:
		t.Fatal("it was the first one that gave up: ", err)
	default:
	}
	n.start(t)
	require.NoError(t, <-first)
	require.NoError(t, d.Dispatch(t.Context(), message("k", 1)))
	eventually(t, func() bool { return stats(t, d, "a").Delivered == 1 }, "it was not left as it is")
}

// TestAddWhileOthersDispatch adds an endpoint again that was removed, while
// messages are dispatched to it: none of them is taken for a sign that another
// process has removed it.
func TestAddWhileOthersDispatch(t *testing.T) {
	var ends outcomes
	d := open(t, t.TempDir(), quick(dispatchnats.Options{Observe: ends.observe}))
	for round := range 60 {
		over := make(chan struct{})
		var busy sync.WaitGroup
		for range 4 {
			busy.Go(func() {
				for {
					select {
					case <-over:
						return
					default:
						_ = d.Dispatch(t.Context(), callback.Message{ID: "early"})
					}
				}
			})
		}
		err := d.Add(t.Context(), "a", accepts, dispatch.EndpointOptions{})
		close(over)
		busy.Wait()
		require.NoError(t, err)
		m := message("k", round)
		require.NoError(t, d.Dispatch(t.Context(), m))
		assert.Equal(t, dispatch.Delivered, ends.await(t, m.ID).Result)
		require.NoError(t, d.Remove(t.Context(), "a"))
	}
}

// TestClassOfAnyLength puts the largest message aside for a Caller that has much
// to say about what went wrong.
func TestClassOfAnyLength(t *testing.T) {
	const payload, most = 128 << 10, 88 << 10 // the rest is for headers
	n := &node{Name: "alone", Dir: t.TempDir(), Port: freePorts(t, 1)[0], MaxPayload: payload}
	n.start(t)
	d := peer(t, connect(t, addresses(n)), dispatchnats.Options{})
	require.NoError(t, d.Add(t.Context(), "a", callback.CallerFunc(
		func(context.Context, callback.Message) (callback.Reply, error) {
			err := unavailable(tick).(*callback.Error)
			err.Class = callback.Class(strings.Repeat("ä", 20_000))
			return callback.Reply{}, err
		}), dispatch.EndpointOptions{
		Breaker: off, Retry: callback.RetryPolicy{Attempts: 3, Waits: []time.Duration{tick}},
	}))
	require.NoError(t, d.Dispatch(t.Context(), callback.Message{ID: "m", Body: make([]byte, most)}))
	var letters []dispatchnats.Letter
	eventually(t, func() bool {
		var err error
		letters, _, err = d.Dead("a").Newest(t.Context(), 0)
		require.NoError(t, err)
		return len(letters) == 1
	}, "it was not given up")
	l, err := d.Dead("a").Get(t.Context(), letters[0].ID)
	require.NoError(t, err)
	assert.Len(t, l.Message.Body, most)
	assert.Equal(t, 3, l.Attempts)
	require.Len(t, l.History, 3)
	assert.Equal(t, callback.Class(strings.Repeat("ä", 32)), l.History[2].Class)
}
