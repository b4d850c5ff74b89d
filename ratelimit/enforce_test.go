package ratelimit_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"path/filepath"
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

// The headers of OnCallM's documentation, those of the draft, and Retry-After.
func TestEnforceHeaders(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := limited(t, ratelimit.Rate{Events: 3, Per: time.Minute}, ratelimit.EnforceOptions{})
		start := time.Now().Unix()
		tests := []struct {
			after            time.Duration
			status           int
			remaining, state string
			reset            int64 // seconds from the start
			retry            string
		}{
			{0, 202, "2", `"ip";r=2;t=40`, 20, ""},
			{0, 202, "1", `"ip";r=1;t=20`, 40, ""},
			{0, 202, "0", `"ip";r=0;t=20`, 60, ""},
			{0, 429, "0", `"ip";r=0;t=20`, 60, "20"},
			{500 * time.Millisecond, 429, "0", `"ip";r=0;t=20`, 60, "20"},
			{19*time.Second + 500*time.Millisecond - 1, 429, "0", `"ip";r=0;t=1`, 60, "1"},
			{1, 202, "0", `"ip";r=0;t=20`, 80, ""},
		}
		for i, tt := range tests {
			time.Sleep(tt.after)
			w := serve(h, post())
			want := http.Header{
				"X-Ratelimit-Limit":     {"3"},
				"X-Ratelimit-Remaining": {tt.remaining},
				"X-Ratelimit-Reset":     {strconv.FormatInt(start+tt.reset, 10)},
				"Ratelimit-Policy":      {`"ip";q=3;w=60`},
				"Ratelimit":             {tt.state},
			}
			if tt.retry != "" {
				want["Retry-After"] = []string{tt.retry}
				want["Content-Type"] = []string{"application/json"}
			}
			require.Equal(t, tt.status, w.Code, "request %d", i)
			require.Equal(t, want, w.Header(), "request %d", i)
		}
	})
}

func TestEnforceResetIsRoundedUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := limited(t, ratelimit.Rate{Events: 3, Per: time.Minute}, ratelimit.EnforceOptions{})
		start := time.Now().Unix()
		time.Sleep(time.Nanosecond)
		assert.Equal(t, strconv.FormatInt(start+21, 10), serve(h, post()).Header().Get("X-RateLimit-Reset"))
	})
}

func TestEnforceBodies(t *testing.T) {
	const tooMany = "https://iana.org/assignments/http-problem-types#quota-exceeded"
	const reduced = "https://iana.org/assignments/http-problem-types#temporary-reduced-capacity"
	unavailable := func(*http.Request) int { return 503 }
	tests := []struct {
		name        string
		options     ratelimit.EnforceOptions
		status      int
		contentType string
		body        string
	}{
		{"OnCallM", ratelimit.EnforceOptions{}, 429, "application/json",
			`{"detail":"Rate limit exceeded. Try again in 60 seconds."}`},
		{"problem", ratelimit.EnforceOptions{Problem: true}, 429, "application/problem+json",
			`{"type":"` + tooMany + `","title":"Too Many Requests","status":429,"detail":"Rate limit exceeded. Try again in 60 seconds.","violated-policies":["ip"]}`},
		{"problem with 503", ratelimit.EnforceOptions{Problem: true, Status: unavailable}, 503, "application/problem+json",
			`{"type":"` + reduced + `","title":"Service Unavailable","status":503,"detail":"Rate limit exceeded. Try again in 60 seconds."}`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				h := limited(t, ratelimit.Rate{Events: 1, Per: time.Minute}, tt.options)
				serve(h, post())
				w := serve(h, post())
				assert.Equal(t, tt.status, w.Code)
				assert.Equal(t, tt.contentType, w.Header().Get("Content-Type"))
				assert.Equal(t, tt.body, w.Body.String())
				assert.Equal(t, "60", w.Header().Get("Retry-After"))
			})
		})
	}
}

func TestEnforceStatus(t *testing.T) {
	always := func(status int) func(*http.Request) int { return func(*http.Request) int { return status } }
	tests := []struct {
		name   string
		agent  string
		status func(*http.Request) int
		want   int
	}{
		{"anybody", "Go-http-client/1.1", nil, 429},
		{"nobody", "", nil, 429},
		{"Alertmanager", "Alertmanager/0.27.0", nil, 503},
		{"Grafana", "Grafana", nil, 503},
		{"somebody else", "NotAlertmanager/1", nil, 429},
		{"Alertmanager, but the operator insists", "Alertmanager/0.27.0", always(429), 429},
		{"chosen", "", always(503), 503},
		{"lowest error", "", always(400), 400},
		{"highest error", "", always(599), 599},
		{"success is none", "", always(200), 429},
		{"redirect is none", "", always(399), 429},
		{"no status", "", always(600), 429},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			h := limited(t, ratelimit.Rate{Events: 1, Per: time.Hour}, ratelimit.EnforceOptions{Status: tt.status})
			r := post()
			r.Header.Set("User-Agent", tt.agent)
			assert.Equal(t, 202, serve(h, r).Code)
			assert.Equal(t, tt.want, serve(h, r).Code)
		})
	}
}

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

func TestEnforceJitterOnlyAdds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := limited(t, ratelimit.Rate{Events: 1, Per: time.Minute}, ratelimit.EnforceOptions{Jitter: 10 * time.Second})
		serve(h, post())
		seen := map[string]bool{}
		for range 300 {
			w := serve(h, post())
			seconds, err := strconv.Atoi(w.Header().Get("Retry-After"))
			require.NoError(t, err)
			require.GreaterOrEqual(t, seconds, 60)
			require.LessOrEqual(t, seconds, 70)
			require.Equal(t, `"ip";r=0;t=60`, w.Header().Get("RateLimit"))
			require.Contains(t, w.Body.String(), fmt.Sprintf("in %d seconds", seconds))
			seen[w.Header().Get("Retry-After")] = true
		}
		assert.Greater(t, len(seen), 3)
	})
}

func TestEnforceReasons(t *testing.T) {
	down := errors.New("connection refused")
	unknown := errors.New("no such tenant")
	good := newLimiter(t, ratelimit.Rate{Events: 1, Per: time.Hour}, ratelimit.Options{})
	tests := []struct {
		name    string
		limit   ratelimit.Limit
		status  int
		retry   string
		body    string
		wantErr error
		limited string
		text    string
	}{
		{"limited", ratelimit.Limit{Name: "ip", Limiter: good, Key: ratelimit.Everyone}, 429, "3600",
			`{"detail":"Rate limit exceeded. Try again in 3600 seconds."}`, ratelimit.ErrLimited, "ip", "ratelimit: limit reached (ip), retry after "},
		{"store fails", ratelimit.Limit{Limiter: newLimiter(t, perMinute, ratelimit.Options{Store: broken{down}}), Key: ratelimit.Everyone}, 503, "1",
			`{"detail":"Service temporarily unavailable."}`, down, "", "connection refused"},
		{"key unknown", ratelimit.Limit{Limiter: good, Key: func(*http.Request) (string, error) { return "", unknown }}, 400, "",
			`{"detail":"Bad request."}`, unknown, "limit-1", "ratelimit: key: no such tenant (limit-1)"},
		{"bad rate", ratelimit.Limit{Limiter: newLimiter(t, perMinute, ratelimit.Options{RateFor: func(string) ratelimit.Rate { return ratelimit.Rate{Events: -1} }}), Key: ratelimit.Everyone}, 400, "",
			`{"detail":"Bad request."}`, ratelimit.ErrInvalid, "limit-1", "ratelimit: invalid rate"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var reason error
			h := ratelimit.Enforce(ratelimit.EnforceOptions{OnReject: func(_ *http.Request, err error) { reason = err }}, tt.limit)(accept)
			serve(h, post())
			w := serve(h, post())
			assert.Equal(t, tt.status, w.Code)
			assert.Equal(t, tt.retry, w.Header().Get("Retry-After"))
			assert.Equal(t, tt.body, w.Body.String())
			require.ErrorIs(t, reason, tt.wantErr)
			var e *ratelimit.Error
			require.ErrorAs(t, reason, &e)
			assert.Equal(t, tt.limited, e.Limit)
			assert.Contains(t, reason.Error(), tt.text)
		})
	}
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
	assert.PanicsWithValue(t, "ratelimit: Enforce: negative jitter", func() {
		ratelimit.Enforce(ratelimit.EnforceOptions{Jitter: -1}, ratelimit.Limit{Limiter: l, Key: key})
	})
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

// The values of the headers share an array, which a handler does not notice.
func TestEnforceHeadersAreTheHandlers(t *testing.T) {
	l := newLimiter(t, ratelimit.Rate{Events: 5, Per: time.Hour}, ratelimit.Options{})
	h := ratelimit.Enforce(ratelimit.EnforceOptions{}, ratelimit.Limit{Limiter: l, Key: ratelimit.Everyone})(
		http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Add("X-RateLimit-Limit", "more")
			w.Header().Add("X-RateLimit-Reset", "more")
			w.Header()["X-Ratelimit-Limit"][0] = "other"
		}))
	for _, remaining := range []string{"4", "3"} {
		w := serve(h, post())
		assert.Equal(t, []string{"other", "more"}, w.Header().Values("X-RateLimit-Limit"))
		assert.Equal(t, []string{remaining}, w.Header().Values("X-RateLimit-Remaining"))
		assert.Len(t, w.Header().Values("RateLimit"), 1)
		assert.Equal(t, `"limit-1";q=5;w=3600`, w.Header().Get("RateLimit-Policy"))
	}
}

// Over the wire: the body of an admitted request is whole, a refused one gets a
// complete answer on a connection that lives on.
func TestEnforceOverHTTP(t *testing.T) {
	l := newLimiter(t, ratelimit.Rate{Events: 1, Per: time.Hour}, ratelimit.Options{})
	echo := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { _, _ = io.Copy(w, r.Body) })
	server := httptest.NewServer(ratelimit.Enforce(ratelimit.EnforceOptions{}, ratelimit.Limit{Limiter: l, Key: ratelimit.RemoteIP})(echo))
	defer server.Close()

	resp, err := server.Client().Post(server.URL, "text/plain", http.NoBody)
	require.NoError(t, err)
	require.NoError(t, resp.Body.Close())
	assert.Equal(t, "0", resp.Header.Get("X-RateLimit-Remaining"))
	for range 2 {
		resp, err = server.Client().Post(server.URL, "text/plain", http.NoBody)
		require.NoError(t, err)
		body, err := io.ReadAll(resp.Body)
		require.NoError(t, err)
		require.NoError(t, resp.Body.Close())
		assert.Equal(t, 429, resp.StatusCode)
		assert.EqualValues(t, len(body), resp.ContentLength)
		assert.JSONEq(t, `{"detail":"Rate limit exceeded. Try again in 3600 seconds."}`, string(body))
	}
}

// Of 100 requests of one client, the limit of 3 pass, whatever it claims to be.
func TestSpoofingPassesNoMoreThanTheLimit(t *testing.T) {
	tests := []struct {
		name string
		key  ratelimit.KeyFunc
		make func(i int) *http.Request
	}{
		{"plain", ratelimit.RemoteIP, func(int) *http.Request { return from("192.0.2.7:1") }},
		{"rotating X-Forwarded-For", ratelimit.RemoteIP, func(i int) *http.Request {
			return from("192.0.2.7:1", "X-Forwarded-For", fmt.Sprintf("198.51.100.%d", i), "X-Real-Ip", fmt.Sprintf("198.51.100.%d", i))
		}},
		{"rotating X-Forwarded-For without a proxy", ratelimit.ForwardedIP(netip.MustParsePrefix("10.0.0.0/8")), func(i int) *http.Request {
			return from("192.0.2.7:1", "X-Forwarded-For", fmt.Sprintf("198.51.100.%d", i))
		}},
		{"rotating X-Forwarded-For behind a proxy", ratelimit.ForwardedIP(netip.MustParsePrefix("10.0.0.0/8")), func(i int) *http.Request {
			return from("10.0.0.1:1", "X-Forwarded-For", fmt.Sprintf("198.51.100.%d, 192.0.2.7", i))
		}},
		{"rotating lines of X-Forwarded-For", ratelimit.ForwardedIP(netip.MustParsePrefix("10.0.0.0/8")), func(i int) *http.Request {
			return from("10.0.0.1:1", "X-Forwarded-For", fmt.Sprintf("10.1.1.%d", i), "X-Forwarded-For", "192.0.2.7")
		}},
		{"rotating Forwarded", ratelimit.Forwarded(netip.MustParsePrefix("10.0.0.0/8")), func(i int) *http.Request {
			return from("10.0.0.1:1", "Forwarded", fmt.Sprintf(`for=198.51.100.%d;host=", for=192.0.2.7`, i))
		}},
		{"rotating within a /64", ratelimit.RemoteIP, func(i int) *http.Request {
			return from(fmt.Sprintf("[2001:db8::%x]:1", i+1))
		}},
		{"rotating ports", ratelimit.RemoteIP, func(i int) *http.Request { return from(fmt.Sprintf("192.0.2.7:%d", i+1)) }},
		{"mapped and not", ratelimit.RemoteIP, func(i int) *http.Request {
			return from([]string{"192.0.2.7:1", "[::ffff:192.0.2.7]:1", "192.0.2.7", "[::ffff:c000:207]:9"}[i%4])
		}},
		{"rotating zones", ratelimit.RemoteIP, func(i int) *http.Request { return from(fmt.Sprintf("[fe80::1%%eth%d]:1", i)) }},
		{"no address", ratelimit.RemoteIP, func(i int) *http.Request { return from([]string{"@", "", "junk", "[", ":80"}[i%5]) }},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			l := newLimiter(t, ratelimit.Rate{Events: 3, Per: time.Hour}, ratelimit.Options{})
			h := ratelimit.Enforce(ratelimit.EnforceOptions{}, ratelimit.Limit{Limiter: l, Key: tt.key})(accept)
			passed := 0
			for i := range 100 {
				if serve(h, tt.make(i)).Code == 202 {
					passed++
				}
			}
			assert.Equal(t, 3, passed)
		})
	}
}

func TestUnixSocketPeersShareABucket(t *testing.T) {
	path := filepath.Join(t.TempDir(), "s")
	listener, err := net.Listen("unix", path)
	require.NoError(t, err)
	h := limited(t, ratelimit.Rate{Events: 2, Per: time.Hour}, ratelimit.EnforceOptions{})
	server := &httptest.Server{Listener: listener, Config: &http.Server{Handler: h}}
	server.Start()
	defer server.Close()
	client := &http.Client{Transport: &http.Transport{
		DisableKeepAlives: true,
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, "unix", path)
		},
	}}
	var statuses []int
	for range 3 {
		resp, err := client.Get("http://unix/")
		require.NoError(t, err)
		require.NoError(t, resp.Body.Close())
		statuses = append(statuses, resp.StatusCode)
	}
	assert.Equal(t, []int{202, 202, 429}, statuses)
	assert.Equal(t, 202, serve(h, post()).Code, "those with an address have their own")
}

// The admitted path and the refused one make two allocations each.
func TestEnforceAllocations(t *testing.T) {
	global := newLimiter(t, plenty, ratelimit.Options{})
	for name, rate := range map[string]ratelimit.Rate{"admitted": plenty, "refused": {Events: 1, Per: time.Hour}} {
		t.Run(name, func(t *testing.T) {
			h := ratelimit.Enforce(ratelimit.EnforceOptions{},
				ratelimit.Limit{Limiter: newLimiter(t, rate, ratelimit.Options{}), Key: ratelimit.RemoteIP},
				ratelimit.Limit{Limiter: global, Key: ratelimit.Everyone})(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
			r, w := post(), discard{http.Header{}}
			assert.LessOrEqual(t, testing.AllocsPerRun(100, func() {
				clear(w.header)
				h.ServeHTTP(w, r)
			}), 2.0)
		})
	}
}

// discard is a response that goes nowhere.
type discard struct{ header http.Header }

func (d discard) Header() http.Header               { return d.header }
func (d discard) Write(b []byte) (int, error)       { return len(b), nil }
func (d discard) WriteString(s string) (int, error) { return len(s), nil }
func (d discard) WriteHeader(int)                   {}

func BenchmarkEnforce(b *testing.B) {
	for name, rate := range map[string]ratelimit.Rate{"admit": plenty, "refuse": {Events: 1, Per: 1000 * time.Hour}} {
		b.Run(name, func(b *testing.B) {
			l := newLimiter(b, rate, ratelimit.Options{})
			h := ratelimit.Enforce(ratelimit.EnforceOptions{}, ratelimit.Limit{Name: "ip", Limiter: l, Key: ratelimit.RemoteIP})(
				http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
			r, w := post(), discard{http.Header{}}
			b.ReportAllocs()
			for b.Loop() {
				clear(w.header)
				h.ServeHTTP(w, r)
			}
		})
	}
}
