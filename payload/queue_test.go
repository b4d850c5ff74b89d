package payload_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/alertwire/alertwire/payload"
)

func TestQueue(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var worked []int
		q := payload.NewQueue(2, func(_ context.Context, n int) {
			time.Sleep(time.Minute)
			worked = append(worked, n)
		})
		began := time.Now()
		for n := range 2 {
			_, err := q.Accept(t.Context(), n)
			require.NoError(t, err)
		}
		assert.Equal(t, 2, q.Len())
		var retry *payload.RetryError
		_, err := q.Accept(t.Context(), 9)
		require.ErrorAs(t, err, &retry, "full")

		ran := make(chan error)
		go func() { ran <- q.Run(t.Context()) }()
		synctest.Wait()
		_, err = q.Accept(t.Context(), 2)
		require.NoError(t, err, "one is being worked on, so there is room")
		assert.Zero(t, time.Since(began), "Accept never waits")

		q.Close()
		q.Close()
		_, err = q.Accept(t.Context(), 9)
		require.ErrorAs(t, err, &retry, "closed")
		require.NoError(t, <-ran)
		assert.Equal(t, []int{0, 1, 2}, worked, "what was accepted is worked on")
	})
}

func TestQueueRunEndsWithItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cause := errors.New("cause")
		ctx, cancel := context.WithCancelCause(t.Context())
		q := payload.NewQueue(0, func(ctx context.Context, _ int) { <-ctx.Done() })
		_, err := q.Accept(ctx, 1)
		require.NoError(t, err, "the least size is one")
		ran := make(chan error)
		go func() { ran <- q.Run(ctx) }()
		synctest.Wait()
		_, err = q.Accept(ctx, 2)
		require.NoError(t, err)
		cancel(cause)
		require.ErrorIs(t, <-ran, cause)
		assert.Equal(t, 1, q.Len(), "the rest stays")
		require.ErrorIs(t, q.Run(ctx), cause)
	})
}

func TestZeroQueueIsFull(t *testing.T) {
	var q payload.Queue[int]
	_, err := q.Accept(t.Context(), 1)
	var again *payload.RetryError
	require.ErrorAs(t, err, &again)
	q.Close()
	q.Close()
}
