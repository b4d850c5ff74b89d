package callback_test

import (
	"fmt"
	"io"
	"net/http"
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/alertwire/alertwire/callback"
	"github.com/alertwire/alertwire/callback/callbacktest"
)

// A countedBody counts how often it was closed.
type countedBody struct {
	io.ReadCloser
	closed *int
}

func (b countedBody) Close() error { *b.closed++; return b.ReadCloser.Close() }

// A transport that traces ends its span when the body is closed, and one that
// pools connections gets them back.
func TestTheBodyOfEveryReplyIsClosed(t *testing.T) {
	tests := []struct {
		name string
		step http.HandlerFunc
	}{
		{"empty", callbacktest.Status(204)},
		{"accepted", callbacktest.Answer(200, "ok")},
		{"refused", callbacktest.Answer(400, "no")},
		{"redirect", callbacktest.Redirect(302, "http://127.0.0.1/")},
		{"longer than is drained", callbacktest.Huge(1 << 20)},
		{"not the gzip that it claims", callbacktest.Answer(200, "no gzip", "Content-Encoding", "gzip")},
		{"of too much gzip", callbacktest.GzipBomb(1 << 20)},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			srv := callbacktest.NewServer(t, tt.step)
			closed := 0
			w := hook(t, callback.Config{URL: srv.URL}, callback.Options{Wrap: func(next http.RoundTripper) http.RoundTripper {
				return roundTripper(func(r *http.Request) (*http.Response, error) {
					resp, err := next.RoundTrip(r)
					if err == nil {
						resp.Body = countedBody{resp.Body, &closed}
					}
					return resp, err
				})
			}})
			_, _ = w.Call(t.Context(), message)
			assert.Equal(t, 1, closed)
		})
	}
}

// A transport of somebody's own may leave out what net/http always sets.
func TestATransportMayAnswerBriefly(t *testing.T) {
	var answer *http.Response
	w := hook(t, callback.Config{URL: "https://hook.example"}, callback.Options{Wrap: func(http.RoundTripper) http.RoundTripper {
		return roundTripper(func(*http.Request) (*http.Response, error) { return answer, nil })
	}})
	answer = &http.Response{StatusCode: 200}
	reply, err := w.Call(t.Context(), message)
	require.NoError(t, err)
	assert.Equal(t, 200, reply.Status)

	answer = &http.Response{StatusCode: 503}
	_, err = w.Call(t.Context(), message)
	assert.Equal(t, callback.ClassServer, failed(t, err).Class)

	answer = nil
	_, err = w.Call(t.Context(), message)
	require.ErrorIs(t, err, callback.ErrGaveUp)
	assert.Equal(t, callback.ClassReset, failed(t, err).Class)
}

// A server that compresses all it says sends nothing at all as "gzip" too.
func TestNothingInGzipIsNothing(t *testing.T) {
	srv := callbacktest.NewServer(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Encoding", "gzip")
		w.WriteHeader(http.StatusOK)
		w.(http.Flusher).Flush() // so that it is chunked: the length is not known to be 0
	})
	reply, err := hook(t, callback.Config{URL: srv.URL}, callback.Options{}).Call(t.Context(), message)
	require.NoError(t, err)
	assert.Empty(t, reply.Body)
	assert.False(t, reply.Truncated)
}

// The body of a 101 is the bare connection, which no context ends.
func TestAConnectionThatIsNoLongerHTTPIsClosed(t *testing.T) {
	ended := make(chan error, 1)
	srv := callbacktest.NewServer(t, func(w http.ResponseWriter, _ *http.Request) {
		conn, _, err := w.(http.Hijacker).Hijack()
		if !assert.NoError(t, err) {
			return
		}
		defer conn.Close()
		fmt.Fprint(conn, "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n")
		_ = conn.SetReadDeadline(time.Now().Add(patience)) // for a test that fails
		_, err = conn.Read(make([]byte, 1))
		ended <- err
	})
	_, err := hook(t, callback.Config{URL: srv.URL}, callback.Options{}).Call(t.Context(), message)
	require.Equal(t, callback.ClassReset, failed(t, err).Class)
	require.NotErrorIs(t, <-ended, os.ErrDeadlineExceeded, "the sender did not hang up")
}
