package ratelimit_test

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"time"

	"github.com/alertwire/alertwire/ratelimit"
)

func ExampleNew() {
	perKey, err := ratelimit.New(ratelimit.Rate{Events: 2, Per: time.Hour}, ratelimit.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(perKey.Allow("team-a"), perKey.Allow("team-a"), perKey.Allow("team-a"))
	fmt.Println(perKey.Allow("team-b"))
	// Output:
	// true true false
	// true
}

func ExampleLimiter_Take() {
	perKey, _ := ratelimit.New(ratelimit.Rate{Events: 10, Per: time.Hour}, ratelimit.Options{})
	ctx := context.Background()

	d, err := perKey.Take(ctx, "team-a", 8)
	fmt.Println(d.OK, d.Remaining, err)
	d, err = perKey.Take(ctx, "team-a", 3) // all or nothing
	fmt.Println(d.OK, d.Remaining, d.RetryAfter.Round(time.Minute), err)
	_, err = perKey.Take(ctx, "team-a", 11)
	fmt.Println(errors.Is(err, ratelimit.ErrOversize))
	// Output:
	// true 2 <nil>
	// false 2 6m0s <nil>
	// true
}

func ExampleOptions_rateFor() {
	byPlan, _ := ratelimit.New(ratelimit.Rate{Events: 1, Per: time.Hour}, ratelimit.Options{
		RateFor: func(team string) ratelimit.Rate {
			if team == "paying" {
				return ratelimit.Rate{Events: 1000, Per: time.Hour}
			}
			return ratelimit.Rate{Events: 1, Per: time.Hour}
		},
		Exempt: func(team string) bool { return team == "on-call" },
	})
	for _, team := range []string{"free", "paying", "on-call"} {
		byPlan.Allow(team)
		fmt.Println(team, byPlan.Allow(team))
	}
	// Output:
	// free false
	// paying true
	// on-call true
}

func ExampleLimiter_Wait() {
	perEndpoint, _ := ratelimit.New(ratelimit.Rate{Events: 1000, Per: time.Second, Burst: 1}, ratelimit.Options{})
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	for range 3 { // no more than one in a millisecond
		if err := perEndpoint.Wait(ctx, "https://chat.example"); err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println("call")
	}
	// Output:
	// call
	// call
	// call
}

func ExampleRate_UnmarshalText() {
	var rate ratelimit.Rate
	flags := flag.NewFlagSet("receiver", flag.ContinueOnError)
	flags.TextVar(&rate, "per-ip", ratelimit.Rate{Events: 100, Per: time.Minute}, "limit per address")
	err := flags.Parse([]string{"-per-ip", "20/s burst 50"})
	fmt.Println(rate, err)
	// Output: 20/1s burst 50 <nil>
}

func ExampleFallback() {
	away := storeFunc(func() error { return errors.New("connection refused") })
	limiter, _ := ratelimit.New(ratelimit.Rate{Events: 4, Per: time.Hour}, ratelimit.Options{
		Store: &ratelimit.Fallback{
			Store:     away,
			Instances: 2, // so that this one may admit two of the four
			OnChange:  func(err error) { fmt.Println("store:", err) },
		},
	})
	fmt.Println(limiter.Allow("team-a"), limiter.Allow("team-a"), limiter.Allow("team-a"))
	// Output:
	// store: connection refused
	// true true false
}

// storeFunc is a store that is away.
type storeFunc func() error

func (f storeFunc) Take(context.Context, []ratelimit.Request, []ratelimit.Decision) error { return f() }

func ExampleMemory() {
	var store ratelimit.Memory // one for several limits
	reqs := []ratelimit.Request{
		{Name: "team", Key: "a", Rate: ratelimit.Rate{Events: 1, Per: time.Hour}, N: 1},
		{Name: "all", Key: "", Rate: ratelimit.Rate{Events: 100, Per: time.Hour}, N: 1},
	}
	out := make([]ratelimit.Decision, len(reqs))
	for range 2 {
		if err := store.Take(context.Background(), reqs, out); err != nil {
			fmt.Println(err)
		}
		fmt.Println("team", out[0].OK, out[0].Remaining, "all", out[1].OK, out[1].Remaining)
	}
	// Output:
	// team true 0 all true 99
	// team false 0 all true 99
}

func ExampleEnforce() {
	perIP, _ := ratelimit.New(ratelimit.Rate{Events: 2, Per: time.Hour}, ratelimit.Options{})
	all, _ := ratelimit.New(ratelimit.Rate{Events: 1000, Per: time.Hour}, ratelimit.Options{})
	limit := ratelimit.Enforce(ratelimit.EnforceOptions{},
		ratelimit.Limit{Name: "ip", Limiter: perIP, Key: ratelimit.RemoteIP},
		ratelimit.Limit{Name: "all", Limiter: all, Key: ratelimit.Everyone},
	)
	handler := limit(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))

	for range 3 {
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, httptest.NewRequest("POST", "/webhook", nil))
		h := w.Header()
		fmt.Printf("%d %s of %s %q\n", w.Code, h.Get("X-RateLimit-Remaining"), h.Get("X-RateLimit-Limit"), h.Get("Retry-After"))
		if w.Code != http.StatusOK {
			fmt.Println(w.Body)
		}
	}
	// Output:
	// 200 1 of 2 ""
	// 200 0 of 2 ""
	// 429 0 of 2 "1800"
	// {"detail":"Rate limit exceeded. Try again in 1800 seconds."}
}

func ExampleForwardedIP() {
	key := ratelimit.ForwardedIP(netip.MustParsePrefix("10.0.0.0/8")) // the load balancers

	r := httptest.NewRequest("GET", "/", nil)
	r.RemoteAddr = "10.0.0.1:4711"
	r.Header.Set("X-Forwarded-For", "203.0.113.9, 192.0.2.7") // the left one is what the client sent
	fmt.Println(key(r))
	// Output: 192.0.2.7 <nil>
}

func ExampleDedup_Seen() {
	var dedup ratelimit.Dedup // 60 seconds
	fmt.Println(dedup.Seen("disk full on db1, firing"))
	fmt.Println(dedup.Seen("disk full on db1, firing"))
	fmt.Println(dedup.Seen("disk full on db1, resolved"))
	// Output:
	// false
	// true
	// false
}

func ExampleDedup_Reserve() {
	dedup := ratelimit.Dedup{Window: time.Hour}
	ctx := context.Background()

	done, fresh, err := dedup.Reserve(ctx, "delivery-1")
	fmt.Println(fresh, err)
	_, fresh, err = dedup.Reserve(ctx, "delivery-1") // meanwhile
	fmt.Println(fresh, err)
	done(errors.New("the queue was full")) // forget it

	done, fresh, err = dedup.Reserve(ctx, "delivery-1")
	fmt.Println(fresh, err)
	done(nil)
	_, fresh, err = dedup.Reserve(ctx, "delivery-1")
	fmt.Println(fresh, err)
	// Output:
	// true <nil>
	// false ratelimit: delivery in flight
	// true <nil>
	// false <nil>
}
