package callback_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/alertwire/alertwire/callback"
	"github.com/alertwire/alertwire/callback/callbacktest"
)

// A Retry-After that is a date is one by the clock of the receiver. If that, or
// our own, is wrong by an hour, the wait is at most the cap, and at least what
// the schedule says. Beside these dates no time here is that of the wall clock.
func TestRetryAfterByAClockThatIsWrong(t *testing.T) {
	policy := callback.RetryPolicy{Waits: []time.Duration{3 * time.Second}, Cap: 20 * time.Second}
	for _, tt := range []struct {
		name  string
		wrong time.Duration
		want  time.Duration
	}{
		{"an hour ahead", time.Hour, 20 * time.Second},
		{"an hour behind", -time.Hour, 3 * time.Second},
	} {
		t.Run(tt.name, func(t *testing.T) {
			srv := callbacktest.NewServer(t, callbacktest.RetryAfterDate(503, 10*time.Second+tt.wrong))
			_, err := hook(t, callback.Config{URL: srv.URL}, callback.Options{}).Call(t.Context(), message)
			require.ErrorIs(t, err, callback.ErrGaveUp)
			wait, again := policy.Next(1, err)
			assert.True(t, again)
			assert.Equal(t, tt.want, wait)
			assert.GreaterOrEqual(t, failed(t, err).RetryAfter, time.Duration(0))
		})
	}
}
