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
		{title: "Admit a key that was never seen", times: 100_000, goals: []goal{
			{"alertwire", each, "", 300},
			{"alertwire", cost, "sethvargo/go-limiter", 0.40}, {"alertwire", cost, "throttled", 0.40},
		}},
	}
	for _, m := range makers {
		t, err := m.open(ctx)
		if err != nil {
			return nil, err
		}
		var i int
		groups[0].cases = append(groups[0].cases, repeat(m.name, m.ours, func() error { return t(keys[0]) }))
		groups[1].cases = append(groups[1].cases, repeat(m.name, m.ours, func() error { i++; return t(keys[i%len(keys)]) }))
		groups[2].cases = append(groups[2].cases, m.newcomers())
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

// A take admits a key, or returns an error.
type take func(key string) error

// A maker is one kind of limiter, used as its README says.
type maker struct {
	name string
	ours bool
	open func(ctx context.Context) (take, error)
}

var errRefused = errors.New("refused")

func verdict(ok bool) error {
	if ok {
		return nil
	}
	return errRefused
}

// makers are the limiters themselves.
var makers = []maker{
	{"x/time/rate in a map", false, func(context.Context) (take, error) {
		var mu sync.Mutex
		buckets := map[string]*rate.Limiter{}
		return func(key string) error {
			mu.Lock()
			l := buckets[key]
			if l == nil {
				l = rate.NewLimiter(plenty, plenty)
				buckets[key] = l
			}
			mu.Unlock()
			return verdict(l.Allow())
		}, nil
	}},
	{"alertwire", true, func(context.Context) (take, error) {
		l, err := ratelimit.New(ratelimit.Rate{Events: plenty, Per: time.Minute}, ratelimit.Options{})
		return func(key string) error { return verdict(l.Allow(key)) }, err
	}},
	{"sethvargo/go-limiter", false, func(ctx context.Context) (take, error) {
		store, err := memorystore.New(&memorystore.Config{Tokens: plenty, Interval: time.Minute})
		return func(key string) error {
			_, _, _, ok, err := store.Take(ctx, key)
			if err != nil {
				return err
			}
			return verdict(ok)
		}, err
	}},
	{"throttled", false, func(ctx context.Context) (take, error) {
		store, err := throttledstore.NewCtx(0)
		if err != nil {
			return nil, err
		}
		l, err := throttled.NewGCRARateLimiterCtx(store, throttled.RateQuota{MaxRate: throttled.PerSec(plenty), MaxBurst: plenty})
		return func(key string) error {
			limited, _, err := l.RateLimitCtx(ctx, key, 1)
			if err != nil {
				return err
			}
			return verdict(!limited)
		}, err
	}},
	{"ulule/limiter", false, func(ctx context.Context) (take, error) {
		l := limiter.New(ululememory.NewStore(), limiter.Rate{Period: time.Minute, Limit: plenty})
		return func(key string) error {
			c, err := l.Get(ctx, key)
			if err != nil {
				return err
			}
			return verdict(!c.Reached)
		}, nil
	}},
	{"didip/tollbooth", false, func(context.Context) (take, error) {
		l := tollbooth.NewLimiter(plenty, nil)
		return func(key string) error { return verdict(!l.LimitReached(key)) }, nil
	}},
	{"go-chi/httprate", false, func(context.Context) (take, error) {
		l := httprate.NewRateLimiter(plenty, time.Minute)
		return func(key string) error {
			ok, _, err := l.Status(key)
			if err != nil {
				return err
			}
			if !ok {
				return errRefused
			}
			return l.Counter().Increment(key, time.Now().UTC().Truncate(time.Minute))
		}, nil
	}},
}

// newcomers has a new limiter meet keys that it has never seen, in each round:
// what the peers keep of them would fill the memory otherwise.
func (m maker) newcomers() bench {
	var t take
	return bench{
		name: m.name, ours: m.ours,
		before: func(ctx context.Context, _ int) (err error) {
			if t, err = m.open(ctx); err != nil {
				return err
			}
			return t("the first one of all") // some make their table at the first use
		},
		op: func(_ context.Context, n int) error {
			for i := range n {
				if err := t("fresh" + strconv.Itoa(i)); err != nil {
					return err
				}
			}
			return nil
		},
		after: func() { t = nil },
	}
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
