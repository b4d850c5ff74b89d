package main

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"time"

	"github.com/didip/tollbooth/v7"
	tblimiter "github.com/didip/tollbooth/v7/limiter"
	"github.com/go-chi/httprate"
	"github.com/sethvargo/go-limiter/httplimit"
	"github.com/sethvargo/go-limiter/memorystore"
	"github.com/throttled/throttled/v2"
	throttledstore "github.com/throttled/throttled/v2/store/memstore"
	"github.com/ulule/limiter/v3"
	"github.com/ulule/limiter/v3/drivers/middleware/stdlib"
	ululememory "github.com/ulule/limiter/v3/drivers/store/memory"

	"github.com/alertwire/alertwire/ratelimit"
)

// middlewares are the same over HTTP, by address and with headers.
func middlewares() (group, error) {
	next := http.HandlerFunc(func(http.ResponseWriter, *http.Request) {})
	seth, err := memorystore.New(&memorystore.Config{Tokens: plenty, Interval: time.Minute})
	if err != nil {
		return group{}, err
	}
	sethMiddleware, err := httplimit.NewMiddleware(seth, httplimit.IPKeyFunc())
	if err != nil {
		return group{}, err
	}
	store, err := throttledstore.NewCtx(0)
	if err != nil {
		return group{}, err
	}
	gcra, err := throttled.NewGCRARateLimiterCtx(store, throttled.RateQuota{MaxRate: throttled.PerSec(plenty), MaxBurst: plenty})
	if err != nil {
		return group{}, err
	}
	thr := throttled.HTTPRateLimiterCtx{RateLimiter: gcra, VaryBy: &throttled.VaryBy{RemoteAddr: true}}
	ulule := stdlib.NewMiddleware(limiter.New(ululememory.NewStore(), limiter.Rate{Period: time.Minute, Limit: plenty}))
	ours, err := ratelimit.New(ratelimit.Rate{Events: plenty, Per: time.Minute}, ratelimit.Options{})
	if err != nil {
		return group{}, err
	}
	toll := tollbooth.NewLimiter(plenty, &tblimiter.ExpirableOptions{DefaultExpirationTTL: time.Hour})
	toll.SetIPLookups([]string{"RemoteAddr"})

	serve := func(name string, ours bool, h http.Handler) bench {
		r := httptest.NewRequestWithContext(context.Background(), http.MethodPost, "/", nil)
		w := &discard{h: http.Header{}}
		return repeat(name, ours, func() error {
			clear(w.h)
			w.status = 0
			h.ServeHTTP(w, r)
			if w.status >= 400 {
				return fmt.Errorf("%s: status %d", name, w.status)
			}
			return nil
		})
	}
	return group{
		title: "Middleware, a request that is admitted",
		cases: []bench{
			serve("sethvargo/go-limiter", false, sethMiddleware.Handle(next)),
			serve("alertwire", true, ratelimit.Enforce(ratelimit.EnforceOptions{}, ratelimit.Limit{Name: "ip", Limiter: ours, Key: ratelimit.RemoteIP})(next)),
			serve("throttled", false, thr.RateLimit(next)),
			serve("ulule/limiter", false, ulule.Handler(next)),
			serve("didip/tollbooth", false, tollbooth.LimitHandler(toll, next)),
			serve("go-chi/httprate", false, httprate.LimitBy(plenty, time.Minute, func(r *http.Request) (string, error) {
				host, _, err := net.SplitHostPort(r.RemoteAddr)
				return httprate.CanonicalizeIP(host), err
			})(next)),
		},
		goals: []goal{
			{"alertwire", each, "", 300}, {"alertwire", allocs, "", 2},
			{"alertwire", cost, "sethvargo/go-limiter", 0.5}, {"alertwire", cost, "throttled", 0.5},
		},
		headlines: []headline{{work: "limit a request, middleware", ours: "alertwire", theirs: []string{
			"sethvargo/go-limiter", "throttled", "ulule/limiter", "didip/tollbooth", "go-chi/httprate"}}},
	}, nil
}

// discard is a ResponseWriter that keeps its header.
type discard struct {
	h      http.Header
	status int
}

func (d *discard) Header() http.Header         { return d.h }
func (d *discard) Write(p []byte) (int, error) { return len(p), nil }
func (d *discard) WriteHeader(status int)      { d.status = status }
