package ratelimit

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// A bucket decides as one does that counts the nanoseconds it has, and what it
// says about the time to come is true.
func FuzzTake(f *testing.F) {
	f.Add(100, int64(time.Minute), 100, []byte{1, 1, 100, 50, 0, 1, 255, 255})
	f.Add(1, int64(time.Second), 3, []byte{3, 0, 1, 0, 1, 1, 1, 2})
	f.Add(7, int64(time.Second), 0, []byte{7, 20, 1, 0, 0, 0, 8})
	f.Fuzz(func(t *testing.T, events int, per int64, burst int, steps []byte) {
		rate := Rate{Events: events, Per: time.Duration(per), Burst: burst}
		g, err := rate.gcra()
		if err != nil {
			require.ErrorIs(t, err, ErrInvalid)
			return
		}
		table := newTable(1)
		now, have := clock(), g.span // the model: what the bucket has
		for i := 0; i+1 < len(steps); i += 2 {
			n := int(steps[i])
			if steps[i] > 250 {
				n = int(g.burst) // also where that is much
			}
			cost, err := g.cost(n)
			if err != nil {
				require.ErrorIs(t, err, ErrOversize)
				require.Greater(t, int64(n), g.burst)
				continue
			}
			a := ask{table: table, hash: 1, gcra: g, cost: cost}
			ok := takeAll([]ask{a}, now)
			require.Equal(t, g.burst > 0 && have >= a.wanted(), ok)
			if ok {
				have -= cost
			}

			a.look(now)
			d := a.gcra.decide(a.tat, now, a.wanted(), ok)
			require.Equal(t, have, g.span-int64(d.Reset))
			require.GreaterOrEqual(t, d.Remaining, 0)
			require.Equal(t, have/max(g.step, 1), int64(d.Remaining))
			if !ok && g.burst > 0 {
				late := now + int64(d.RetryAfter)
				require.True(t, a.look(late), "what was said to fit then does not")
				require.False(t, a.look(late-1), "it would have fitted before")
			}

			pass := int64(steps[i+1]) * max(g.span/64, 1)
			now += pass
			have = min(have+pass, g.span)
		}
	})
}
