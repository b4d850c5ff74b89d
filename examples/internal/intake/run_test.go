package intake_test

import (
	"context"
	"flag"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/alertwire/alertwire/callback/callbacktest"
	"github.com/alertwire/alertwire/callback/dispatch"
	"github.com/alertwire/alertwire/examples/internal/amtest"
	"github.com/alertwire/alertwire/examples/internal/intake"
)

// TestDrain tells the receiver to stop while a callback is under way: newcomers
// are sent away with 503, what was accepted is delivered.
func TestDrain(t *testing.T) {
	held, release := callbacktest.Hold(callbacktest.Status(200))
	hook := callbacktest.NewServer(t, held)
	fs := flag.NewFlagSet("", flag.ContinueOnError)
	o := intake.Flags(fs)
	require.NoError(t, fs.Parse([]string{"-no-auth", "-endpoints", file(t, "["+endpoint("ops", hook.URL, "")+"]")}))
	require.NoError(t, o.Complete())
	r, err := intake.New(t.Context(), *o, func(_ context.Context, _ *slog.Logger, outcome func(dispatch.Outcome)) (dispatch.Dispatcher, error) {
		return dispatch.NewMemory(dispatch.MemoryOptions{Observe: outcome})
	}, slog.New(slog.DiscardHandler))
	require.NoError(t, err)

	address := amtest.Free(t)
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- r.Run(ctx, address) }()
	url := "http://" + address
	amtest.Ready(t, url+"/health")
	resp, body := do(t, "POST", url+"/webhook", manual)
	require.Equal(t, http.StatusOK, resp.StatusCode, body)
	hook.Await(1)

	stop()
	require.Eventually(t, func() bool {
		resp, body = do(t, "GET", url+"/health", "")
		return resp.StatusCode == http.StatusServiceUnavailable
	}, 10*time.Second, 10*time.Millisecond)
	assert.JSONEq(t, `{"detail":"Service not initialised"}`, body)
	resp, _ = do(t, "POST", url+"/webhook", strings.Replace(manual, "test123", "later", 1))
	assert.Equal(t, http.StatusServiceUnavailable, resp.StatusCode)

	release()
	require.NoError(t, <-ended)
	assert.Len(t, hook.Requests(), 1)
}
