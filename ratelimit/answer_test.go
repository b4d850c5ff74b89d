package ratelimit_test

import (
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/alertwire/alertwire/ratelimit"
)

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
		retry   string // patterns: an hour has begun to pass
		body    string
		wantErr error
		limited string
		text    string
	}{
		{"limited", ratelimit.Limit{Name: "ip", Limiter: good, Key: ratelimit.Everyone}, 429, `3[56]\d\d`,
			`{"detail":"Rate limit exceeded\. Try again in 3[56]\d\d seconds\."}`, ratelimit.ErrLimited, "ip", "ratelimit: limit reached (ip), retry after "},
		{"store fails", ratelimit.Limit{Limiter: newLimiter(t, perMinute, ratelimit.Options{Store: broken{down}}), Key: ratelimit.Everyone}, 503, "1",
			`{"detail":"Service temporarily unavailable\."}`, down, "", "connection refused"},
		{"key unknown", ratelimit.Limit{Limiter: good, Key: func(*http.Request) (string, error) { return "", unknown }}, 400, "",
			`{"detail":"Bad request\."}`, unknown, "limit-1", "ratelimit: key: no such tenant (limit-1)"},
		{"bad rate", ratelimit.Limit{Limiter: newLimiter(t, perMinute, ratelimit.Options{RateFor: func(string) ratelimit.Rate { return ratelimit.Rate{Events: -1} }}), Key: ratelimit.Everyone}, 400, "",
			`{"detail":"Bad request\."}`, ratelimit.ErrInvalid, "limit-1", "ratelimit: invalid rate"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var reason error
			h := ratelimit.Enforce(ratelimit.EnforceOptions{OnReject: func(_ *http.Request, err error) { reason = err }}, tt.limit)(accept)
			serve(h, post())
			w := serve(h, post())
			assert.Equal(t, tt.status, w.Code)
			assert.Regexp(t, "^"+tt.retry+"$", w.Header().Get("Retry-After"))
			assert.Regexp(t, "^"+tt.body+"$", w.Body.String())
			require.ErrorIs(t, reason, tt.wantErr)
			var e *ratelimit.Error
			require.ErrorAs(t, reason, &e)
			assert.Equal(t, tt.limited, e.Limit)
			assert.Contains(t, reason.Error(), tt.text)
		})
	}
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

func (d discard) Header() http.Header { return d.header }

func (d discard) Write(b []byte) (int, error) { return len(b), nil }

func (d discard) WriteString(s string) (int, error) { return len(s), nil }

func (d discard) WriteHeader(int) {}

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
