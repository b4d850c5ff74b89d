package embedded_test

import (
	"bytes"
	"log/slog"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/alertwire/alertwire/callback"
	"github.com/alertwire/alertwire/callback/callbacktest"
	"github.com/alertwire/alertwire/callback/dispatch"
	"github.com/alertwire/alertwire/callback/dispatch/dispatchnats"
)

// refusing returns a dispatcher with an endpoint that refuses everything, and
// three messages that it has refused.
func refusing(t *testing.T) (*dispatchnats.Dispatcher, *callbacktest.Recorder) {
	t.Helper()
	ctx := t.Context()
	var ends outcomes
	d := open(t, t.TempDir(), quick(dispatchnats.Options{Observe: ends.observe}))
	r := &callbacktest.Recorder{Answer: callbacktest.Fail(callbacktest.Failure(503), callbacktest.Failure(404))}
	require.NoError(t, d.Add(ctx, "ops", r, dispatch.EndpointOptions{
		Concurrency: 1, Breaker: off, Retry: callback.RetryPolicy{Base: time.Millisecond},
	}))
	for n := range 3 {
		require.NoError(t, d.Dispatch(ctx, message("k", n)))
		ends.await(t, message("k", n).ID)
	}
	return d.Dispatcher, r
}

func TestALetterIsToldInTheLog(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	var log bytes.Buffer // of one message, whose end is awaited
	var ends outcomes
	d := open(t, t.TempDir(), quick(dispatchnats.Options{Observe: ends.observe, Logger: slog.New(slog.NewTextHandler(&log, nil))}))
	require.NoError(t, d.Add(ctx, "ops", &callbacktest.Recorder{Answer: callbacktest.Fail(callbacktest.Failure(404))}, dispatch.EndpointOptions{}))
	require.NoError(t, d.Dispatch(ctx, message("k", 7)))
	ends.await(t, "k-7")
	assert.Contains(t, log.String(), `level=WARN msg="dispatchnats has given a message up" endpoint=ops message_id=k-7 reason=`)
}

func TestDeadLetterHasItsHistory(t *testing.T) {
	t.Parallel()
	d, _ := refusing(t)
	all := letters(t, d.Dead("ops"))
	require.Len(t, all, 3)
	l := all[0]
	assert.Equal(t, "ops", l.Endpoint)
	assert.Equal(t, message("k", 0), l.Message)
	assert.Equal(t, 2, l.Attempts)
	assert.Contains(t, l.Reason, "404")
	assert.True(t, l.Readable)
	assert.WithinDuration(t, time.Now(), l.Died, time.Minute)
	assert.WithinDuration(t, l.Died, l.Accepted, time.Minute)
	require.Len(t, l.History, 2)
	assert.Equal(t, []int{503, 404}, []int{l.History[0].Status, l.History[1].Status})
	assert.Equal(t, []callback.Class{callback.ClassServer, callback.ClassClient}, []callback.Class{l.History[0].Class, l.History[1].Class})
	assert.Equal(t, 2, l.History[1].Number)

	same, err := d.Dead("ops").Get(t.Context(), l.ID)
	require.NoError(t, err)
	assert.Equal(t, l, same)
	assert.Len(t, letters(t, d.Dead("")), 3, "of all endpoints")
	assert.Empty(t, letters(t, d.Dead("others")))
	_, err = d.Dead("others").Get(t.Context(), l.ID)
	require.ErrorIs(t, err, dispatchnats.ErrNoLetter)
	_, err = d.Dead("ops").Get(t.Context(), 0)
	require.ErrorIs(t, err, dispatchnats.ErrNoLetter)
}

// TestReplay replays twice at once: what was published before is not taken for a
// repeat of the first.
func TestReplay(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	d, r := refusing(t)
	before := len(r.IDs())
	first := letters(t, d.Dead("ops"))[0]
	for range 2 {
		require.NoError(t, d.Dead("ops").Replay(ctx, letters(t, d.Dead("ops"))[0].ID))
		eventually(t, func() bool { return len(letters(t, d.Dead("ops"))) == 3 }, "it does not come back")
	}
	got := r.Messages()[before:]
	require.Len(t, got, 2)
	assert.Equal(t, "k-0", got[0].ID, "the ID stays, so that the receiver can drop a repeat")
	assert.Equal(t, "k-1", got[1].ID)
	require.ErrorIs(t, d.Dead("ops").Replay(ctx, first.ID), dispatchnats.ErrNoLetter)
	for _, l := range letters(t, d.Dead("ops"))[1:] {
		assert.Equal(t, 1, l.Attempts, "they begin anew")
	}
}

func TestReplayAllAndDrop(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	d, _ := refusing(t)
	n, err := d.Dead("ops").ReplayAll(ctx)
	require.NoError(t, err)
	assert.Equal(t, 3, n)
	eventually(t, func() bool { return len(letters(t, d.Dead("ops"))) == 3 }, "they do not come back")

	l := letters(t, d.Dead("ops"))[1]
	require.ErrorIs(t, d.Dead("others").Drop(ctx, l.ID), dispatchnats.ErrNoLetter)
	require.NoError(t, d.Dead("ops").Drop(ctx, l.ID))
	require.ErrorIs(t, d.Dead("ops").Drop(ctx, l.ID), dispatchnats.ErrNoLetter)
	assert.Len(t, letters(t, d.Dead("ops")), 2)
	n, err = d.Dead("").DropAll(ctx)
	require.NoError(t, err)
	assert.Equal(t, 2, n)
	assert.Empty(t, letters(t, d.Dead("")))
}

func TestReplayNeedsTheEndpoint(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	d, _ := refusing(t)
	require.NoError(t, d.Remove(ctx, "ops"))
	l := letters(t, d.Dead("ops"))[0]
	require.ErrorIs(t, d.Dead("ops").Replay(ctx, l.ID), dispatch.ErrUnknown)
	assert.Len(t, letters(t, d.Dead("ops")), 3, "it stays")
}

func TestDeadLettersHaveAnAge(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	var ends outcomes
	d := open(t, t.TempDir(), quick(dispatchnats.Options{Observe: ends.observe, DeadAge: time.Second}))
	require.NoError(t, d.Add(ctx, "ops", &callbacktest.Recorder{Answer: callbacktest.Fail(callbacktest.Failure(404))}, dispatch.EndpointOptions{}))
	require.NoError(t, d.Dispatch(ctx, message("k", 0)))
	ends.await(t, "k-0")
	eventually(t, func() bool { return len(letters(t, d.Dead("ops"))) == 0 }, "it is kept")
}
