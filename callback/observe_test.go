package callback_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"os/exec"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/alertwire/alertwire/callback"
	"github.com/alertwire/alertwire/callback/callbacktest"
)

func TestObserve(t *testing.T) {
	inOneRun(t, func() (reused bool) {
		srv := callbacktest.NewServer(t, callbacktest.RetryAfter(503, 2), callbacktest.Status(200))
		var got []callback.Attempt
		w := hook(t, callback.Config{URL: srv.URL}, callback.Options{Name: "ops", Observe: func(_ context.Context, a callback.Attempt) { got = append(got, a) }})
		start := time.Now()
		_, first := w.Call(t.Context(), message)
		_, err := w.Call(callback.WithAttempt(t.Context(), 2), message)
		require.NoError(t, err)
		_, refused := w.Call(t.Context(), callback.Message{ID: "a.b"})
		require.Len(t, got, 3)
		for i := range got {
			assert.False(t, got[i].Start.Before(start))
			assert.Positive(t, got[i].Took)
			got[i].Start, got[i].Took = time.Time{}, 0
		}
		reused, got[1].Reused = got[1].Reused, false
		assert.Equal(t, []callback.Attempt{
			{Endpoint: "ops", MessageID: "msg_1", Type: "firing", Number: 1, Status: 503, Class: callback.ClassServer, Wait: 2 * time.Second, Err: first},
			{Endpoint: "ops", MessageID: "msg_1", Type: "firing", Number: 2, Status: 200},
			{Endpoint: "ops", MessageID: "a.b", Number: 1, Class: callback.ClassRequest, Err: refused},
		}, got)
		return reused
	})
}

// Two destinations on one host have two names, which the caller gave.
func TestNamesTellEndpointsApart(t *testing.T) {
	srv := callbacktest.NewServer(t, callbacktest.Status(400))
	for _, name := range []string{"a", "b", ""} {
		var seen string
		w := hook(t, callback.Config{URL: srv.URL + "/secret"}, callback.Options{Name: name, Observe: func(_ context.Context, a callback.Attempt) { seen = a.Endpoint }})
		_, err := w.Call(t.Context(), message)
		want := name
		if want == "" {
			want = srv.URL
		}
		assert.Equal(t, want, seen)
		assert.Equal(t, want, failed(t, err).Endpoint)
		assert.Equal(t, want, w.Endpoint())
		assert.Equal(t, want, w.String())
	}
}

func TestLog(t *testing.T) {
	srv := callbacktest.NewServer(t, callbacktest.Answer(500, "c4n4ry"), callbacktest.Status(200))
	var out bytes.Buffer
	logger := slog.New(slog.NewJSONHandler(&out, &slog.HandlerOptions{Level: slog.LevelDebug}))
	w := hook(t, callback.Config{URL: srv.URL}, callback.Options{Name: "ops", Logger: logger})
	_, err := w.Call(t.Context(), message)
	require.Error(t, err)
	_, err = w.Call(t.Context(), message)
	require.NoError(t, err)
	lines := bytes.Split(bytes.TrimSpace(out.Bytes()), []byte("\n"))
	require.Len(t, lines, 2)
	for i, want := range []map[string]any{
		{"level": "INFO", "msg": "callback attempt failed", "endpoint": "ops", "message_id": "msg_1", "type": "firing", "attempt": 1.0, "class": "server", "status": 500.0},
		{"level": "DEBUG", "msg": "callback accepted", "endpoint": "ops", "message_id": "msg_1", "type": "firing", "attempt": 1.0, "class": "", "status": 200.0},
	} {
		var got map[string]any
		require.NoError(t, json.Unmarshal(lines[i], &got))
		delete(got, "time")
		delete(got, "took")
		assert.Equal(t, want, got)
	}
}

// Unless it was given a logger, the package writes nowhere.
func TestSilentByDefault(t *testing.T) {
	const child = "ALERTWIRE_TEST_SILENT_CHILD" // a process where nobody else writes
	if os.Getenv(child) == "" {
		cmd := exec.Command(os.Args[0], "-test.run=^TestSilentByDefault$")
		cmd.Env = append(os.Environ(), child+"=1")
		written, err := cmd.CombinedOutput()
		require.NoError(t, err, "%s", written)
		assert.Equal(t, "done", string(written))
		return
	}
	srv := callbacktest.NewServer(t, callbacktest.Garbage(), callbacktest.Reset(), callbacktest.Status(500), callbacktest.Status(200))
	h := hook(t, callback.Config{URL: srv.URL}, callback.Options{})
	for range 5 {
		_, _ = h.Call(t.Context(), message)
	}
	fmt.Print("done")
	os.Exit(0) // before the summary of the tests
}

// Trace headers go out when somebody puts them in, and never by themselves.
func TestWrap(t *testing.T) {
	srv := callbacktest.NewServer(t)
	_, err := hook(t, callback.Config{URL: srv.URL}, callback.Options{}).Call(t.Context(), message)
	require.NoError(t, err)
	traced := callback.Options{Wrap: func(next http.RoundTripper) http.RoundTripper {
		return roundTripper(func(r *http.Request) (*http.Response, error) {
			r = r.Clone(r.Context())
			r.Header.Set("Traceparent", "00-1-2-01")
			return next.RoundTrip(r)
		})
	}}
	for _, client := range []*http.Client{nil, {}} {
		traced.Client = client
		_, err = hook(t, callback.Config{URL: srv.URL}, traced).Call(t.Context(), message)
		require.NoError(t, err)
	}
	got := srv.Await(3)
	for _, name := range []string{"Traceparent", "Tracestate", "B3", "Baggage", "X-B3-Traceid"} {
		assert.Empty(t, got[0].Header.Get(name))
	}
	assert.Equal(t, "00-1-2-01", got[1].Header.Get("Traceparent"))
	assert.Equal(t, "00-1-2-01", got[2].Header.Get("Traceparent"))
}

// A client of the caller's is used as it is, but for redirects.
func TestClient(t *testing.T) {
	srv := callbacktest.NewServer(t, callbacktest.Status(200), callbacktest.Hang())
	asked := 0
	client := &http.Client{Transport: roundTripper(func(r *http.Request) (*http.Response, error) {
		asked++
		return http.DefaultTransport.RoundTrip(r)
	})}
	c := callback.Config{URL: srv.URL + "/c4n4ry?c4n4ry"}
	_, err := hook(t, c, callback.Options{Client: client}).Call(t.Context(), message)
	require.NoError(t, err)
	assert.Nil(t, client.CheckRedirect, "it is the caller's")
	client.Timeout = brief
	_, err = hook(t, c, callback.Options{Client: client}).Call(t.Context(), message)
	require.ErrorIs(t, err, callback.ErrGaveUp)
	assert.Equal(t, callback.ClassTimeout, failed(t, err).Class)
	assert.NotContains(t, err.Error(), "c4n4ry")
	assert.Equal(t, 2, asked)
}
