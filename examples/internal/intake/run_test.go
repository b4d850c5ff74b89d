package intake_test

import (
	"context"
	"flag"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/alertwire/alertwire/callback"
	"github.com/alertwire/alertwire/callback/callbacktest"
	"github.com/alertwire/alertwire/callback/dispatch"
	"github.com/alertwire/alertwire/examples/internal/amtest"
	"github.com/alertwire/alertwire/examples/internal/intake"
	"github.com/alertwire/alertwire/payload/payloadtest"
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
	_, port, err := net.SplitHostPort(address)
	require.NoError(t, err)
	assert.Contains(t, body, `"report_url":"http://localhost:`+port+`/report/test123"`, "where it listens, if nobody says more")
	hook.Await(1)

	stop()
	amtest.Eventually(t, func() bool {
		resp, body = do(t, "GET", url+"/health", "")
		return resp.StatusCode == http.StatusServiceUnavailable
	}, "it did not come to pass")
	assert.JSONEq(t, `{"detail":"Service not initialised"}`, body)
	resp, _ = do(t, "POST", url+"/webhook", strings.Replace(manual, "test123", "later", 1))
	assert.Equal(t, http.StatusServiceUnavailable, resp.StatusCode)

	release()
	require.NoError(t, <-ended)
	assert.Len(t, hook.Requests(), 1)
}

// impatient is a dispatcher that has not delivered everything when its time for
// that is over, and hands nothing back.
type impatient struct{ *dispatch.Memory }

func (i impatient) Shutdown(ctx context.Context) ([]dispatch.Undelivered, error) {
	_, _ = i.Memory.Shutdown(ctx)
	return nil, fmt.Errorf("queue: %w", context.DeadlineExceeded)
}

// What a dispatcher keeps is not lost when the program stops, and not an error.
func TestStopWithSomethingLeft(t *testing.T) {
	for keeps, want := range map[bool]int{true: 0, false: 1} {
		ctx, stop := context.WithCancel(t.Context())
		var out logs
		stop()
		status := intake.Program{
			Name:  "program",
			Keeps: keeps,
			Open: func(context.Context, *slog.Logger, func(dispatch.Outcome)) (dispatch.Dispatcher, error) {
				m, err := dispatch.NewMemory(dispatch.MemoryOptions{})
				return impatient{m}, err
			},
		}.Run(ctx, []string{"-no-auth", "-listen", "127.0.0.1:0"}, &out)
		assert.Equal(t, want, status, out.String())
		assert.Equal(t, keeps, strings.Contains(out.String(), "stays queued"), out.String())
	}
}

// away is a dispatcher whose engine does not answer.
type away struct{ *dispatch.Memory }

func (away) Dispatch(ctx context.Context, _ callback.Message, _ ...string) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	<-ctx.Done()
	return fmt.Errorf("the engine is away: %w", context.Cause(ctx))
}

func (away) Stats(ctx context.Context) ([]dispatch.EndpointStats, error) {
	<-ctx.Done()
	return nil, context.Cause(ctx)
}

// Senders and probes are answered while the engine does not answer.
func TestEngineThatIsAway(t *testing.T) {
	fs := flag.NewFlagSet("", flag.ContinueOnError)
	o := intake.Flags(fs)
	require.NoError(t, fs.Parse([]string{"-no-auth", "-endpoints", file(t, `[{"name":"a","callback":{"url":"http://127.0.0.1:1"}},
	  {"name":"b","format":"slack","callback":{"url":"http://127.0.0.1:1"}}]`)}))
	require.NoError(t, o.Complete())
	var out logs
	o.Patience = 10 * time.Millisecond
	r, err := intake.New(t.Context(), *o, func(context.Context, *slog.Logger, func(dispatch.Outcome)) (dispatch.Dispatcher, error) {
		m, err := dispatch.NewMemory(dispatch.MemoryOptions{})
		return away{m}, err
	}, slog.New(slog.NewTextHandler(&out, nil)))
	require.NoError(t, err)
	srv := httptest.NewServer(r)
	t.Cleanup(srv.Close)
	const why = "the engine is away" // and not only that the time was up, which the second endpoint says
	// The first does not count as delivered; on a slow machine the time may be up before the engine is asked.
	for i := 0; i < 2 || i < 50 && !strings.Contains(out.String(), why); i++ {
		resp, _ := do(t, "POST", srv.URL+"/webhook", manual)
		assert.Equal(t, http.StatusServiceUnavailable, resp.StatusCode)
		assert.NotEmpty(t, resp.Header.Get("Retry-After"))
	}
	assert.Contains(t, out.String(), why)
	resp, _ := do(t, "GET", srv.URL+"/health", "")
	assert.Equal(t, http.StatusServiceUnavailable, resp.StatusCode)
}

// What memory still holds at the end is reported once.
func TestWhatIsLostIsReportedOnce(t *testing.T) {
	held, release := callbacktest.Hold(callbacktest.Status(200))
	hook := callbacktest.NewServer(t, held)
	srv, calls, log := start(t, "["+endpoint("ops", hook.URL, `"concurrency":1`)+"]")
	do(t, "POST", srv.URL+"/webhook", manual)
	hook.Await(1)
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	left, err := calls.Shutdown(ended)
	require.ErrorIs(t, err, context.Canceled)
	require.Len(t, left, 1)
	release()
	assert.NotContains(t, log.String(), "callback returned", "the program says what was left")
}

// The log tells when an endpoint is left alone, or its silence is a riddle.
func TestBreakerIsLogged(t *testing.T) {
	hook := callbacktest.NewServer(t, callbacktest.Status(500))
	srv, _, log := start(t, "["+endpoint("ops", hook.URL, `"breaker":{"failures":1}`)+"]")
	do(t, "POST", srv.URL+"/webhook", manual)
	amtest.Eventually(t, func() bool { return strings.Contains(log.String(), "callback breaker opened") }, "it did not come to pass")
	assert.Regexp(t, `level=WARN msg="callback breaker opened" endpoint=ops class=server status=500`, log.String())
}

func TestReportURLsFollowTheListener(t *testing.T) {
	for address, want := range map[string]string{
		"127.0.0.1:8001":      "http://localhost:8001",
		"[::1]:80":            "http://localhost:80",
		"0.0.0.0:9000":        "http://localhost:9000",
		"[::]:9000":           "http://localhost:9000",
		"[::ffff:0.0.0.0]:1":  "http://localhost:1",
		"127.0.0.2:8001":      "http://127.0.0.2:8001",
		"192.0.2.1:8001":      "http://192.0.2.1:8001",
		"[2001:db8::1]:8001":  "http://[2001:db8::1]:8001",
		"[fe80::1%eth0]:8001": "http://[fe80::1]:8001",
	} {
		at, err := net.ResolveTCPAddr("tcp", address)
		require.NoError(t, err)
		assert.Equal(t, want, intake.URLOf(at), address)
	}
}

// A full queue is answered as -overload-status says; auto answers each sender
// with what it heeds.
func TestFullQueueIsAnsweredByTheFlag(t *testing.T) {
	held, release := callbacktest.Hold(callbacktest.Status(200))
	t.Cleanup(release)
	tests := []struct {
		flag                      string
		alertmanager, nightingale int
	}{
		{"503", 503, 503},
		{"429", 429, 429},
		{"auto", 503, 429},
	}
	for _, tt := range tests {
		t.Run(tt.flag, func(t *testing.T) {
			hook := callbacktest.NewServer(t, held, held, held)
			srv, _, _ := start(t, "["+endpoint("ops", hook.URL, `"queue":1,"concurrency":1`)+"]", "-overload-status", tt.flag)
			body := func(n int) string { return strings.Replace(manual, "test123", strconv.Itoa(n), 1) }
			status := 0
			for n := range 3 { // one under way, one in the queue, one too many
				resp, _ := do(t, "POST", srv.URL+"/webhook", body(n))
				status = resp.StatusCode
				if n == 0 {
					hook.Await(1)
				}
			}
			assert.Equal(t, tt.alertmanager, status)
			resp, _ := do(t, "POST", srv.URL+"/webhook", string(payloadtest.Body("nightingale", "event-firing")))
			assert.Equal(t, tt.nightingale, resp.StatusCode)
			assert.NotEmpty(t, resp.Header.Get("Retry-After"))
		})
	}
}
