package main

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"strconv"
	"sync"
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
	"golang.org/x/time/rate"

	"github.com/alertwire/alertwire/ratelimit"
)

// plenty is a rate that no case exhausts: what is compared is an admission.
const plenty = 1_000_000_000

var keys = func() []string {
	all := make([]string, 10_000)
	for i := range all {
		all[i] = fmt.Sprintf("10.0.%d.%d", i/256, i%256)
	}
	return all
}()

func limitGroups(ctx context.Context, _ bool) ([]group, error) {
	takes, err := takers(ctx)
	if err != nil {
		return nil, err
	}
	groups := []group{
		{title: "Admit one key"},
		{title: "Admit one of 10,000 keys", goals: []goal{{"alertwire", "sethvargo/go-limiter", 0.65}, {"alertwire", "x/time/rate in a map", 0.65}}},
		{title: "Admit a key that was never seen", goals: []goal{{"alertwire", "sethvargo/go-limiter", 0.40}, {"alertwire", "throttled", 0.40}}},
	}
	var fresh int
	for _, t := range takes {
		groups[0].cases = append(groups[0].cases, repeat(t.name, t.ours, func() error { return t.take(keys[0]) }))
		var i int
		groups[1].cases = append(groups[1].cases, repeat(t.name, t.ours, func() error { i++; return t.take(keys[i%len(keys)]) }))
		groups[2].cases = append(groups[2].cases, repeat(t.name, t.ours, func() error { fresh++; return t.take("fresh" + strconv.Itoa(fresh)) }))
	}
	middle, err := middlewares()
	if err != nil {
		return nil, err
	}
	return append(groups, middle), nil
}

type taker struct {
	name string
	ours bool
	take func(key string) error
}

// takers are the limiters themselves.
func takers(ctx context.Context) ([]taker, error) {
	refused := fmt.Errorf("refused")
	verdict := func(ok bool) error {
		if ok {
			return nil
		}
		return refused
	}

	var mu sync.Mutex
	buckets := map[string]*rate.Limiter{}
	seth, err := memorystore.New(&memorystore.Config{Tokens: plenty, Interval: time.Minute})
	if err != nil {
		return nil, err
	}
	gcraStore, err := throttledstore.NewCtx(0)
	if err != nil {
		return nil, err
	}
	gcra, err := throttled.NewGCRARateLimiterCtx(gcraStore, throttled.RateQuota{MaxRate: throttled.PerSec(1_000_000), MaxBurst: 1_000_000})
	if err != nil {
		return nil, err
	}
	ulule := limiter.New(ululememory.NewStore(), limiter.Rate{Period: time.Minute, Limit: plenty})
	toll := tollbooth.NewLimiter(plenty, nil)
	chi := httprate.NewRateLimiter(plenty, time.Minute)
	ours, err := ratelimit.New(ratelimit.Rate{Events: plenty, Per: time.Minute}, ratelimit.Options{})
	if err != nil {
		return nil, err
	}
	return []taker{
		{"x/time/rate in a map", false, func(key string) error {
			mu.Lock()
			l := buckets[key]
			if l == nil {
				l = rate.NewLimiter(plenty, plenty)
				buckets[key] = l
			}
			mu.Unlock()
			return verdict(l.Allow())
		}},
		{"alertwire", true, func(key string) error { return verdict(ours.Allow(key)) }},
		{"sethvargo/go-limiter", false, func(key string) error {
			_, _, _, ok, err := seth.Take(ctx, key)
			if err != nil {
				return err
			}
			return verdict(ok)
		}},
		{"throttled", false, func(key string) error {
			limited, _, err := gcra.RateLimitCtx(ctx, key, 1)
			if err != nil {
				return err
			}
			return verdict(!limited)
		}},
		{"ulule/limiter", false, func(key string) error {
			c, err := ulule.Get(ctx, key)
			if err != nil {
				return err
			}
			return verdict(!c.Reached)
		}},
		{"didip/tollbooth", false, func(key string) error { return verdict(!toll.LimitReached(key)) }},
		{"go-chi/httprate", false, func(key string) error {
			ok, _, err := chi.Status(key)
			if err != nil {
				return err
			}
			if !ok {
				return refused
			}
			return chi.Counter().Increment(key, time.Now().UTC().Truncate(time.Minute))
		}},
	}, nil
}

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
	gcra, err := throttled.NewGCRARateLimiterCtx(store, throttled.RateQuota{MaxRate: throttled.PerSec(1_000_000), MaxBurst: 1_000_000})
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
		r := httptest.NewRequest(http.MethodPost, "/", nil)
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
		goals: []goal{{"alertwire", "sethvargo/go-limiter", 0.5}, {"alertwire", "throttled", 0.5}},
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
