package oncall_test

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"example.com/oncall"
	"github.com/alertwire/alertwire/callback"
	"github.com/alertwire/alertwire/callback/callbacktest"
	"github.com/alertwire/alertwire/payload/payloadtest"
	"github.com/alertwire/alertwire/ratelimit"
	"github.com/alertwire/alertwire/ratelimit/ratelimittest"
)

// post sends a captured request and returns the status of the answer.
func post(t *testing.T, tickets callback.Caller, system, name string) int {
	t.Helper()
	h, err := oncall.Service{Token: "s3cr3t", Tickets: tickets}.Handler()
	require.NoError(t, err)
	r := payloadtest.Request(system, name)
	r.Header.Set("Authorization", "Bearer s3cr3t")
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w.Code
}

func TestTicketForEachCriticalAlert(t *testing.T) {
	tickets := &callbacktest.Recorder{}
	require.Equal(t, http.StatusOK, post(t, tickets, "alertmanager", "am034-group3-first-notification"))

	got := tickets.Messages()
	require.Len(t, got, 2, "the third one is a warning")
	assert.JSONEq(t, `{"title":"Pod crash looping","dedup_key":"3342e4a629e67ec4","open":true}`, string(got[0].Body))
}

func TestSenderIsAskedToComeBack(t *testing.T) {
	tickets := callbacktest.NewServer(t, callbacktest.Status(http.StatusInternalServerError))
	hook, err := callback.New(callback.Config{URL: tickets.URL}, callback.Options{})
	require.NoError(t, err)
	assert.Equal(t, http.StatusServiceUnavailable, post(t, hook, "alertmanager", "am034-group3-first-notification"))
}

func TestGrafanaIsUnderstood(t *testing.T) {
	tickets := &callbacktest.Recorder{}
	assert.Equal(t, http.StatusOK, post(t, tickets, "grafana", "grafana-default-firing2"))
	assert.Empty(t, tickets.Messages(), "none of its alerts is critical")
}

// A Store or a Caller of your own is tested by the suites of alertwire.
func TestOurStore(t *testing.T) {
	ratelimittest.TestStore(t, func(*testing.T) ratelimit.Store { return &ratelimit.Memory{} })
}
