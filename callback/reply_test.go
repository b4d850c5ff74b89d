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
		_ = conn.SetReadDeadline(time.Now().Add(5 * time.Second)) // for a test that fails
		_, err = conn.Read(make([]byte, 1))
		ended <- err
	})
	_, err := hook(t, callback.Config{URL: srv.URL}, callback.Options{}).Call(t.Context(), message)
	require.Equal(t, callback.ClassReset, failed(t, err).Class)
	require.NotErrorIs(t, <-ended, os.ErrDeadlineExceeded, "the sender did not hang up")
}
