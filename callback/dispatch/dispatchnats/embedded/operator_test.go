package embedded_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats.go/jetstream"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/alertwire/alertwire/callback/callbacktest"
	"github.com/alertwire/alertwire/callback/dispatch"
	"github.com/alertwire/alertwire/callback/dispatch/dispatchnats"
)

// TestOperatorSeesAllQueues looks at endpoints in every state, most of which
// the process that looks has never heard of.
func TestOperatorSeesAllQueues(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	var ends outcomes
	d := open(t, t.TempDir(), quick(dispatchnats.Options{Observe: ends.observe}))
	op, err := dispatchnats.Attach(ctx, d.Conn(), dispatchnats.Options{})
	require.NoError(t, err)
	none, err := op.Queues(ctx)
	require.NoError(t, err)
	assert.Empty(t, none)

	before := time.Now()
	var s stage
	require.NoError(t, d.Add(ctx, "busy", &s, dispatch.EndpointOptions{Concurrency: 2}))
	for n := range 5 {
		require.NoError(t, d.Dispatch(ctx, message("b", n), "busy"))
	}
	var first stage
	require.NoError(t, d.Add(ctx, "in order", &first, dispatch.EndpointOptions{Order: dispatch.Strict}))
	for n := range 3 {
		require.NoError(t, d.Dispatch(ctx, message("o", n), "in order"))
	}
	later := callbacktest.Fail(unavailable(time.Hour))
	require.NoError(t, d.Add(ctx, "later", &callbacktest.Recorder{Answer: later}, dispatch.EndpointOptions{Breaker: off}))
	require.NoError(t, d.Dispatch(ctx, message("l", 0), "later"))
	refuse := &callbacktest.Recorder{Answer: callbacktest.Fail(callbacktest.Failure(404))}
	for _, name := range []string{"dead", "removed"} {
		require.NoError(t, d.Add(ctx, name, refuse, dispatch.EndpointOptions{Breaker: off}))
		require.NoError(t, d.Dispatch(ctx, message(name, 0), name))
		ends.await(t, message(name, 0).ID)
	}
	require.NoError(t, d.Remove(ctx, "removed"))

	var got []dispatchnats.Queue
	eventually(t, func() bool {
		got, err = op.Queues(ctx)
		require.NoError(t, err)
		for i := range got {
			if !got[i].Oldest.IsZero() {
				assert.WithinRange(t, got[i].Oldest, before, time.Now())
				got[i].Oldest = before
			}
		}
		return assert.ObjectsAreEqual([]dispatchnats.Queue{
			{Endpoint: "busy", Waiting: 3, InHand: 2, Oldest: before},
			{Endpoint: "dead", Dead: 1},
			{Endpoint: "in order", InHand: 3, Oldest: before},
			{Endpoint: "later", Retrying: 1, Oldest: before},
			{Endpoint: "removed", Dead: 1, Removed: true},
		}, got)
	}, "%v", &got)
	same, err := d.Queues(ctx)
	require.NoError(t, err)
	assert.Len(t, same, len(got))
}

// TestOperatorSeesWhatHasNoQueue loses the queue of an endpoint: its messages
// wait for it to be added again.
func TestOperatorSeesWhatHasNoQueue(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	dir := t.TempDir()
	d := open(t, dir, quick(dispatchnats.Options{}))
	require.NoError(t, d.Add(ctx, "ops", &stage{}, dispatch.EndpointOptions{}))
	for n := range 3 {
		require.NoError(t, d.Dispatch(ctx, message("k", n)))
	}
	shut(t, d)
	d = open(t, dir, quick(dispatchnats.Options{}))
	js, err := jetstream.New(d.Conn(), patient)
	require.NoError(t, err)
	require.NoError(t, js.DeleteConsumer(ctx, "alertwire_OUT", "ops"))

	op, err := dispatchnats.Attach(ctx, d.Conn(), dispatchnats.Options{})
	require.NoError(t, err)
	got, err := op.Queues(ctx)
	require.NoError(t, err)
	require.Len(t, got, 1)
	got[0].Oldest = time.Time{}
	assert.Equal(t, dispatchnats.Queue{Endpoint: "ops", Waiting: 3, Removed: true}, got[0])
}

// TestOperatorMakesNothing looks where nothing is.
func TestOperatorMakesNothing(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	d := open(t, t.TempDir(), quick(dispatchnats.Options{}))
	_, err := dispatchnats.Attach(ctx, d.Conn(), dispatchnats.Options{Prefix: "other"})
	require.ErrorIs(t, err, dispatchnats.ErrNoStore)
	assert.EqualError(t, err, `dispatchnats: there are no queues of that prefix: "other"`)
	js, err := jetstream.New(d.Conn(), patient)
	require.NoError(t, err)
	_, err = js.Stream(ctx, "other_OUT")
	require.ErrorIs(t, err, jetstream.ErrStreamNotFound)

	_, err = dispatchnats.Attach(ctx, d.Conn(), dispatchnats.Options{Prefix: "a.b"})
	require.ErrorContains(t, err, "prefix")
	for _, which := range []string{"OUT", "RETRY", "DEAD", "SLOT"} {
		name := fmt.Sprintf("foreign_%s", which)
		_, err = js.CreateStream(ctx, jetstream.StreamConfig{Name: name, Subjects: []string{name + ".>"}})
		require.NoError(t, err)
	}
	_, err = dispatchnats.Attach(ctx, d.Conn(), dispatchnats.Options{Prefix: "foreign"})
	require.ErrorIs(t, err, dispatchnats.ErrForeign)

	ended, cancel := context.WithCancel(ctx)
	cancel()
	_, err = dispatchnats.Attach(ended, d.Conn(), dispatchnats.Options{})
	require.ErrorIs(t, err, context.Canceled)
}

// TestOperatorReplays hands a letter back to the process that works the queue
// off, and drops another.
func TestOperatorReplays(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	var ends outcomes
	d := open(t, t.TempDir(), quick(dispatchnats.Options{Observe: ends.observe}))
	refuse := &callbacktest.Recorder{Answer: callbacktest.Fail(callbacktest.Failure(404))}
	require.NoError(t, d.Add(ctx, "ops", refuse, dispatch.EndpointOptions{Breaker: off}))
	for n := range 3 {
		require.NoError(t, d.Dispatch(ctx, message("k", n)))
		ends.await(t, message("k", n).ID)
	}
	op, err := dispatchnats.Attach(ctx, d.Conn(), dispatchnats.Options{})
	require.NoError(t, err)
	dead := op.Dead("ops")
	all := letters(t, dead)
	require.Len(t, all, 3)

	var r callbacktest.Recorder
	require.NoError(t, d.Add(ctx, "ops", &r, dispatch.EndpointOptions{Breaker: off}))
	require.NoError(t, dead.Replay(ctx, all[1].ID))
	eventually(t, func() bool { return len(r.IDs()) > 0 }, "it was not delivered")
	assert.Equal(t, all[1].Message.ID, r.IDs()[0])
	require.NoError(t, dead.Drop(ctx, all[0].ID))
	left := letters(t, dead)
	require.Len(t, left, 1)
	assert.Equal(t, all[2].ID, left[0].ID)
}

// TestNewest lists letters, more than fit into one answer of the engine.
func TestNewest(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	const n = 1100
	d := open(t, t.TempDir(), quick(dispatchnats.Options{}))
	refuse := &callbacktest.Recorder{Answer: callbacktest.Fail(callbacktest.Failure(404))}
	o := dispatch.EndpointOptions{Concurrency: 16, Queue: 2 * n, Breaker: off}
	for _, name := range []string{"ops", "others"} {
		require.NoError(t, d.Add(ctx, name, refuse, o))
	}
	var wg sync.WaitGroup
	for k := range 10 {
		wg.Go(func() {
			for i := range n / 10 {
				assert.NoError(t, d.Dispatch(ctx, message(fmt.Sprint(k), i), "ops"))
			}
		})
	}
	wg.Wait()
	require.NoError(t, d.Dispatch(ctx, message("k", 0), "others"))
	eventually(t, func() bool {
		q, err := d.Queues(ctx)
		require.NoError(t, err)
		return q[0].Dead == n && q[1].Dead == 1
	}, "they did not die")

	all := letters(t, d.Dead("ops"))
	for i := range all {
		assert.NotEmpty(t, all[i].Message.Body)
		all[i].Message.Body = nil
	}
	for _, most := range []int{0, 1, n - 1, n, n + 1} {
		got, of, err := d.Dead("ops").Newest(ctx, most)
		require.NoError(t, err)
		assert.Equal(t, n, of)
		want := all
		if most > 0 && most < n {
			want = all[n-most:]
		}
		assert.Equal(t, want, got, "%d", most)
	}
	got, of, err := d.Dead("").Newest(ctx, 1)
	require.NoError(t, err)
	assert.Equal(t, n+1, of)
	assert.Len(t, got, 1)
	got, of, err = d.Dead("nobody").Newest(ctx, 1)
	require.NoError(t, err)
	assert.Zero(t, of)
	assert.Empty(t, got)

	js, err := jetstream.New(d.Conn(), patient)
	require.NoError(t, err)
	s, err := js.Stream(ctx, "alertwire_DEAD")
	require.NoError(t, err)
	assert.Zero(t, s.CachedInfo().State.Consumers, "nothing stays behind")
	ended, cancel := context.WithCancel(ctx)
	cancel()
	_, _, err = d.Dead("ops").Newest(ended, 1)
	require.ErrorIs(t, err, context.Canceled)
	_, _, err = d.Dead(strings.Repeat("x", 65)).Newest(ctx, 1)
	require.ErrorContains(t, err, "the most is 64")
}
