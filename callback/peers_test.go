package callback_test

import (
	"context"
	"errors"
	"math"
	"net/http"
	"strconv"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/alertwire/alertwire/callback"
	"github.com/alertwire/alertwire/callback/callbacktest"
)

// The tests of this file are named after defects of other senders of webhooks,
// which are said in their comments.

// hurried returns a webhook for the script with a Retry that waits milliseconds.
func hurried(t *testing.T, p callback.RetryPolicy, script ...http.HandlerFunc) (callback.Caller, *callbacktest.Server) {
	t.Helper()
	srv := callbacktest.NewServer(t, script...)
	hook, err := callback.New(callback.Config{URL: srv.URL}, callback.Options{})
	require.NoError(t, err)
	p.Waits = []time.Duration{time.Millisecond}
	return callback.Retry(p)(hook), srv
}

// go-retryablehttp: 9223372037 seconds become a negative wait, and the next try
// comes at once.
func TestPeersRetryAfterThatOverflowsIsTheCap(t *testing.T) {
	for _, value := range []string{"9223372037", "99999999999999999999999999"} {
		srv := callbacktest.NewServer(t, callbacktest.Answer(503, "", "Retry-After", value))
		hook, err := callback.New(callback.Config{URL: srv.URL}, callback.Options{})
		require.NoError(t, err)
		_, err = hook.Call(t.Context(), callback.Message{})
		wait, ok := callback.RetryPolicy{Cap: 30 * time.Second}.Next(1, err)
		assert.True(t, ok)
		assert.Equal(t, 30*time.Second, wait)
	}
}

// go-retryablehttp: Retry-After: 3600 waits an hour although the longest wait is
// 30 s.
func TestPeersRetryAfterIsCapped(t *testing.T) {
	for _, step := range []http.HandlerFunc{
		callbacktest.RetryAfter(429, 3600), callbacktest.RetryAfterDate(503, time.Hour),
	} {
		srv := callbacktest.NewServer(t, step)
		hook, err := callback.New(callback.Config{URL: srv.URL}, callback.Options{})
		require.NoError(t, err)
		_, err = hook.Call(t.Context(), callback.Message{})
		wait, ok := callback.RetryPolicy{Cap: 30 * time.Second}.Next(1, err)
		assert.True(t, ok)
		assert.Equal(t, 30*time.Second, wait)

		// And no longer than the time that is left: the call ends at once.
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
		_, err = callback.Retry(callback.RetryPolicy{Cap: 30 * time.Second})(hook).Call(ctx, callback.Message{})
		require.NoError(t, ctx.Err())
		cancel()
		var e *callback.Error
		require.ErrorAs(t, err, &e)
		assert.Equal(t, callback.ClassDeadline, e.Class)
		assert.Greater(t, e.RetryAfter, 59*time.Minute, "the advice is handed on as it was")
		assert.Len(t, srv.Requests(), 2)
	}
}

// Nightingale: the body is consumed by the first try, and the others have none.
func TestPeersEveryTryHasTheWholeBody(t *testing.T) {
	c, srv := hurried(t, callback.RetryPolicy{Attempts: 5},
		callbacktest.Status(500), callbacktest.Reset(), callbacktest.Close(), callbacktest.Status(429), callbacktest.Status(200))
	m := callback.Message{ID: "msg_1", Body: []byte(`{"rule":  "CPU <10% & rising"}`)}
	_, err := c.Call(t.Context(), m)
	require.NoError(t, err)
	for _, r := range srv.Await(5) {
		assert.Equal(t, string(m.Body), string(r.Body))
		assert.Equal(t, strconv.Itoa(len(m.Body)), r.Header.Get("Content-Length"))
		assert.Equal(t, "msg_1", r.Header.Get("Webhook-Id"))
	}
}

// Outpost: failures of DNS and of the connection went to the dead letters.
func TestPeersConnectionFailuresAreTriedAgain(t *testing.T) {
	hook, err := callback.New(callback.Config{URL: "http://" + nobody(t)}, callback.Options{})
	require.NoError(t, err)
	attempts := 0
	counting := callback.CallerFunc(func(ctx context.Context, m callback.Message) (callback.Reply, error) {
		attempts++
		return hook.Call(ctx, m)
	})
	p := callback.RetryPolicy{Attempts: 3, Waits: []time.Duration{0}}
	_, err = callback.Retry(p)(counting).Call(t.Context(), callback.Message{})
	var e *callback.Error
	require.ErrorAs(t, err, &e)
	assert.Equal(t, callback.ClassRefused, e.Class)
	assert.Equal(t, 3, attempts)

	for _, class := range []callback.Class{
		callback.ClassDNS, callback.ClassRefused, callback.ClassUnreachable, callback.ClassReset, callback.ClassTimeout, callback.ClassProxy,
	} {
		_, ok := p.Next(1, &callback.Error{Class: class, Reason: callback.ErrGaveUp})
		assert.True(t, ok, class)
	}
}

// Outpost: the power of the backoff overflows for large counts.
func TestPeersTheWaitOfTheMillionthTryIsTheCap(t *testing.T) {
	p := callback.RetryPolicy{Attempts: math.MaxInt, Base: time.Second, Factor: 10, Cap: time.Hour, Rand: always}
	for _, attempt := range []int{63, 64, 1000, 1_000_000, math.MaxInt - 1} {
		wait, ok := p.Next(attempt, errors.New("lost"))
		assert.True(t, ok)
		assert.Equal(t, time.Hour, wait, attempt)
	}
}

// Convoy: a strategy never ended.
func TestPeersEveryStrategyEnds(t *testing.T) {
	for name, p := range map[string]callback.RetryPolicy{
		"default":       {},
		"no waits":      {Attempts: 1000, Waits: []time.Duration{0}},
		"listed":        {Attempts: 1000, Waits: []time.Duration{time.Hour, 24 * time.Hour}},
		"constant":      {Attempts: 1000, Factor: 1},
		"by time":       {Attempts: math.MaxInt, Elapsed: time.Hour},
		"by time, flat": {Attempts: math.MaxInt, Elapsed: time.Minute, Waits: []time.Duration{time.Millisecond}},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var calls int
				c := callback.Retry(p)(callback.CallerFunc(func(context.Context, callback.Message) (callback.Reply, error) {
					calls++
					return callback.Reply{}, callbacktest.Failure(503)
				}))
				start := time.Now()
				_, err := c.Call(t.Context(), callback.Message{})
				require.ErrorIs(t, err, callback.ErrGaveUp)
				assert.LessOrEqual(t, calls, max(p.Attempts, 4))
				if p.Elapsed > 0 {
					assert.LessOrEqual(t, time.Since(start), p.Elapsed)
				}
			})
		})
	}
}

// Alertmanager: 429 is final. Grafana: so is 503. CloudEvents SDK: so is 500.
func TestPeersWhatMayPassIsTriedAgain(t *testing.T) {
	for _, status := range []int{408, 425, 429, 500, 502, 503, 504} {
		c, srv := hurried(t, callback.RetryPolicy{}, callbacktest.Status(status), callbacktest.Status(200))
		reply, err := c.Call(t.Context(), callback.Message{Body: []byte("{}")})
		require.NoError(t, err, status)
		assert.Equal(t, 200, reply.Status)
		assert.Len(t, srv.Requests(), 2)
	}
}

// CloudEvents SDK: a body that is not there, or cannot be read, is a panic.
func TestPeersAnEmptyBodyIsNoPanic(t *testing.T) {
	c, srv := hurried(t, callback.RetryPolicy{}, callbacktest.Status(500), callbacktest.Status(200))
	for range 2 {
		_, err := c.Call(t.Context(), callback.Message{})
		require.NoError(t, err)
	}
	assert.Empty(t, srv.Await(3)[2].Body)
}

// go-retryablehttp: after the last failure its answer is thrown away.
func TestPeersTheLastAnswerIsInTheError(t *testing.T) {
	c, _ := hurried(t, callback.RetryPolicy{Attempts: 2},
		callbacktest.Answer(500, "first"), callbacktest.Answer(503, "database \x1b[31mis down"))
	reply, err := c.Call(t.Context(), callback.Message{})
	require.ErrorIs(t, err, callback.ErrGaveUp)
	var e *callback.Error
	require.ErrorAs(t, err, &e)
	assert.Equal(t, 503, e.Status)
	assert.Equal(t, 2, e.Attempts)
	assert.Contains(t, e.Snippet, "database")
	assert.NotContains(t, e.Snippet, "\x1b")
	assert.Equal(t, 503, reply.Status)
}

// radon: an endpoint that was disabled never recovers by itself.
func TestPeersAnEndpointRecoversByItself(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCircuit(t, callback.BreakerPolicy{Failures: 3, Cooldown: time.Minute})
		_ = c.call(3, callbacktest.Failure(503))
		require.ErrorIs(t, c.call(1, nil), callback.ErrOpen)
		for range 100 { // an outage of a weekend
			time.Sleep(time.Hour)
			_ = c.call(1, callbacktest.Failure(503))
		}
		time.Sleep(time.Minute)
		require.NoError(t, c.call(100, nil), "nobody had to do anything")
		assert.Equal(t, 3+100+100, c.calls)
	})
}
