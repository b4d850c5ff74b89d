package callback_test

import (
	"bytes"
	"context"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/alertwire/alertwire/callback"
	"github.com/alertwire/alertwire/callback/callbacktest"
)

func TestBreakerHeedsRetryAfter(t *testing.T) {
	busy := func(status int, wait time.Duration) error {
		e := callbacktest.Failure(status)
		e.RetryAfter = wait
		return e
	}
	synctest.Test(t, func(t *testing.T) {
		c := newCircuit(t, callback.BreakerPolicy{Cap: time.Minute})
		for _, status := range []int{429, 503} {
			require.NotErrorIs(t, c.call(1, busy(status, 7*time.Second)), callback.ErrOpen)
			time.Sleep(7*time.Second - 1)
			require.ErrorIs(t, c.call(1, nil), callback.ErrOpen)
			time.Sleep(time.Nanosecond)
			require.NoError(t, c.call(1, nil))
		}
		require.NotErrorIs(t, c.call(1, busy(429, time.Hour)), callback.ErrOpen)
		time.Sleep(time.Minute)
		require.NoError(t, c.call(1, nil), "as far as its cap goes")

		require.NotErrorIs(t, c.call(1, busy(500, time.Hour)), callback.ErrOpen)
		require.NoError(t, c.call(1, nil), "other statuses speak of one message")

		_ = c.call(1, busy(429, time.Second))
		time.Sleep(time.Second)
		_ = c.call(1, busy(429, time.Second))
		time.Sleep(time.Second)
		require.NoError(t, c.call(1, nil), "a pause that is asked for twice is not an outage")
	})
}

func TestBreakerGoneIsForGood(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCircuit(t, callback.BreakerPolicy{Cooldown: time.Second})
		require.ErrorIs(t, c.call(1, callbacktest.Failure(410)), callback.ErrGone)
		time.Sleep(time.Hour)
		err := c.call(3, nil)
		require.ErrorIs(t, err, callback.ErrGone)
		var e *callback.Error
		require.ErrorAs(t, err, &e)
		assert.False(t, e.Temporary())
		assert.Equal(t, 1, c.calls)
	})
}

func TestBreakerAndPanic(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		panics := true
		c := callback.Breaker(callback.BreakerPolicy{Failures: 1, Cooldown: time.Second})(
			callback.CallerFunc(func(context.Context, callback.Message) (callback.Reply, error) {
				if panics {
					panic("no")
				}
				return callback.Reply{}, nil
			}))
		require.Panics(t, func() { _, _ = c.Call(t.Context(), callback.Message{}) }, "it is not for the breaker to hide")
		_, err := c.Call(t.Context(), callback.Message{})
		require.ErrorIs(t, err, callback.ErrOpen, "but it counts")
		time.Sleep(time.Second)
		require.Panics(t, func() { _, _ = c.Call(t.Context(), callback.Message{}) }, "the probe")
		time.Sleep(time.Second)
		panics = false
		_, err = c.Call(t.Context(), callback.Message{})
		require.NoError(t, err, "a panic does not keep the place of the probe")
	})
}

func TestBreakerLogsAnOutageOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var buf bytes.Buffer
		logger := slog.New(slog.NewTextHandler(&buf, &slog.HandlerOptions{
			ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
				if a.Key == slog.TimeKey {
					return slog.Attr{}
				}
				return a
			},
		}))
		c := newCircuit(t, callback.BreakerPolicy{Failures: 2, Cooldown: time.Second, Logger: logger})
		busy := callbacktest.Failure(429)
		busy.RetryAfter = time.Second
		_ = c.call(1, busy) // a pause is no outage
		for range 20 {
			time.Sleep(time.Second)
			_ = c.call(3, callbacktest.Failure(503))
		}
		time.Sleep(time.Second)
		require.NoError(t, c.call(5, nil))
		_ = c.call(3, callbacktest.Failure(410))
		assert.Equal(t, strings.Join([]string{
			`level=WARN msg="callback breaker opened" endpoint="" class=server status=503`,
			`level=INFO msg="callback breaker closed" endpoint=""`,
			`level=WARN msg="callback endpoint is gone" endpoint="" class=gone status=410`,
			``,
		}, "\n"), buf.String())
	})
}
