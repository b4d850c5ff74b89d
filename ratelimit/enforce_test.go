package ratelimit_test

import (
	"errors"
	"math"
	"net/http"
	"net/http/httptest"
	"strconv"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/alertwire/alertwire/ratelimit"
)

var accept = http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusAccepted) })

// limited returns a handler that accepts what one limit by address admits.
func limited(tb testing.TB, rate ratelimit.Rate, o ratelimit.EnforceOptions) http.Handler {
	tb.Helper()
	l := newLimiter(tb, rate, ratelimit.Options{})
	return ratelimit.Enforce(o, ratelimit.Limit{Name: "ip", Limiter: l, Key: ratelimit.RemoteIP})(accept)
}

func serve(h http.Handler, r *http.Request) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

func post() *http.Request { return httptest.NewRequest(http.MethodPost, "/webhook", nil) }

// Whatever refuses, the other limit is not charged, and the headers tell of the
// one that matters.
func TestEnforceSeveralLimits(t *testing.T) {
	byMethod := func(r *http.Request) (string, error) { return r.Method, nil }
	stores := map[string]func() ratelimit.Store{
		"own Memories": func() ratelimit.Store { return nil },
		"one Memory":   func() func() ratelimit.Store { m := new(ratelimit.Memory); return func() ratelimit.Store { return m } }(),
		"one remote": func() func() ratelimit.Store {
			m := new(ratelimit.Memory)
			return func() ratelimit.Store { return remote{m} }
		}(),
	}
	for name, store := range stores {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				method := newLimiter(t, ratelimit.Rate{Events: 3, Per: time.Minute}, ratelimit.Options{Store: store(), Name: "method"})
				all := newLimiter(t, ratelimit.Rate{Events: 5, Per: time.Hour}, ratelimit.Options{Store: store(), Name: "all"})
				h := ratelimit.Enforce(ratelimit.EnforceOptions{Problem: true},
					ratelimit.Limit{Limiter: method, Key: byMethod},
					ratelimit.Limit{Limiter: all, Key: ratelimit.Everyone})(accept)
				ask := func(method, wantLimit, wantRemaining string, wantStatus int) *httptest.ResponseRecorder {
					t.Helper()
					w := serve(h, httptest.NewRequest(method, "/", nil))
					assert.Equal(t, wantStatus, w.Code)
					assert.Equal(t, wantLimit, w.Header().Get("X-RateLimit-Limit"))
					assert.Equal(t, wantRemaining, w.Header().Get("X-RateLimit-Remaining"))
					assert.Equal(t, `"method";q=3;w=60, "all";q=5;w=3600`, w.Header().Get("RateLimit-Policy"))
					return w
				}
				ask("GET", "3", "2", 202)
				ask("GET", "3", "1", 202)
				ask("GET", "3", "0", 202)
				for range 3 {
					w := ask("GET", "3", "0", 429)
					assert.Equal(t, "20", w.Header().Get("Retry-After"))
					assert.Contains(t, w.Body.String(), `"violated-policies":["method"]`)
				}
				ask("PUT", "5", "1", 202)
				ask("PUT", "5", "0", 202)
				for range 3 {
					w := ask("PUT", "5", "0", 429)
					assert.Equal(t, "720", w.Header().Get("Retry-After"))
					assert.Equal(t, `"all";r=0;t=720`, w.Header().Get("RateLimit"))
					assert.Contains(t, w.Body.String(), `"violated-policies":["all"]`)
				}
				d, err := method.Take(t.Context(), "PUT", 0)
				require.NoError(t, err)
				assert.Equal(t, 1, d.Remaining, "charged for what the other limit refused")
				w := ask("GET", "5", "0", 429) // both refuse, and the longer wait is told
				assert.Equal(t, "720", w.Header().Get("Retry-After"))
				assert.Contains(t, w.Body.String(), `"violated-policies":["method","all"]`)
			})
		})
	}
}

func TestEnforceMemoryAndRemote(t *testing.T) {
	far := new(ratelimit.Memory)
	asked := 0
	counting := takeFunc(func(reqs []ratelimit.Request, out []ratelimit.Decision) error {
		asked++
		return far.Take(t.Context(), reqs, out)
	})
	near := newLimiter(t, ratelimit.Rate{Events: 2, Per: time.Hour}, ratelimit.Options{Name: "near"})
	wide := newLimiter(t, ratelimit.Rate{Events: 3, Per: time.Hour}, ratelimit.Options{Store: counting})
	h := ratelimit.Enforce(ratelimit.EnforceOptions{},
		ratelimit.Limit{Name: "wide", Limiter: wide, Key: ratelimit.Everyone},
		ratelimit.Limit{Limiter: near, Key: ratelimit.RemoteIP})(accept)
	other := post()
	other.RemoteAddr = "198.51.100.1:1"

	assert.Equal(t, 202, serve(h, post()).Code)
	assert.Equal(t, 202, serve(h, post()).Code)
	assert.Equal(t, 2, asked)
	w := serve(h, post())
	assert.Equal(t, 429, w.Code)
	assert.Equal(t, "2", w.Header().Get("X-RateLimit-Limit"))
	assert.Equal(t, 2, asked, "the other store was asked although this process refuses")

	assert.Equal(t, 202, serve(h, other).Code)
	w = serve(h, other)
	assert.Equal(t, 429, w.Code)
	assert.Equal(t, "3", w.Header().Get("X-RateLimit-Limit"))
	d, err := near.Take(t.Context(), "198.51.100.1", 0)
	require.NoError(t, err)
	assert.Equal(t, 1, d.Remaining, "charged for what the other store refused")
}

func TestEnforceCost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var reason error
		h := limited(t, ratelimit.Rate{Events: 10, Per: time.Hour}, ratelimit.EnforceOptions{
			Cost:     func(r *http.Request) int { n, _ := strconv.Atoi(r.URL.Query().Get("n")); return n },
			OnReject: func(_ *http.Request, err error) { reason = err },
		})
		ask := func(n int) *httptest.ResponseRecorder {
			reason = nil
			return serve(h, httptest.NewRequest("POST", "/?n="+strconv.Itoa(n), nil))
		}
		w := ask(4)
		assert.Equal(t, 202, w.Code)
		assert.Equal(t, "6", w.Header().Get("X-RateLimit-Remaining"))

		time.Sleep(time.Nanosecond)
		w = ask(7)
		assert.Equal(t, 429, w.Code)
		assert.Equal(t, "360", w.Header().Get("Retry-After"))
		assert.Equal(t, `"ip";r=0;t=360`, w.Header().Get("RateLimit"), "promises more than the policy")
		require.ErrorIs(t, reason, ratelimit.ErrLimited)

		w = ask(11) // more than ever fits
		assert.Equal(t, 429, w.Code)
		assert.Empty(t, w.Header().Values("Retry-After"))
		assert.Equal(t, `{"detail":"Rate limit exceeded."}`, w.Body.String())
		assert.Equal(t, "6", w.Header().Get("X-RateLimit-Remaining"))
		require.ErrorIs(t, reason, ratelimit.ErrOversize)

		w = ask(-1)
		assert.Equal(t, 400, w.Code)
		assert.Equal(t, `{"detail":"Bad request."}`, w.Body.String())
		require.ErrorIs(t, reason, ratelimit.ErrInvalid)

		for range 20 {
			assert.Equal(t, 202, ask(0).Code)
		}
		assert.Equal(t, 202, ask(6).Code)
		w = ask(0)
		assert.Equal(t, 429, w.Code, "an empty bucket admits what costs nothing")
		assert.Equal(t, "360", w.Header().Get("Retry-After"))
	})
}

func TestEnforceOversizeOfOneOfTwo(t *testing.T) {
	small := newLimiter(t, ratelimit.Rate{Events: 2, Per: time.Hour}, ratelimit.Options{})
	large := newLimiter(t, ratelimit.Rate{Events: 100, Per: time.Hour}, ratelimit.Options{Store: remote{new(ratelimit.Memory)}, Name: "large"})
	h := ratelimit.Enforce(ratelimit.EnforceOptions{Cost: func(*http.Request) int { return 3 }},
		ratelimit.Limit{Name: "large", Limiter: large, Key: ratelimit.Everyone},
		ratelimit.Limit{Name: "small", Limiter: small, Key: ratelimit.Everyone})(accept)
	w := serve(h, post())
	assert.Equal(t, 429, w.Code)
	assert.Equal(t, "2", w.Header().Get("X-RateLimit-Limit"))
	assert.Equal(t, `"small";r=2;t=3600`, w.Header().Get("RateLimit"))
	assert.Empty(t, w.Header().Get("Retry-After"))
	d, err := large.Take(t.Context(), "everyone", 0)
	require.NoError(t, err)
	assert.Equal(t, 100, d.Remaining)
}

func TestEnforceRateFor(t *testing.T) {
	rates := map[string]ratelimit.Rate{"GET": {Events: 50, Per: time.Minute}, "PUT": {Events: 7, Per: time.Hour}}
	l := newLimiter(t, perMinute, ratelimit.Options{
		RateFor: func(key string) ratelimit.Rate { return rates[key] },
		Exempt:  func(key string) bool { return key == "HEAD" },
	})
	var reason error
	h := ratelimit.Enforce(ratelimit.EnforceOptions{OnReject: func(_ *http.Request, err error) { reason = err }},
		ratelimit.Limit{Name: "a", Limiter: l, Key: func(r *http.Request) (string, error) { return r.Method, nil }})(accept)

	w := serve(h, httptest.NewRequest("GET", "/", nil))
	assert.Equal(t, "50", w.Header().Get("X-RateLimit-Limit"))
	assert.Equal(t, `"a";q=50;w=60`, w.Header().Get("RateLimit-Policy"))
	w = serve(h, httptest.NewRequest("PUT", "/", nil))
	assert.Equal(t, "7", w.Header().Get("X-RateLimit-Limit"))
	assert.Equal(t, `"a";q=7;w=3600`, w.Header().Get("RateLimit-Policy"))
	w = serve(h, httptest.NewRequest("HEAD", "/", nil))
	assert.Equal(t, 202, w.Code)
	assert.Empty(t, w.Header())
	w = serve(h, httptest.NewRequest("DELETE", "/", nil)) // the zero rate
	assert.Equal(t, 429, w.Code)
	assert.Empty(t, w.Header().Get("Retry-After"))
	assert.Equal(t, `"a";r=0`, w.Header().Get("RateLimit"))
	require.ErrorIs(t, reason, ratelimit.ErrOversize)
}

func TestEnforceFailOpen(t *testing.T) {
	down := errors.New("connection refused")
	var failed error
	rejected := 0
	o := ratelimit.EnforceOptions{
		FailOpen: true,
		OnFail:   func(_ *http.Request, err error) { failed = err },
		OnReject: func(*http.Request, error) { rejected++ },
	}
	l := newLimiter(t, perMinute, ratelimit.Options{Store: broken{down}})
	limit := ratelimit.Limit{Limiter: l, Key: ratelimit.Everyone}
	w := serve(ratelimit.Enforce(o, limit)(accept), post())
	assert.Equal(t, 202, w.Code)
	assert.Empty(t, w.Header())
	require.ErrorIs(t, failed, down)
	assert.Zero(t, rejected)

	o.FailOpen = false
	assert.Equal(t, 503, serve(ratelimit.Enforce(o, limit)(accept), post()).Code)
	assert.Equal(t, 1, rejected)

	o.FailOpen = true // is not open to nonsense
	o.Cost = func(*http.Request) int { return -1 }
	assert.Equal(t, 400, serve(ratelimit.Enforce(o, limit)(accept), post()).Code)
	o.Cost = func(*http.Request) int { return 101 }
	healthy := ratelimit.Limit{Limiter: newLimiter(t, perMinute, ratelimit.Options{}), Key: ratelimit.Everyone}
	assert.Equal(t, 429, serve(ratelimit.Enforce(o, healthy)(accept), post()).Code)
}

func TestEnforcePanicsOnMistakes(t *testing.T) {
	l := newLimiter(t, perMinute, ratelimit.Options{})
	shared := new(ratelimit.Memory)
	a := newLimiter(t, perMinute, ratelimit.Options{Store: shared})
	b := newLimiter(t, perMinute, ratelimit.Options{Store: shared})
	far1 := newLimiter(t, perMinute, ratelimit.Options{Store: remote{new(ratelimit.Memory)}})
	far2 := newLimiter(t, perMinute, ratelimit.Options{Store: remote{new(ratelimit.Memory)}})
	key := ratelimit.Everyone
	tests := []struct {
		name   string
		want   string
		limits []ratelimit.Limit
	}{
		{"no limits", "ratelimit: Enforce: no limits", nil},
		{"no limiter", `ratelimit: Enforce: limit 0 "x" needs a Limiter and a Key`, []ratelimit.Limit{{Name: "x", Key: key}}},
		{"zero limiter", `ratelimit: Enforce: limit 0 "x" needs a Limiter and a Key`, []ratelimit.Limit{{Name: "x", Limiter: new(ratelimit.Limiter), Key: key}}},
		{"no key", `ratelimit: Enforce: limit 0 "x" needs a Limiter and a Key`, []ratelimit.Limit{{Name: "x", Limiter: l}}},
		{"bad name", `ratelimit: Enforce: ratelimit: invalid name "a b"`, []ratelimit.Limit{{Name: "a b", Limiter: l, Key: key}}},
		{"same buckets", `ratelimit: Enforce: two limits named "" in one store`, []ratelimit.Limit{{Limiter: a, Key: key}, {Limiter: b, Key: key}}},
		{"two remote stores", "ratelimit: Enforce: two stores besides Memory", []ratelimit.Limit{{Name: "1", Limiter: far1, Key: key}, {Name: "2", Limiter: far2, Key: key}}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			assert.PanicsWithValue(t, tt.want, func() { ratelimit.Enforce(ratelimit.EnforceOptions{}, tt.limits...) })
		})
	}
	for _, jitter := range []time.Duration{-1, 24*time.Hour + 1, math.MaxInt64} {
		assert.PanicsWithValue(t, "ratelimit: Enforce: jitter is negative or more than a day", func() {
			ratelimit.Enforce(ratelimit.EnforceOptions{Jitter: jitter}, ratelimit.Limit{Limiter: l, Key: key})
		})
	}
	assert.NotPanics(t, func() {
		ratelimit.Enforce(ratelimit.EnforceOptions{}, ratelimit.Limit{Name: "1", Limiter: a, Key: key}, ratelimit.Limit{Name: "2", Limiter: b, Key: key})
	})
}

func TestEnforceManyLimits(t *testing.T) {
	limits := make([]ratelimit.Limit, 10)
	for i := range limits {
		l := newLimiter(t, ratelimit.Rate{Events: 20 - i, Per: time.Hour}, ratelimit.Options{})
		limits[i] = ratelimit.Limit{Limiter: l, Key: ratelimit.Everyone}
	}
	h := ratelimit.Enforce(ratelimit.EnforceOptions{}, limits...)(accept)
	w := serve(h, post())
	assert.Equal(t, 202, w.Code)
	assert.Equal(t, "11", w.Header().Get("X-RateLimit-Limit"))
	assert.Contains(t, w.Header().Get("RateLimit"), `"limit-10"`)
}
