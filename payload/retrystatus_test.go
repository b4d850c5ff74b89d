package payload_test

import (
	"context"
	"errors"
	"net/http"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/alertwire/alertwire/payload"
	"github.com/alertwire/alertwire/payload/payloadtest"
)

// A full queue is answered with the status after which the sender comes again,
// as far as there is one.
func TestFullQueueIsAnsweredAsTheSenderUnderstands(t *testing.T) {
	q := payload.NewQueue(1, func(context.Context, payload.Payload) {})
	_, err := q.Accept(t.Context(), nil)
	require.NoError(t, err)
	h := payload.Handler(everyFormat().Decode, q.Accept, payload.HandlerOptions{})
	seen := map[string]int{}
	eachBody(t, func(t *testing.T, system string, body []byte) {
		w := serve(h, post(string(body)))
		want := http.StatusServiceUnavailable
		if system == "nightingale" {
			want = http.StatusTooManyRequests
		}
		assert.Equal(t, want, w.Code)
		assert.Equal(t, "5", w.Header().Get("Retry-After"))
		seen[system]++
	})
	assert.Len(t, seen, len(payloadtest.Systems()))
}

func TestRetryStatus(t *testing.T) {
	by := func(status int) func(*http.Request) int { return func(*http.Request) int { return status } }
	nightingale := string(payloadtest.Body("nightingale", "event-firing"))
	alertmanager := string(payloadtest.Body("alertmanager", "am034-single-first-notification"))
	full := &payload.RetryError{Err: errors.New("full")}
	tests := []struct {
		name   string
		body   string
		err    error
		status func(*http.Request) int
		want   int
	}{
		{"everyone", alertmanager, full, by(429), 429},
		{"everyone, whatever the payload wants", nightingale, full, by(503), 503},
		{"any error", alertmanager, errors.New("down"), by(500), 500},
		{"by the request", alertmanager, full, func(r *http.Request) int { return 400 + len(r.URL.Path) }, 408},
		{"least error", alertmanager, full, by(400), 400},
		{"below the errors", alertmanager, full, by(399), 503},
		{"greatest error", alertmanager, full, by(599), 599},
		{"above the errors", alertmanager, full, by(600), 503},
		{"zero", nightingale, full, by(0), 503},
		{"not what is final", nightingale, payload.ErrInvalid, by(429), 400},
		{"not a success", nightingale, nil, by(429), 200},
		{"not a body that does not decode", "{}", full, by(429), 400},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			h := payload.Handler(everyFormat().Decode, func(context.Context, payload.Payload) (any, error) { return nil, tt.err },
				payload.HandlerOptions{RetryStatus: tt.status})
			assert.Equal(t, tt.want, serve(h, post(tt.body)).Code)
		})
	}
}

// What Once cannot decide must come again too.
func TestRetryStatusOfOnce(t *testing.T) {
	h := payload.Handler(everyFormat().Decode, func(context.Context, payload.Payload) (any, error) { return nil, nil },
		payload.HandlerOptions{Once: func(context.Context, string) (func(error), bool, error) {
			return nil, false, errors.New("in flight")
		}})
	assert.Equal(t, 429, serve(h, post(string(payloadtest.Body("nightingale", "event-firing")))).Code)
	assert.Equal(t, 503, serve(h, post(string(payloadtest.Body("netpulse", "gen4-job-failed")))).Code)
}
