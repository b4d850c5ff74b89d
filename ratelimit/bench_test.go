package ratelimit_test

import (
	"context"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	"github.com/alertwire/alertwire/ratelimit"
)

var plenty = ratelimit.Rate{Events: 1_000_000_000, Per: time.Second, Burst: 1_000_000_000}

// BenchmarkFloor compares a decision with what none can do without: to read the
// monotonic clock and to swap a word. The two take turns, so that what else the
// machine does falls on both, and the ratio is the metric to look at: of-floor.
func BenchmarkFloor(b *testing.B) {
	l := newLimiter(b, plenty, ratelimit.Options{})
	epoch := time.Now()
	var word atomic.Int64
	floor := func() {
		old := word.Load()
		word.CompareAndSwap(old, int64(time.Since(epoch)))
	}
	const round = 1000
	turn := func(f func()) time.Duration {
		start := time.Now()
		for range round {
			f()
		}
		return time.Since(start)
	}
	var floors, decisions time.Duration
	for b.Loop() {
		floors += turn(floor)
		decisions += turn(func() { l.Allow("192.0.2.7") })
	}
	b.ReportMetric(float64(decisions)/float64(b.N*round), "ns/decision")
	b.ReportMetric(float64(decisions)/float64(floors), "of-floor")
}

func newLimiter(tb testing.TB, r ratelimit.Rate, o ratelimit.Options) *ratelimit.Limiter {
	tb.Helper()
	l, err := ratelimit.New(r, o)
	if err != nil {
		tb.Fatal(err)
	}
	return l
}

func BenchmarkAllow(b *testing.B) {
	keys := make([]string, 10_000)
	for i := range keys {
		keys[i] = "198.51." + strconv.Itoa(i>>8) + "." + strconv.Itoa(i&255)
	}
	b.Run("one key", func(b *testing.B) {
		l := newLimiter(b, plenty, ratelimit.Options{})
		b.ReportAllocs()
		for b.Loop() {
			l.Allow("192.0.2.7")
		}
	})
	b.Run("one key, parallel", func(b *testing.B) {
		l := newLimiter(b, plenty, ratelimit.Options{})
		b.ReportAllocs()
		b.RunParallel(func(pb *testing.PB) {
			for pb.Next() {
				l.Allow("192.0.2.7")
			}
		})
	})
	b.Run("10k keys", func(b *testing.B) {
		l := newLimiter(b, plenty, ratelimit.Options{})
		b.ReportAllocs()
		i := 0
		for b.Loop() {
			l.Allow(keys[i%len(keys)])
			i++
		}
	})
	b.Run("10k keys, parallel", func(b *testing.B) {
		l := newLimiter(b, plenty, ratelimit.Options{})
		b.ReportAllocs()
		b.RunParallel(func(pb *testing.PB) {
			i := 0
			for pb.Next() {
				l.Allow(keys[i%len(keys)])
				i++
			}
		})
	})
	b.Run("fresh keys", func(b *testing.B) {
		l := newLimiter(b, ratelimit.Rate{Events: 100, Per: time.Minute}, ratelimit.Options{})
		fresh := make([]string, 1<<20)
		for i := range fresh {
			fresh[i] = strconv.Itoa(i)
		}
		b.ReportAllocs()
		i := 0
		for b.Loop() {
			l.Allow(fresh[i%len(fresh)])
			i++
		}
	})
}

func BenchmarkTake(b *testing.B) {
	ctx := context.Background()
	b.Run("one", func(b *testing.B) {
		l := newLimiter(b, plenty, ratelimit.Options{})
		b.ReportAllocs()
		for b.Loop() {
			_, _ = l.Take(ctx, "192.0.2.7", 1)
		}
	})
	b.Run("client and global", func(b *testing.B) {
		var m ratelimit.Memory
		reqs := []ratelimit.Request{{Name: "ip", Key: "192.0.2.7", Rate: plenty, N: 1}, {Name: "all", Rate: plenty, N: 1}}
		out := make([]ratelimit.Decision, 2)
		b.ReportAllocs()
		for b.Loop() {
			_ = m.Take(ctx, reqs, out)
		}
	})
}
