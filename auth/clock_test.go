package auth_test

import (
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/alertwire/alertwire/auth"
)

// The clock of one side is set by an hour while the other goes on. What is signed
// or verified meanwhile is refused as stale, in both directions, since nobody can
// tell a wrong clock from an old message. When the clock is right again so is
// everything: nothing is remembered of the time.
func TestClockIsSetByAnHour(t *testing.T) {
	body := []byte(`{"a":1}`)
	for _, scheme := range []auth.Scheme{auth.StandardWebhooks(), auth.Slack(), auth.Stripe()} {
		for _, step := range []time.Duration{time.Hour, -time.Hour} {
			var signs, verifies time.Time // what the clocks say
			sender, err := auth.NewHMAC(scheme, auth.HMACOptions{Secrets: []auth.Secret{secret}, Now: func() time.Time { return signs }})
			require.NoError(t, err)
			receiver, err := auth.NewHMAC(scheme, auth.HMACOptions{Secrets: []auth.Secret{secret}, Now: func() time.Time { return verifies }})
			require.NoError(t, err)
			signed := func() *http.Request {
				r := httptest.NewRequest(http.MethodPost, "/", nil)
				r.Header.Set("Webhook-Id", "msg_1")
				require.NoError(t, sender.Sign(r, body))
				return r
			}

			signs = time.Unix(1_800_000_000, 0)
			verifies = signs
			before := signed()
			require.NoError(t, receiver.Verify(before, body))
			verifies = signs.Add(step)
			require.ErrorIs(t, receiver.Verify(before, body), auth.ErrStale)
			require.ErrorIs(t, receiver.Verify(signed(), body), auth.ErrStale)
			signs = verifies // the other clock is set as well
			require.NoError(t, receiver.Verify(signed(), body))
			require.ErrorIs(t, receiver.Verify(before, body), auth.ErrStale)
			verifies = signs.Add(-step) // and both are set back, one after the other
			require.NoError(t, receiver.Verify(before, body))
			require.ErrorIs(t, receiver.Verify(signed(), body), auth.ErrStale)
			signs = verifies
			require.NoError(t, receiver.Verify(signed(), body))
		}
	}
}

// secret is a secret in the form that every scheme accepts.
const secret = auth.Secret("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
