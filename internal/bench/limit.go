package main

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/didip/tollbooth/v7"
	"github.com/go-chi/httprate"
	"github.com/sethvargo/go-limiter/memorystore"
	"github.com/throttled/throttled/v2"
	throttledstore "github.com/throttled/throttled/v2/store/memstore"
	"github.com/ulule/limiter/v3"
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
		{title: "Admit one key", goals: []goal{
			{"alertwire", each, "", 40}, {"alertwire", allocs, "", 0},
			{addressName, each, "", 90}, {addressName, allocs, "", 0},
		}},
		{title: "Admit one of 10,000 keys", goals: []goal{
			{"alertwire", each, "", 70}, {"alertwire", allocs, "", 0},
			{"alertwire", cost, "sethvargo/go-limiter", 0.65}, {"alertwire", cost, "x/time/rate in a map", 0.65},
			{twoName, cost, "alertwire", 2},
		}, headlines: []headline{{work: "admit one of 10,000 keys", ours: "alertwire", theirs: []string{
			"x/time/rate in a map", "sethvargo/go-limiter", "throttled", "ulule/limiter", "didip/tollbooth", "go-chi/httprate"}}}},
		{title: "Admit a key that was never seen", goals: []goal{
			{"alertwire", each, "", 300},
			{"alertwire", cost, "sethvargo/go-limiter", 0.40}, {"alertwire", cost, "throttled", 0.40},
		}},
	}
	var fresh int
	for _, t := range takes {
		groups[0].cases = append(groups[0].cases, repeat(t.name, t.ours, func() error { return t.take(keys[0]) }))
		var i int
		groups[1].cases = append(groups[1].cases, repeat(t.name, t.ours, func() error { i++; return t.take(keys[i%len(keys)]) }))
		groups[2].cases = append(groups[2].cases, repeat(t.name, t.ours, func() error { fresh++; return t.take("fresh" + strconv.Itoa(fresh)) }))
	}
	two, err := twoGoroutines()
	if err != nil {
		return nil, err
	}
	groups[0].cases, groups[1].cases = append(groups[0].cases, addressAndGlobal(ctx)), append(groups[1].cases, two)
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

const (
	addressName = "alertwire, address and global"
	twoName     = "alertwire, two goroutines"
)

// addressAndGlobal takes from two buckets, from both or from none.
func addressAndGlobal(ctx context.Context) bench {
	var m ratelimit.Memory
	r := ratelimit.Rate{Events: plenty, Per: time.Minute}
	reqs := []ratelimit.Request{{Name: "ip", Key: keys[0], Rate: r, N: 1}, {Name: "all", Rate: r, N: 1}}
	out := make([]ratelimit.Decision, 2)
	return repeat(addressName, true, func() error { return m.Take(ctx, reqs, out) })
}

// twoGoroutines decide at the same time; their processor time is added up.
func twoGoroutines() (bench, error) {
	l, err := ratelimit.New(ratelimit.Rate{Events: plenty, Per: time.Minute}, ratelimit.Options{})
	if err != nil {
		return bench{}, err
	}
	return bench{name: twoName, ours: true, op: func(_ context.Context, n int) error {
		var wg sync.WaitGroup
		var refused atomic.Bool
		for g := range 2 {
			wg.Go(func() {
				for i := g; i < n; i += 2 {
					if !l.Allow(keys[i%len(keys)]) {
						refused.Store(true)
					}
				}
			})
		}
		wg.Wait()
		if refused.Load() {
			return errors.New("refused")
		}
		return nil
	}}, nil
}
