package dispatchnats

import (
	"errors"
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/alertwire/alertwire/callback"
)

func TestPatient(t *testing.T) {
	t.Parallel()
	const days, cap = 72 * time.Hour, 10 * time.Minute
	hours := []time.Duration{time.Second, 5 * time.Hour}
	tests := []struct {
		name     string
		in, want callback.RetryPolicy
	}{
		{"nothing set", callback.RetryPolicy{}, callback.RetryPolicy{Attempts: math.MaxInt, Elapsed: days, Cap: cap}},
		{"attempts", callback.RetryPolicy{Attempts: 1}, callback.RetryPolicy{Attempts: 1, Cap: cap}},
		{"elapsed", callback.RetryPolicy{Elapsed: time.Hour}, callback.RetryPolicy{Attempts: math.MaxInt, Elapsed: time.Hour, Cap: cap}},
		{"cap", callback.RetryPolicy{Cap: time.Second}, callback.RetryPolicy{Attempts: math.MaxInt, Elapsed: days, Cap: time.Second}},
		{"waits", callback.RetryPolicy{Waits: hours}, callback.RetryPolicy{Attempts: math.MaxInt, Elapsed: days, Cap: 5 * time.Hour, Waits: hours}},
		{"short waits", callback.RetryPolicy{Waits: hours[:1]}, callback.RetryPolicy{Attempts: math.MaxInt, Elapsed: days, Cap: cap, Waits: hours[:1]}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			assert.Equal(t, tt.want, patient(tt.in))
			assert.NoError(t, patient(tt.in).Validate())
		})
	}
}

// TestPatientWaits asks for the wait after a number of attempts that no policy
// with a bound gets to.
func TestPatientWaits(t *testing.T) {
	t.Parallel()
	p := patient(callback.RetryPolicy{Rand: func() float64 { return 0.5 }})
	for attempt, want := range map[int]time.Duration{
		1: 500 * time.Millisecond, 4: 4 * time.Second, 11: 5 * time.Minute, 100_000: 5 * time.Minute,
	} {
		wait, ok := p.Next(attempt, errors.New("connection refused"))
		assert.True(t, ok)
		assert.Equal(t, want, wait)
	}
}
