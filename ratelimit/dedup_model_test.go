package ratelimit_test

import (
	"math/rand/v2"
	"strconv"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/alertwire/alertwire/ratelimit"
)

// A remembered id is what a plain map would know of it.
type remembered struct {
	until time.Time
	kept  bool
}

// A Dedup with a window of ten nanoseconds answers as a plain map would, whatever
// is asked in whatever order, on each side of every border.
func TestDedupIsAMap(t *testing.T) {
	const window = 10
	for seed := range uint64(8) {
		synctest.Test(t, func(t *testing.T) {
			random := rand.New(rand.NewPCG(seed, 0))
			quiet := seed%2 == 1
			d := ratelimit.Dedup{Window: window, Quiet: quiet}
			known := make(map[string]*remembered)
			var ends []func(error)

			for step := range 4000 {
				time.Sleep(time.Duration(random.IntN(4)))
				if ends = ends[max(len(ends)-20, 0):]; len(ends) > 0 && random.IntN(3) == 0 {
					reasons := []error{nil, errFailed}
					ends[random.IntN(len(ends))](reasons[random.IntN(2)]) // perhaps not for the first time
					continue
				}
				now, id := time.Now(), strconv.Itoa(random.IntN(4))
				what := known[id]
				if what != nil && !what.until.After(now) {
					what = nil
				}
				if random.IntN(2) == 0 {
					require.Equal(t, what != nil, d.Seen(id), "seed %d, step %d", seed, step)
					if what == nil {
						known[id] = &remembered{now.Add(window), true}
					}
				} else {
					done, fresh, err := d.Reserve(t.Context(), id)
					require.Equal(t, what == nil, fresh, "seed %d, step %d", seed, step)
					require.Equal(t, what != nil && !what.kept, err != nil, "seed %d, step %d", seed, step)
					if fresh {
						ends = append(ends, endOf(known, id, &remembered{now.Add(window), false}, done))
					}
				}
				if quiet && what != nil && what.kept {
					what.until = now.Add(window)
				}
			}
			require.Zero(t, d.Evictions())
		})
	}
}

// endOf notes a reservation, and returns a function that ends it in both places.
func endOf(known map[string]*remembered, id string, what *remembered, done func(error)) func(error) {
	known[id] = what
	ended := false
	return func(reason error) {
		done(reason)
		if !ended && known[id] == what {
			what.kept = true
			if reason != nil {
				delete(known, id)
			}
		}
		ended = true
	}
}
