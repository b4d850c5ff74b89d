package callback_test

import (
	"bytes"
	"context"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/alertwire/alertwire/callback"
	"github.com/alertwire/alertwire/callback/callbacktest"
)

func TestContextsEndCalls(t *testing.T) {
	srv := callbacktest.NewServer(t, callbacktest.Hang())
	w := hook(t, callback.Config{URL: srv.URL}, callback.Options{})

	ctx, cancel := context.WithCancel(t.Context())
	go func() { srv.Await(1); cancel() }()
	_, err := w.Call(ctx, message)
	require.ErrorIs(t, err, context.Canceled)
	assert.Equal(t, callback.ClassCancelled, failed(t, err).Class)
	assert.Equal(t, 1, failed(t, err).Attempts)

	_, err = w.Call(ctx, message)
	require.ErrorIs(t, err, context.Canceled)
	assert.Zero(t, failed(t, err).Attempts, "nothing went out")

	ctx, cancel = context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	_, err = w.Call(ctx, message)
	require.ErrorIs(t, err, context.DeadlineExceeded)
	assert.Equal(t, callback.ClassDeadline, failed(t, err).Class)

	_, err = hook(t, callback.Config{URL: srv.URL, Timeout: 20 * time.Millisecond}, callback.Options{}).Call(t.Context(), message)
	require.ErrorIs(t, err, callback.ErrGaveUp)
	assert.Equal(t, callback.ClassTimeout, failed(t, err).Class)
	assert.Equal(t, "callback: call "+srv.URL+": timeout: gave up: no complete answer within 20ms", err.Error())
}

// What net/http does with the body of a request that was answered early must
// not race with the next use of it.
func TestBodyIsSharedAndNeverModified(t *testing.T) {
	srv := callbacktest.NewServer(t)
	body := bytes.Repeat([]byte("x"), 300_000)
	var wg sync.WaitGroup
	for range 8 {
		w := hook(t, callback.Config{URL: srv.URL}, callback.Options{})
		wg.Go(func() {
			_, err := w.Call(t.Context(), callback.Message{Body: body})
			assert.NoError(t, err)
		})
	}
	wg.Wait()
	assert.Equal(t, bytes.Repeat([]byte("x"), 300_000), body)
}
