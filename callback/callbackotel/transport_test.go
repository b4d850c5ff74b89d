package callbackotel_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/sdk/trace"
	oteltrace "go.opentelemetry.io/otel/trace"
	"go.opentelemetry.io/otel/trace/noop"

	"github.com/alertwire/alertwire/callback"
	"github.com/alertwire/alertwire/callback/callbackotel"
	"github.com/alertwire/alertwire/callback/callbacktest"
	"github.com/alertwire/alertwire/callback/dispatch"
)

// A roundTripper is a transport that a test makes up.
type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func answering(status int, body io.ReadCloser) http.RoundTripper {
	return roundTripper(func(r *http.Request) (*http.Response, error) {
		return &http.Response{StatusCode: status, ProtoMajor: 1, ProtoMinor: 1, Header: http.Header{}, Body: body, Request: r}, nil
	})
}

func TestMethodsOfASpan(t *testing.T) {
	tests := []struct {
		method, name, want string
		original           any
	}{
		{"", "GET", "GET", nil}, // which is what net/http makes of it
		{"GET", "GET", "GET", nil},
		{"PATCH", "PATCH", "PATCH", nil},
		{"QUERY", "QUERY", "QUERY", nil},
		{"get", "HTTP", "_OTHER", "get"},
		{"PURGE", "HTTP", "_OTHER", "PURGE"},
	}
	for _, tt := range tests {
		t.Run(tt.method, func(t *testing.T) {
			tracing, recorder := newTracing(t, nil)
			r := httptest.NewRequest(http.MethodGet, "http://receiver.test/", nil)
			r.Method = tt.method
			resp, err := tracing.Wrap(answering(204, http.NoBody)).RoundTrip(r)
			require.NoError(t, err)
			require.NoError(t, resp.Body.Close())
			span := recorder.Ended()[0]
			assert.Equal(t, tt.name, span.Name())
			assert.Equal(t, tt.want, attributes(span)["http.request.method"])
			assert.Equal(t, tt.original, attributes(span)["http.request.method_original"])
		})
	}
}

func TestVersionOfTheProtocol(t *testing.T) {
	tracing, recorder := newTracing(t, nil)
	for _, http2 := range []bool{false, true} {
		srv := httptest.NewUnstartedServer(http.NotFoundHandler())
		srv.EnableHTTP2 = http2
		srv.StartTLS()
		t.Cleanup(srv.Close)
		client := srv.Client()
		client.Transport = tracing.Wrap(client.Transport)
		resp, err := client.Get(srv.URL)
		require.NoError(t, err)
		require.NoError(t, resp.Body.Close())
	}
	require.Len(t, recorder.Ended(), 2)
	assert.Equal(t, "1.1", attributes(recorder.Ended()[0])["network.protocol.version"])
	assert.Equal(t, "2", attributes(recorder.Ended()[1])["network.protocol.version"])
}

// A trace shows which span is a repetition, whoever repeats.
func TestNumberOfTheAttempt(t *testing.T) {
	run := map[string]func(t *testing.T, hook callback.Caller, tracing *callbackotel.Tracing, policy callback.RetryPolicy){
		"Retry": func(t *testing.T, hook callback.Caller, tracing *callbackotel.Tracing, policy callback.RetryPolicy) {
			_, err := callback.Decorate(hook, callback.Retry(policy), tracing.Message("ops")).Call(t.Context(), message(t))
			require.NoError(t, err)
		},
		"dispatcher": func(t *testing.T, hook callback.Caller, tracing *callbackotel.Tracing, policy callback.RetryPolicy) {
			d, err := dispatch.NewMemory(dispatch.MemoryOptions{})
			require.NoError(t, err)
			require.NoError(t, d.Add(t.Context(), "ops", callback.Decorate(hook, tracing.Message("ops")), dispatch.EndpointOptions{Retry: policy}))
			require.NoError(t, d.Dispatch(t.Context(), message(t)))
			_, err = d.Shutdown(t.Context())
			require.NoError(t, err)
		},
	}
	for name, call := range run {
		t.Run(name, func(t *testing.T) {
			tracing, recorder := newTracing(t, nil)
			srv := callbacktest.NewServer(t, callbacktest.Status(503), callbacktest.Status(503), callbacktest.Status(200))
			hook, err := callback.New(callback.Config{URL: srv.URL}, callback.Options{Wrap: tracing.Wrap})
			require.NoError(t, err)
			call(t, hook, tracing, callback.RetryPolicy{Base: time.Millisecond})

			require.Len(t, recorder.Ended(), 6)
			for i := range 3 {
				request, whole := attributes(recorder.Ended()[2*i]), attributes(recorder.Ended()[2*i+1])
				assert.Equal(t, int64(i+1), whole["alertwire.attempt"])
				if i == 0 {
					assert.NotContains(t, request, "http.request.resend_count")
				} else {
					assert.Equal(t, int64(i), request["http.request.resend_count"])
				}
			}
		})
	}
}

// An exporter drops the whole batch over one text that is not UTF-8.
func TestTextsOfASpanAreUTF8(t *testing.T) {
	tracing, recorder := newTracing(t, nil)
	hook := callback.CallerFunc(func(ctx context.Context, m callback.Message) (callback.Reply, error) {
		r := httptest.NewRequestWithContext(ctx, http.MethodPost, "/", nil)
		r.Method, r.URL.Host = "P\xff", "h\xff"
		r.Header.Set("Webhook-Id", m.ID)
		resp, err := tracing.Wrap(answering(200, http.NoBody)).RoundTrip(r)
		require.NoError(t, err)
		return callback.Reply{}, resp.Body.Close()
	})
	m := callback.Message{ID: "i\xff", Type: "t\xff"}
	_, err := callback.Decorate(hook, tracing.Message("ops\xff")).Call(t.Context(), m)
	require.NoError(t, err)
	require.Len(t, recorder.Ended(), 2)
	for _, s := range recorder.Ended() {
		text := fmt.Sprint(s.Name(), s.Attributes())
		assert.True(t, utf8.ValidString(text), "%q", text)
	}
	assert.Equal(t, "ops\uFFFD", attributes(recorder.Ended()[1])["alertwire.endpoint"])
}

// The text of a panic is no more fit for a trace than that of an error.
func TestPanicEndsTheSpansWithoutItsText(t *testing.T) {
	const canary = "CANARY-9a0e"
	tracing, recorder := newTracing(t, nil)
	hook := callback.CallerFunc(func(ctx context.Context, _ callback.Message) (callback.Reply, error) {
		base := roundTripper(func(*http.Request) (*http.Response, error) { panic(canary) })
		_, err := tracing.Wrap(base).RoundTrip(httptest.NewRequestWithContext(ctx, http.MethodPost, "/", nil))
		return callback.Reply{}, err
	})
	assert.PanicsWithValue(t, canary, func() {
		_, _ = callback.Decorate(hook, tracing.Message("ops")).Call(t.Context(), message(t))
	})
	require.Len(t, recorder.Ended(), 2)
	for _, s := range recorder.Ended() {
		assert.NotContains(t, fmt.Sprint(s.Attributes(), s.Events(), s.Status()), canary)
		assert.Equal(t, codes.Error, s.Status().Code)
		assert.Equal(t, "panic", attributes(s)["error.type"])
	}
}

// What works under an http.Client without the wrapper works with it.
func TestWrapHidesNothing(t *testing.T) {
	t.Run("no base", func(t *testing.T) {
		tracing, recorder := newTracing(t, nil)
		srv := callbacktest.NewServer(t)
		resp, err := (&http.Client{Transport: tracing.Wrap(nil)}).Get(srv.URL)
		require.NoError(t, err)
		require.NoError(t, resp.Body.Close())
		assert.Len(t, recorder.Ended(), 1)
	})
	t.Run("no body", func(t *testing.T) {
		tracing, recorder := newTracing(t, nil)
		resp, err := (&http.Client{Transport: tracing.Wrap(answering(200, nil))}).Get("http://receiver.test/")
		require.NoError(t, err)
		_, err = io.ReadAll(resp.Body)
		require.NoError(t, err)
		require.NoError(t, resp.Body.Close())
		assert.Len(t, recorder.Ended(), 1)
	})
	t.Run("no header, no URL", func(t *testing.T) {
		tracing, recorder := newTracing(t, propagation.TraceContext{})
		for _, r := range []*http.Request{{Method: "GET", URL: &url.URL{Scheme: "http", Host: "receiver.test"}}, {Method: "GET", Header: http.Header{}}} {
			assert.NotPanics(t, func() {
				_, err := tracing.Wrap(roundTripper(func(*http.Request) (*http.Response, error) { return nil, io.EOF })).RoundTrip(r)
				require.ErrorIs(t, err, io.EOF)
			})
		}
		assert.Len(t, recorder.Ended(), 2)
	})
	t.Run("a connection that is no longer HTTP", func(t *testing.T) {
		tracing, recorder := newTracing(t, nil)
		srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			conn, buf, err := http.NewResponseController(w).Hijack()
			if !assert.NoError(t, err) {
				return
			}
			defer conn.Close()
			fmt.Fprint(conn, "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n")
			line, _ := buf.ReadString('\n')
			fmt.Fprint(conn, line)
		}))
		t.Cleanup(srv.Close)
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, srv.URL, nil)
		require.NoError(t, err)
		r.Header = http.Header{"Connection": {"Upgrade"}, "Upgrade": {"echo"}}
		resp, err := (&http.Client{Transport: tracing.Wrap(http.DefaultTransport)}).Do(r)
		require.NoError(t, err)
		conn, ok := resp.Body.(io.ReadWriteCloser)
		require.True(t, ok)
		_, err = io.WriteString(conn, "hello\n")
		require.NoError(t, err)
		line, err := io.ReadAll(conn)
		require.NoError(t, err)
		assert.Equal(t, "hello\n", string(line))
		require.NoError(t, conn.Close())
		assert.Len(t, recorder.Ended(), 1)
	})
	t.Run("idle connections", func(t *testing.T) {
		tracing, _ := newTracing(t, nil)
		closed := new(idle)
		(&http.Client{Transport: tracing.Wrap(closed)}).CloseIdleConnections()
		(&http.Client{Transport: tracing.Wrap(answering(200, nil))}).CloseIdleConnections()
		assert.True(t, bool(*closed))
	})
}

// idle is a transport that remembers CloseIdleConnections.
type idle bool

func (*idle) RoundTrip(*http.Request) (*http.Response, error) { return nil, io.EOF }
func (i *idle) CloseIdleConnections()                         { *i = true }

// Nothing is recorded of what is not sampled, but the trace goes on.
func TestNotSampled(t *testing.T) {
	for name, provider := range map[string]oteltrace.TracerProvider{
		"no-op": noop.NewTracerProvider(),
		"never": trace.NewTracerProvider(trace.WithSampler(trace.NeverSample())),
	} {
		t.Run(name, func(t *testing.T) {
			tracing, err := callbackotel.New(callbackotel.Options{TracerProvider: provider, Propagator: propagation.TraceContext{}})
			require.NoError(t, err)
			parent := oteltrace.NewSpanContext(oteltrace.SpanContextConfig{TraceID: oteltrace.TraceID{1}, SpanID: oteltrace.SpanID{2}})
			ctx := oteltrace.ContextWithSpanContext(t.Context(), parent)
			body := io.NopCloser(strings.NewReader("{}"))
			var sent string
			resp, err := tracing.Wrap(roundTripper(func(r *http.Request) (*http.Response, error) {
				sent = r.Header.Get("Traceparent")
				return answering(500, body).RoundTrip(r)
			})).RoundTrip(httptest.NewRequestWithContext(ctx, http.MethodPost, "http://receiver.test/", nil))
			require.NoError(t, err)
			assert.True(t, resp.Body == body, "is wrapped for nothing")
			assert.Contains(t, sent, parent.TraceID().String())
			assert.True(t, strings.HasSuffix(sent, "-00"), sent)
		})
	}
}

func BenchmarkWrap(b *testing.B) {
	base := answering(200, http.NoBody)
	run := func(b *testing.B, rt http.RoundTripper) {
		r := httptest.NewRequest(http.MethodPost, "http://receiver.test/", nil)
		b.ReportAllocs()
		for b.Loop() {
			resp, err := rt.RoundTrip(r)
			if err != nil {
				b.Fatal(err)
			}
			resp.Body.Close()
		}
	}
	b.Run("bare", func(b *testing.B) { run(b, base) })
	for _, p := range []struct {
		name     string
		provider oteltrace.TracerProvider
	}{
		{"no-op", noop.NewTracerProvider()},
		{"never", trace.NewTracerProvider(trace.WithSampler(trace.NeverSample()))},
		{"always", trace.NewTracerProvider()},
	} {
		tracing, err := callbackotel.New(callbackotel.Options{TracerProvider: p.provider})
		require.NoError(b, err)
		b.Run(p.name, func(b *testing.B) { run(b, tracing.Wrap(base)) })
	}
}
