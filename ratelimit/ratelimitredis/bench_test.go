package ratelimitredis_test

import (
	"context"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/alertwire/alertwire/ratelimit"
)

// BenchmarkRedis compares decisions with PING on the same client. The two take
// turns, so that what else the machine does falls on both, and the ratio of their
// rates is the metric to look at: of-PING.
func BenchmarkRedis(b *testing.B) {
	c := startServer(b).client(b)
	s := newStore(b, c, patient)
	ctx := context.Background()
	plenty := func(key string) ratelimit.Request { return ask(key, 1_000_000_000, 24*time.Hour, 1) }
	take := func(reqs ...ratelimit.Request) error {
		return s.Take(ctx, reqs, make([]ratelimit.Decision, len(reqs)))
	}
	require.NoError(b, take(ask("gone", 1, 1000*time.Hour, 1)))
	tests := []struct {
		name string
		f    func(key string) error
	}{
		{"client", func(key string) error { return take(plenty(key)) }},
		{"client and global", func(key string) error { return take(plenty(key), plenty("all")) }},
		{"refused before", func(string) error { return take(ask("gone", 1, 1000*time.Hour, 1)) }},
	}
	for _, tt := range tests {
		for _, callers := range []int{1, 16} {
			b.Run(tt.name+", "+strconv.Itoa(callers)+" callers", func(b *testing.B) {
				ping := func(string) error { return c.Ping(ctx).Err() }
				var pings, decisions time.Duration
				for b.Loop() {
					pings += round(b, callers, ping)
					decisions += round(b, callers, tt.f)
				}
				b.ReportMetric(float64(decisions)/float64(b.N*roundSize), "ns/decision")
				b.ReportMetric(float64(pings)/float64(decisions), "of-PING")
			})
		}
	}
}

const roundSize = 480

// round returns how long several callers take for a round of calls together.
func round(tb testing.TB, callers int, f func(key string) error) time.Duration {
	tb.Helper()
	var group sync.WaitGroup
	start := time.Now()
	for i := range callers {
		group.Go(func() {
			key := strconv.Itoa(i)
			for range roundSize / callers {
				if err := f(key); err != nil {
					tb.Error(err)
					return
				}
			}
		})
	}
	group.Wait()
	return time.Since(start)
}
