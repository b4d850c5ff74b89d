package dispatchnats

import (
	"math"
	"slices"
	"time"

	"github.com/alertwire/alertwire/callback"
)

const (
	defaultElapsed = 3 * 24 * time.Hour
	defaultCap     = 10 * time.Minute
)

// patient returns a policy with the defaults of a durable queue. A caller that
// sleeps between its attempts cannot do so for long; a message on disk can wait
// until an endpoint has been repaired, and one that was given up needs somebody
// who replays it. So no number of attempts bounds them but a time does, in which
// a weekend passes. The wait is capped where an endpoint that is back has what it
// missed soon. How often a dead one is called is up to its breaker.
func patient(p callback.RetryPolicy) callback.RetryPolicy {
	if p.Attempts == 0 {
		p.Attempts = math.MaxInt
		p.Elapsed = orDefault(p.Elapsed, defaultElapsed)
	}
	if p.Cap == 0 {
		p.Cap = slices.Max(append(slices.Clone(p.Waits), defaultCap))
	}
	return p
}
