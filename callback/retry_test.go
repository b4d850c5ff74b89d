package callback_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/alertwire/alertwire/callback"
	"github.com/alertwire/alertwire/callback/callbacktest"
)

// always draws the longest wait, nearly.
func always() float64 { return 1 }

func ExampleRetry() {
	var receiver callbacktest.Recorder // stands for a webhook
	receiver.Answer = callbacktest.Fail(callbacktest.Failure(503), nil)

	c := callback.Decorate(&receiver, callback.Retry(callback.RetryPolicy{
		Attempts: 3,
		Base:     10 * time.Millisecond,
	}))
	reply, err := c.Call(context.Background(), callback.Message{ID: "msg_1"})
	fmt.Println(reply.Status, reply.Attempts, err)
	// Output: 200 2 <nil>
}

func ExampleRetryPolicy_Next() {
	p := callback.RetryPolicy{Waits: []time.Duration{10 * time.Second, 30 * time.Second}}
	for attempt := range 4 {
		fmt.Println(p.Next(attempt+1, errors.New("connection lost")))
	}
	// Output:
	// 10s true
	// 30s true
	// 30s true
	// 0s false
}

func TestRetryVerdicts(t *testing.T) {
	extra := callback.RetryPolicy{Statuses: []int{404}}
	status := func(code int) error { return callbacktest.Failure(code) }
	foreign := func(code int) error { return &callback.Error{Status: code} }
	reason := func(err error) error { return &callback.Error{Reason: err, Attempts: 1} }
	tests := []struct {
		name   string
		policy callback.RetryPolicy
		err    error
		want   bool
	}{
		{"accepted", callback.RetryPolicy{}, nil, false},
		{"300", callback.RetryPolicy{}, status(300), false},
		{"307", callback.RetryPolicy{}, status(307), false},
		{"400", callback.RetryPolicy{}, status(400), false},
		{"401", callback.RetryPolicy{}, status(401), false},
		{"404", callback.RetryPolicy{}, status(404), false},
		{"408", callback.RetryPolicy{}, status(408), true},
		{"410", callback.RetryPolicy{}, status(410), false},
		{"425", callback.RetryPolicy{}, status(425), true},
		{"429", callback.RetryPolicy{}, status(429), true},
		{"500", callback.RetryPolicy{}, status(500), true},
		{"501", callback.RetryPolicy{}, status(501), false},
		{"503", callback.RetryPolicy{}, status(503), true},
		{"599", callback.RetryPolicy{}, status(599), true},
		{"404 by a setting", extra, status(404), true},
		{"400 beside a setting", extra, status(400), false},
		{"429 without a reason", callback.RetryPolicy{}, foreign(429), true},
		{"501 without a reason", callback.RetryPolicy{}, foreign(501), false},
		{"nothing at all", callback.RetryPolicy{}, &callback.Error{}, true},
		{"blocked", callback.RetryPolicy{}, reason(callback.ErrBlocked), false},
		{"open breaker", callback.RetryPolicy{}, reason(callback.ErrOpen), true},
		{"dropped", callback.RetryPolicy{}, reason(callback.ErrDropped), false},
		{"cancelled", callback.RetryPolicy{}, reason(context.Canceled), false},
		{"cancelled, plain", callback.RetryPolicy{}, context.Canceled, false},
		{"deadline, plain", callback.RetryPolicy{}, fmt.Errorf("x: %w", context.DeadlineExceeded), false},
		{"foreign", callback.RetryPolicy{}, errors.New("x"), true},
		{"wrapped", callback.RetryPolicy{}, fmt.Errorf("x: %w", status(400)), false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, ok := tt.policy.Next(1, tt.err)
			assert.Equal(t, tt.want, ok)
		})
	}
}

func TestRetryWaits(t *testing.T) {
	advised := func(d time.Duration) error {
		return &callback.Error{Reason: callback.ErrGaveUp, RetryAfter: d}
	}
	none := advised(0)
	policy := callback.RetryPolicy{
		Attempts: math.MaxInt, Base: time.Second, Factor: 3, Cap: 20 * time.Second, Rand: always,
	}
	with := func(change func(*callback.RetryPolicy)) callback.RetryPolicy {
		p := policy
		change(&p)
		return p
	}
	tests := []struct {
		name    string
		policy  callback.RetryPolicy
		attempt int
		err     error
		want    time.Duration
	}{
		{"first", policy, 1, none, time.Second},
		{"second", policy, 2, none, 3 * time.Second},
		{"third", policy, 3, none, 9 * time.Second},
		{"capped", policy, 4, none, 20 * time.Second},
		{"zero counts as one", policy, 0, none, time.Second},
		{"negative counts as one", policy, -5, none, time.Second},
		{"advice postpones", policy, 1, advised(7 * time.Second), 7 * time.Second},
		{"advice does not hurry", policy, 3, advised(time.Second), 9 * time.Second},
		{"advice is capped", policy, 1, advised(time.Hour), 20 * time.Second},
		{"negative advice", policy, 1, advised(-time.Hour), time.Second},
		{"defaults", callback.RetryPolicy{Rand: always}, 2, none, 2 * time.Second},
		{"default cap", callback.RetryPolicy{Attempts: 100, Rand: always}, 99, none, time.Minute},
		{"random", with(func(p *callback.RetryPolicy) { p.Rand = func() float64 { return 0.5 } }), 2, none, 1500 * time.Millisecond},
		{"random below", with(func(p *callback.RetryPolicy) { p.Rand = func() float64 { return -3 } }), 2, none, 0},
		{"random above", with(func(p *callback.RetryPolicy) { p.Rand = func() float64 { return 3 } }), 2, none, 3 * time.Second},
		{"random above the longest time there is", callback.RetryPolicy{Attempts: 9, Base: math.MaxInt64, Cap: math.MaxInt64, Rand: always}, 2, none, math.MaxInt64},
		{"random nonsense", with(func(p *callback.RetryPolicy) { p.Rand = math.NaN }), 2, none, 0},
		{"listed", callback.RetryPolicy{Waits: []time.Duration{5, 6}}, 1, none, 5},
		{"listed, last repeats", callback.RetryPolicy{Waits: []time.Duration{5, 6}}, 3, none, 6},
		{"listed, longer than the default cap", callback.RetryPolicy{Waits: []time.Duration{time.Hour}}, 1, none, time.Hour},
		{"listed, capped", callback.RetryPolicy{Waits: []time.Duration{time.Hour}, Cap: time.Minute}, 1, none, time.Minute},
		{"listed, postponed", callback.RetryPolicy{Waits: []time.Duration{5}}, 1, advised(time.Second), time.Second},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, ok := tt.policy.Next(tt.attempt, tt.err)
			require.True(t, ok)
			assert.Equal(t, tt.want, got)
		})
	}
}

func TestRetryAttemptsAreCounted(t *testing.T) {
	for _, tt := range []struct {
		attempts, last int
	}{{0, 3}, {1, 0}, {2, 1}, {7, 6}} {
		p := callback.RetryPolicy{Attempts: tt.attempts}
		_, ok := p.Next(tt.last, errors.New("x"))
		assert.Equal(t, tt.last > 0, ok, "attempt %d of %d", tt.last, tt.attempts)
		_, ok = p.Next(tt.last+1, errors.New("x"))
		assert.False(t, ok, "attempt %d of %d", tt.last+1, tt.attempts)
	}
}

// No policy that Validate lets through waits less than nothing, more than its
// cap, or longer in all than its budget.
func TestRetryBoundsHoldForAnyInput(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 2))
	duration := func() time.Duration { return time.Duration(rnd.Int64()) >> rnd.IntN(63) }
	for range 100_000 {
		p := callback.RetryPolicy{
			Attempts: 1 + rnd.IntN(1<<rnd.IntN(30)), Base: duration(),
			Factor: 1 + rnd.ExpFloat64()*100, Cap: duration(), Rand: rnd.Float64,
		}
		if rnd.IntN(4) == 0 {
			p.Base, p.Factor, p.Waits = 0, 0, []time.Duration{duration(), duration()}
		}
		require.NoError(t, p.Validate())
		most := p.Cap
		if most == 0 {
			most = time.Minute
			for _, w := range p.Waits {
				most = max(most, w)
			}
		}
		err := &callback.Error{Reason: callback.ErrGaveUp, RetryAfter: duration() * time.Duration(rnd.IntN(3)-1)}
		wait, ok := p.Next(rnd.IntN(1<<30), err)
		if wait < 0 || wait > most || (!ok && wait != 0) {
			t.Fatalf("%v after %+v", wait, p)
		}
	}
}
