package callbackotel_test

import (
	"fmt"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	oteltrace "go.opentelemetry.io/otel/trace"

	"github.com/alertwire/alertwire/auth"
	"github.com/alertwire/alertwire/callback"
	"github.com/alertwire/alertwire/callback/callbackotel"
	"github.com/alertwire/alertwire/callback/callbacktest"
)

func newTracing(t *testing.T, p propagation.TextMapPropagator) (*callbackotel.Tracing, *tracetest.SpanRecorder) {
	t.Helper()
	recorder := tracetest.NewSpanRecorder()
	tracing, err := callbackotel.New(callbackotel.Options{
		TracerProvider: trace.NewTracerProvider(trace.WithSpanProcessor(recorder)),
		Propagator:     p,
	})
	require.NoError(t, err)
	return tracing, recorder
}

func message(t *testing.T) callback.Message {
	t.Helper()
	m, err := callback.NewMessage([]byte(`{"a":1}`))
	require.NoError(t, err)
	m.Type = "firing"
	return m
}

func attributes(s trace.ReadOnlySpan) map[attribute.Key]any {
	all := map[attribute.Key]any{}
	for _, kv := range s.Attributes() {
		all[kv.Key] = kv.Value.AsInterface()
	}
	return all
}

func TestAttemptsAreUnderTheirMessage(t *testing.T) {
	tracing, recorder := newTracing(t, nil)
	srv := callbacktest.NewServer(t, callbacktest.Status(503), callbacktest.Status(200))
	hook, err := callback.New(callback.Config{URL: srv.URL + "/hook"}, callback.Options{Name: "ops", Wrap: tracing.Wrap})
	require.NoError(t, err)
	m := message(t)
	_, err = callback.Decorate(hook, tracing.Message("ops"), callback.Retry(callback.RetryPolicy{Base: time.Millisecond})).Call(t.Context(), m)
	require.NoError(t, err)

	spans := recorder.Ended()
	require.Len(t, spans, 3)
	first, second, whole := spans[0], spans[1], spans[2]

	assert.Equal(t, "callback ops", whole.Name())
	assert.Equal(t, codes.Unset, whole.Status().Code)
	assert.Equal(t, int64(2), attributes(whole)["alertwire.attempts"])
	assert.Equal(t, m.ID, attributes(whole)["alertwire.message.id"])
	assert.Equal(t, "firing", attributes(whole)["alertwire.message.type"])

	for _, attempt := range []trace.ReadOnlySpan{first, second} {
		assert.Equal(t, "POST", attempt.Name())
		assert.Equal(t, oteltrace.SpanKindClient, attempt.SpanKind())
		assert.Equal(t, whole.SpanContext().SpanID(), attempt.Parent().SpanID())
		assert.Equal(t, "POST", attributes(attempt)["http.request.method"])
		assert.Equal(t, "127.0.0.1", attributes(attempt)["server.address"])
		assert.Equal(t, m.ID, attributes(attempt)["alertwire.message.id"])
		assert.Contains(t, srv.URL, fmt.Sprint(":", attributes(attempt)["server.port"]))
	}
	assert.Equal(t, int64(503), attributes(first)["http.response.status_code"])
	assert.Equal(t, "503", attributes(first)["error.type"])
	assert.Equal(t, codes.Error, first.Status().Code)
	assert.Equal(t, int64(200), attributes(second)["http.response.status_code"])
	assert.Equal(t, codes.Unset, second.Status().Code)
}

func TestMessageThatFails(t *testing.T) {
	tracing, recorder := newTracing(t, nil)
	recorded := &callbacktest.Recorder{Answer: callbacktest.Fail(callbacktest.Failure(503))}
	_, err := callback.Decorate(recorded, tracing.Message("ops")).Call(t.Context(), message(t))
	require.Error(t, err)

	span := recorder.Ended()[0]
	assert.Equal(t, codes.Error, span.Status().Code)
	assert.Equal(t, "server", span.Status().Description)
	assert.Equal(t, "server", attributes(span)["error.type"])
}

func TestNoAnswer(t *testing.T) {
	srv := callbacktest.NewServer(t, callbacktest.Hang())
	gone := nobody(t)
	tests := []struct {
		name, url string
		timeout   time.Duration
		want      string
	}{
		{"refused", gone, 0, "dial"},
		{"hangs", srv.URL, 50 * time.Millisecond, "timeout"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			tracing, recorder := newTracing(t, nil)
			hook, err := callback.New(callback.Config{URL: tt.url, Timeout: tt.timeout}, callback.Options{Wrap: tracing.Wrap})
			require.NoError(t, err)
			_, err = hook.Call(t.Context(), message(t))
			require.Error(t, err)
			require.Len(t, recorder.Ended(), 1)
			assert.Equal(t, tt.want, attributes(recorder.Ended()[0])["error.type"])
		})
	}
}

// Each span ends, whatever is done with the answer.
func TestSpansEnd(t *testing.T) {
	for name, step := range map[string]http.HandlerFunc{
		"empty": callbacktest.Status(204),
		"read":  callbacktest.JSON(`{}`),
		"huge":  callbacktest.Huge(10 << 20),
		"cut":   callbacktest.CloseMidBody(),
	} {
		t.Run(name, func(t *testing.T) {
			tracing, recorder := newTracing(t, nil)
			srv := callbacktest.NewServer(t, step)
			hook, err := callback.New(callback.Config{URL: srv.URL}, callback.Options{Wrap: tracing.Wrap})
			require.NoError(t, err)
			_, _ = hook.Call(t.Context(), message(t))
			assert.Len(t, recorder.Started(), 1)
			assert.Len(t, recorder.Ended(), 1)
		})
	}
}

func TestTraceHeaderOnlyWhereItIsWanted(t *testing.T) {
	tests := []struct {
		name       string
		propagator propagation.TextMapPropagator
		want       bool
	}{
		{"by default", nil, false},
		{"on demand", propagation.TraceContext{}, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			tracing, _ := newTracing(t, tt.propagator)
			srv := callbacktest.NewServer(t)
			hook, err := callback.New(callback.Config{URL: srv.URL}, callback.Options{Wrap: tracing.Wrap})
			require.NoError(t, err)
			_, err = hook.Call(t.Context(), message(t))
			require.NoError(t, err)
			_, got := srv.Await(1)[0].Header["Traceparent"]
			assert.Equal(t, tt.want, got)
		})
	}
}

// The RoundTripper leaves the request of its caller alone.
func TestRequestIsNotChanged(t *testing.T) {
	tracing, _ := newTracing(t, propagation.TraceContext{})
	srv := callbacktest.NewServer(t)
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, srv.URL, nil)
	require.NoError(t, err)
	resp, err := tracing.Wrap(http.DefaultTransport).RoundTrip(r)
	require.NoError(t, err)
	require.NoError(t, resp.Body.Close())
	assert.Empty(t, r.Header)
}

func TestNoSecretInASpan(t *testing.T) {
	const canary = "CANARY-51c2"
	tracing, recorder := newTracing(t, nil)
	srv := callbacktest.NewServer(t, callbacktest.Answer(400, canary, "X-Echo", canary))
	gone := nobody(t)
	for _, url := range []string{srv.URL, gone} {
		url = strings.Replace(url, "http://", "http://user:"+canary+"@", 1) + "/hook/" + canary + "?token=" + canary
		hook, err := callback.New(callback.Config{URL: url, Headers: map[string]string{"X-Key": canary, "Cookie": canary}},
			callback.Options{Wrap: tracing.Wrap})
		require.NoError(t, err)
		m := message(t)
		m.Body = []byte(canary)
		_, err = callback.Decorate(hook, tracing.Message("ops")).Call(t.Context(), m)
		require.Error(t, err)
	}
	bearer, err := auth.NewBearer(canary)
	require.NoError(t, err)
	hook, err := callback.New(callback.Config{URL: srv.URL}, callback.Options{Wrap: tracing.Wrap, Signer: bearer})
	require.NoError(t, err)
	_, err = hook.Call(t.Context(), message(t))
	require.Error(t, err)

	require.Len(t, recorder.Ended(), 5)
	for _, s := range recorder.Ended() {
		assert.NotContains(t, fmt.Sprint(s.Name(), s.Attributes(), s.Events(), s.Status(), s.Links()), canary)
	}
}

// nobody returns a URL where nobody listens, and can as long as the test lasts:
// its address belongs to one end of a connection.
func nobody(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { l.Close() })
	conn, err := net.Dial("tcp", l.Addr().String())
	require.NoError(t, err)
	t.Cleanup(func() { conn.Close() })
	return "http://" + conn.LocalAddr().String()
}

func TestNewNeedsAProvider(t *testing.T) {
	_, err := callbackotel.New(callbackotel.Options{})
	require.Error(t, err)
}
