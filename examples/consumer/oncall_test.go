package oncall_test

import (
	"net/http"
	"net/http/httptest"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"example.com/oncall"
	"github.com/alertwire/alertwire/callback"
	"github.com/alertwire/alertwire/callback/callbacktest"
	"github.com/alertwire/alertwire/callback/dispatch"
	"github.com/alertwire/alertwire/payload/payloadtest"
	"github.com/alertwire/alertwire/ratelimit"
	"github.com/alertwire/alertwire/ratelimit/ratelimittest"
)

// handler returns the handler of a service that opens its tickets with tickets.
func handler(t *testing.T, tickets callback.Caller) http.Handler {
	t.Helper()
	h, err := oncall.Service{Token: "s3cr3t", Tickets: tickets}.Handler()
	require.NoError(t, err)
	return h
}

// post sends a captured request and returns the status of the answer.
func post(h http.Handler, system, name string) int {
	r := payloadtest.Request(system, name)
	r.Header.Set("Authorization", "Bearer s3cr3t")
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w.Code
}

// group is a captured request with three alerts, two of them critical.
const group = "am034-group3-first-notification"

func TestTicketForEachCriticalAlert(t *testing.T) {
	tickets := &callbacktest.Recorder{}
	require.Equal(t, http.StatusOK, post(handler(t, tickets), "alertmanager", group))

	got := tickets.Messages()
	require.Len(t, got, 2, "the third one is a warning")
	assert.JSONEq(t, `{"title":"Pod crash looping","dedup_key":"3342e4a629e67ec4","open":true}`, string(got[0].Body))
}

func TestRepeatOpensNoTicket(t *testing.T) {
	tickets := &callbacktest.Recorder{}
	h := handler(t, tickets)
	require.Equal(t, http.StatusOK, post(h, "alertmanager", group))
	require.Equal(t, http.StatusOK, post(h, "alertmanager", group))
	assert.Len(t, tickets.Messages(), 2)
}

func TestStrangerIsRefused(t *testing.T) {
	tickets := &callbacktest.Recorder{}
	w := httptest.NewRecorder()
	handler(t, tickets).ServeHTTP(w, payloadtest.Request("alertmanager", group))
	assert.Equal(t, http.StatusUnauthorized, w.Code)
	assert.Empty(t, tickets.Messages())
}

func TestGrafanaIsUnderstood(t *testing.T) {
	tickets := &callbacktest.Recorder{}
	assert.Equal(t, http.StatusOK, post(handler(t, tickets), "grafana", "grafana-default-firing2"))
	assert.Empty(t, tickets.Messages(), "none of its alerts is critical")
}

// In a bubble a minute passes at once.
func TestTooManyAreAskedToComeBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := handler(t, &callbacktest.Recorder{})
		for range 100 {
			require.Equal(t, http.StatusOK, post(h, "alertmanager", group))
		}
		assert.Equal(t, http.StatusServiceUnavailable, post(h, "alertmanager", group), "the status that Alertmanager heeds")
		time.Sleep(time.Minute)
		assert.Equal(t, http.StatusOK, post(h, "alertmanager", group))
	})
}

// A real endpoint shows what comes over the wire.
func TestSenderIsAskedToComeBack(t *testing.T) {
	tickets := callbacktest.NewServer(t, callbacktest.Status(http.StatusInternalServerError))
	hook, err := callback.New(callback.Config{URL: tickets.URL}, callback.Options{})
	require.NoError(t, err)
	assert.Equal(t, http.StatusServiceUnavailable, post(handler(t, hook), "alertmanager", group))
	assert.NotEmpty(t, tickets.Await(1)[0].Header.Get("Webhook-Id"))
}

func TestBusyTicketSystemIsWaitedFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		busy := callbacktest.Failure(http.StatusTooManyRequests)
		busy.RetryAfter = 30 * time.Second
		tickets := &callbacktest.Recorder{Answer: callbacktest.Fail(busy, nil)}
		start := time.Now()
		h := handler(t, callback.Retry(callback.RetryPolicy{})(tickets))
		assert.Equal(t, http.StatusOK, post(h, "alertmanager", group))
		assert.Equal(t, 30*time.Second, time.Since(start))
		ids := tickets.IDs()
		require.Len(t, ids, 3, "two tickets, and one attempt that failed")
		assert.Equal(t, ids[0], ids[1], "by its ID the ticket system knows a repeat")
	})
}

// With a dispatcher nobody waits for the ticket system.
func TestTicketsAreQueued(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		calls, err := dispatch.NewMemory(dispatch.MemoryOptions{})
		require.NoError(t, err)
		tickets := &callbacktest.Recorder{Answer: callbacktest.Fail(callbacktest.Failure(http.StatusBadGateway), nil)}
		require.NoError(t, calls.Add(t.Context(), "tickets", tickets, dispatch.EndpointOptions{}))

		require.Equal(t, http.StatusOK, post(handler(t, dispatch.Caller(calls, "tickets")), "alertmanager", group))
		lost, err := calls.Shutdown(t.Context()) // delivers what is queued
		require.NoError(t, err)
		assert.Empty(t, lost)
		assert.Len(t, tickets.Messages(), 3)
	})
}

// A Store, a Caller or a Dispatcher of your own is tested by the suites of
// alertwire: see also callbacktest.TestCaller, TestDispatcher and TestDurable.
func TestOurStore(t *testing.T) {
	ratelimittest.TestStore(t, func(*testing.T) ratelimit.Store { return &ratelimit.Memory{} })
}
