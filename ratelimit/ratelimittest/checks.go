package ratelimittest

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/alertwire/alertwire/ratelimit"
)

var checks = []check{
	{"admits the burst and no more", burst},
	{"tells when the cost will fit", retryAfter},
	{"refills", refills},
	{"keeps a burst that is not the rate", otherBurst},
	{"keeps what a key owes when its rate changes", otherRate},
	{"takes a cost whole or not at all", cost},
	{"spends all limits or none", allOrNone},
	{"tells which limits refuse", eachByItself},
	{"asks without spending", peek},
	{"asks several without spending", peekSeveral},
	{"refuses what can never fit", oversize},
	{"refuses what has no meaning", invalid},
	{"allows nothing at the zero rate", zeroRate},
	{"tells keys and names apart", keys},
	{"leaves the requests alone", untouched},
	{"admits exactly among many callers", concurrent},
	{"spends all or none among many callers", concurrentAll},
	{"resets one key", resets},
}

// hourly is a rate at which a test sees next to no refill.
func hourly(burst int) ratelimit.Rate {
	return ratelimit.Rate{Events: burst, Per: time.Hour}
}

// take asks, and wants an answer.
func (h *harness) take(reqs ...ratelimit.Request) []ratelimit.Decision {
	h.Helper()
	out := make([]ratelimit.Decision, len(reqs))
	require.NoError(h, h.Take(context.Background(), reqs, out))
	return out
}

// left returns what a bucket holds.
func (h *harness) left(r ratelimit.Request) int {
	h.Helper()
	r.N = 0
	return h.take(r)[0].Remaining
}

func burst(h *harness) {
	for i := range 10 {
		d := h.take(h.request("", 10, 1))[0]
		require.True(h, d.OK, "event %d of 10 was refused", i+1)
		require.Equal(h, 10, d.Limit)
		require.Equal(h, 9-i, d.Remaining)
		require.Zero(h, d.RetryAfter)
		require.False(h, d.Degraded)
		require.Greater(h, d.Reset, time.Duration(i)*6*time.Minute)
		require.LessOrEqual(h, d.Reset, time.Duration(i+1)*6*time.Minute)
	}
	for range 3 {
		d := h.take(h.request("", 10, 1))[0]
		require.False(h, d.OK, "event 11 of 10 was admitted")
		require.Equal(h, 10, d.Limit)
		require.Zero(h, d.Remaining)
	}
}

func retryAfter(h *harness) {
	h.take(h.request("", 10, 9))
	d := h.take(h.request("", 10, 3))[0]
	require.False(h, d.OK)
	assert.Equal(h, 1, d.Remaining)
	assert.Greater(h, d.RetryAfter, 6*time.Minute, "of two events more")
	assert.LessOrEqual(h, d.RetryAfter, 12*time.Minute)
	assert.Greater(h, d.Reset, 48*time.Minute)
	assert.LessOrEqual(h, d.Reset, 54*time.Minute)
}

func refills(h *harness) {
	l, err := ratelimit.New(ratelimit.Rate{Events: 1, Per: 5 * time.Millisecond}, ratelimit.Options{Store: h.Store})
	require.NoError(h, err)
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	for range 4 {
		require.NoError(h, l.Wait(ctx, h.key))
	}
}

func otherBurst(h *harness) {
	small := ratelimit.Request{Name: "test", Key: h.key + "small", N: 1, Rate: ratelimit.Rate{Events: 60, Per: time.Hour, Burst: 2}}
	large := ratelimit.Request{Name: "test", Key: h.key + "large", N: 20, Rate: ratelimit.Rate{Events: 4, Per: time.Hour, Burst: 20}}

	assert.Equal(h, ratelimit.Decision{OK: true, Limit: 2, Remaining: 1}, rough(h.take(small)[0]))
	assert.Equal(h, ratelimit.Decision{OK: true, Limit: 2}, rough(h.take(small)[0]))
	d := h.take(small)[0]
	assert.Equal(h, ratelimit.Decision{Limit: 2}, rough(d))
	assert.LessOrEqual(h, d.RetryAfter, time.Minute)
	assert.LessOrEqual(h, d.Reset, 2*time.Minute)

	d = h.take(large)[0]
	assert.Equal(h, ratelimit.Decision{OK: true, Limit: 20}, rough(d))
	assert.Greater(h, d.Reset, 4*time.Hour)
	assert.LessOrEqual(h, d.Reset, 5*time.Hour)
}

func otherRate(h *harness) {
	h.take(h.request("", 10, 10))
	d := h.take(h.request("", 20, 0))[0]
	assert.Equal(h, 20, d.Limit)
	assert.Less(h, d.Remaining, 20, "a key had its events back because its rate was changed")
	h.take(h.request("more", 20, 1))
	assert.Less(h, h.left(h.request("more", 10, 0)), 10)
}

func cost(h *harness) {
	assert.Equal(h, ratelimit.Decision{OK: true, Limit: 10, Remaining: 3}, rough(h.take(h.request("", 10, 7))[0]))
	assert.Equal(h, ratelimit.Decision{Limit: 10, Remaining: 3}, rough(h.take(h.request("", 10, 4))[0]))
	assert.Equal(h, ratelimit.Decision{OK: true, Limit: 10}, rough(h.take(h.request("", 10, 3))[0]))
	assert.Equal(h, ratelimit.Decision{OK: true, Limit: 10}, rough(h.take(h.request(" all", 10, 10))[0]))
}

func allOrNone(h *harness) {
	a, b := h.request("a", 5, 1), h.request("b", 2, 1)
	for range 2 {
		ds := h.take(a, b)
		require.True(h, ds[0].OK && ds[1].OK)
	}
	for range 4 {
		ds := h.take(a, b)
		require.False(h, ds[1].OK)
		ds = h.take(b, a) // whichever comes first
		require.False(h, ds[0].OK)
	}
	assert.Equal(h, 3, h.left(a), "a was charged for what b refused")
	assert.Equal(h, 0, h.left(b))
}

func eachByItself(h *harness) {
	a, b, c := h.request("a", 5, 2), h.request("b", 1, 1), h.request("c", 9, 3)
	h.take(b)
	ds := h.take(a, b, c)
	assert.Equal(h, ratelimit.Decision{OK: true, Limit: 5, Remaining: 5}, rough(ds[0]))
	assert.Equal(h, ratelimit.Decision{Limit: 1}, rough(ds[1]))
	assert.NotZero(h, ds[1].RetryAfter)
	assert.Equal(h, ratelimit.Decision{OK: true, Limit: 9, Remaining: 9}, rough(ds[2]))
}

func peek(h *harness) {
	for range 3 {
		assert.Equal(h, ratelimit.Decision{OK: true, Limit: 2, Remaining: 2}, h.take(h.request("", 2, 0))[0])
	}
	h.take(h.request("", 2, 1))
	for range 3 {
		assert.Equal(h, ratelimit.Decision{OK: true, Limit: 2, Remaining: 1}, rough(h.take(h.request("", 2, 0))[0]))
	}
	h.take(h.request("", 2, 1))
	d := h.take(h.request("", 2, 0))[0]
	assert.Equal(h, ratelimit.Decision{Limit: 2}, rough(d))
	assert.Greater(h, d.RetryAfter, time.Duration(0), "of one event")
	assert.LessOrEqual(h, d.RetryAfter, 30*time.Minute)
}

func peekSeveral(h *harness) {
	a, b := h.request("a", 5, 0), h.request("b", 2, 0)
	h.take(a, b)
	a.N = 1 // one is charged, the other asked
	h.take(a, b)
	assert.Equal(h, 4, h.left(a))
	assert.Equal(h, 2, h.left(b))
	h.take(h.request("b", 2, 2))
	assert.False(h, h.take(a, b)[1].OK)
	assert.Equal(h, 4, h.left(a), "a was charged although b is empty")
}

func oversize(h *harness) {
	out := make([]ratelimit.Decision, 2)
	reqs := []ratelimit.Request{h.request("a", 5, 5), h.request("b", 2, 3)}
	require.ErrorIs(h, h.Take(context.Background(), reqs, out), ratelimit.ErrOversize)
	require.ErrorIs(h, h.Take(context.Background(), reqs[1:], out), ratelimit.ErrOversize)
	assert.Equal(h, 5, h.left(reqs[0]))
	assert.Equal(h, 2, h.left(reqs[1]))
}

func invalid(h *harness) {
	good := h.request("good", 5, 1)
	bad := map[string]ratelimit.Request{
		"negative cost":   h.request("bad", 5, -1),
		"negative events": {Key: h.key, Rate: ratelimit.Rate{Events: -5, Per: time.Hour}, N: 1},
		"negative time":   {Key: h.key, Rate: ratelimit.Rate{Events: 5, Per: -time.Hour}, N: 1},
		"no time":         {Key: h.key, Rate: ratelimit.Rate{Events: 5}, N: 1},
		"negative burst":  {Key: h.key, Rate: ratelimit.Rate{Events: 5, Per: time.Hour, Burst: -1}, N: 1},
		"overflow":        {Key: h.key, Rate: ratelimit.Rate{Events: 1, Per: 1 << 62, Burst: 4}, N: 1},
		"same bucket":     good,
	}
	out := make([]ratelimit.Decision, 2)
	for name, r := range bad {
		require.ErrorIs(h, h.Take(context.Background(), []ratelimit.Request{good, r}, out), ratelimit.ErrInvalid, name)
	}
	assert.Equal(h, 5, h.left(good))
}

func zeroRate(h *harness) {
	r := ratelimit.Request{Name: "test", Key: h.key, N: 1}
	out := make([]ratelimit.Decision, 1)
	require.ErrorIs(h, h.Take(context.Background(), []ratelimit.Request{r}, out), ratelimit.ErrOversize)
	r.N = 0
	assert.Equal(h, ratelimit.Decision{}, h.take(r)[0])
}

func keys(h *harness) {
	rate := hourly(1)
	long := string(make([]byte, 10_000))
	reqs := []ratelimit.Request{
		{Name: "", Key: h.key, Rate: rate, N: 1},
		{Name: "a", Key: h.key, Rate: rate, N: 1},
		{Name: "b", Key: h.key, Rate: rate, N: 1},
		{Name: "", Key: "a" + h.key, Rate: rate, N: 1},
		{Name: "a", Key: h.key + ":", Rate: rate, N: 1},
		{Name: "a", Key: h.key + "{b}", Rate: rate, N: 1},
		{Name: "a", Key: h.key + "}", Rate: rate, N: 1},
		{Name: "a", Key: h.key + "\x00\r\n", Rate: rate, N: 1},
		{Name: "a", Key: h.key + "\xff", Rate: rate, N: 1},
		{Name: "a", Key: h.key + "ключ", Rate: rate, N: 1},
		{Name: "a", Key: h.key + "Ключ", Rate: rate, N: 1},
		// Databases like to take these for a key above, or for each other.
		{Name: "a", Key: h.key + " ", Rate: rate, N: 1},
		{Name: "a", Key: h.key + "\u00e9", Rate: rate, N: 1},
		{Name: "a", Key: h.key + "e\u0301", Rate: rate, N: 1},
		{Name: "a", Key: h.key + "Ab", Rate: rate, N: 1},
		{Name: "a", Key: h.key + "aB", Rate: rate, N: 1},
		{Name: "a", Key: h.key + long, Rate: rate, N: 1},
		{Name: "a", Key: h.key + long + "x", Rate: rate, N: 1},
		{Name: "a." + "b", Key: h.key, Rate: rate, N: 1},
		{Name: "a/b-_", Key: h.key, Rate: rate, N: 1},
	}
	for _, r := range reqs {
		require.True(h, h.take(r)[0].OK, "name %q, key %.100q: shares a bucket with another key", r.Name, r.Key)
	}
	for _, r := range reqs {
		require.False(h, h.take(r)[0].OK, "name %q, key %.100q: was not remembered", r.Name, r.Key)
	}
	empty := ratelimit.Request{Name: "test", Key: "", Rate: rate} // any other test may use it too
	h.take(empty)
}

func untouched(h *harness) {
	reqs := []ratelimit.Request{h.request("a", 1, 1), h.request("b", 2, 2)}
	want := []ratelimit.Request{reqs[0], reqs[1]}
	out := make([]ratelimit.Decision, 3)
	for range 2 {
		require.NoError(h, h.Take(context.Background(), reqs, out))
		assert.Equal(h, want, reqs)
		assert.Zero(h, out[2], "wrote more decisions than there are requests")
	}
}

// callers ask at the same time, and report how many times all were OK.
func callers(h *harness, n, each int, reqs func(caller int) []ratelimit.Request) int {
	var group sync.WaitGroup
	var admitted atomic.Int64
	errs := make([]error, n)
	for i := range n {
		group.Go(func() {
			out := make([]ratelimit.Decision, 2)
			for range each {
				rs := reqs(i)
				err := h.Take(context.Background(), rs, out)
				errs[i] = errors.Join(errs[i], err)
				if err == nil && out[0].OK && out[len(rs)-1].OK {
					admitted.Add(1)
				}
			}
		})
	}
	group.Wait()
	require.NoError(h, errors.Join(errs...))
	return int(admitted.Load())
}

func concurrent(h *harness) {
	admitted := callers(h, 8, 50, func(int) []ratelimit.Request {
		return []ratelimit.Request{h.request("", 100, 1)}
	})
	assert.Equal(h, 100, admitted)
}

func concurrentAll(h *harness) {
	key := [...]string{"0", "1", "2", "3", "4", "5", "6", "7"}
	admitted := callers(h, len(key), 50, func(i int) []ratelimit.Request {
		reqs := []ratelimit.Request{h.request(key[i], 60, 1), h.request("all", 100, 1)}
		if i%2 > 0 {
			reqs[0], reqs[1] = reqs[1], reqs[0]
		}
		return reqs
	})
	assert.Equal(h, 100, admitted)
	spent := 0
	for _, k := range key {
		spent += 60 - h.left(h.request(k, 60, 0))
	}
	assert.Equal(h, 100, spent, "the limits do not agree on what was spent")
}

func resets(h *harness) {
	s, ok := h.Store.(interface {
		Reset(ctx context.Context, name, key string) error
	})
	if !ok {
		return
	}
	a, b := h.request("a", 3, 3), h.request("b", 3, 3)
	h.take(a, b)
	require.NoError(h, s.Reset(context.Background(), a.Name, a.Key))
	require.NoError(h, s.Reset(context.Background(), a.Name, h.key+"never seen"))
	assert.Equal(h, 3, h.left(a))
	assert.Equal(h, 0, h.left(b))
	assert.True(h, h.take(a)[0].OK)
}

// rough is d without its durations, which depend on the time that passes.
func rough(d ratelimit.Decision) ratelimit.Decision {
	d.Reset, d.RetryAfter = 0, 0
	return d
}
