package callbackotel_test

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel/codes"

	"github.com/alertwire/alertwire/callback"
	"github.com/alertwire/alertwire/callback/callbacktest"
)

func TestWhatIsAnError(t *testing.T) {
	status := func(status int) http.RoundTripper { return answering(status, http.NoBody) }
	reading := func(r io.Reader) http.RoundTripper { return answering(200, io.NopCloser(r)) }
	failing := func(err error) http.RoundTripper {
		return roundTripper(func(*http.Request) (*http.Response, error) { return nil, err })
	}
	dial := &net.OpError{Op: "dial", Err: errors.New("no route")}
	tests := []struct {
		name string
		base http.RoundTripper
		want any // error.type, nil for none
		text string
	}{
		{"204", status(204), nil, ""},
		{"299", status(299), nil, ""},
		{"300", status(300), "300", ""},
		{"404", status(404), "404", ""},
		{"500", status(500), "500", ""},
		{"whole body", reading(strings.NewReader("{}")), nil, ""},
		{"broken body", reading(iotest.ErrReader(io.ErrUnexpectedEOF)), "other", "other"},
		{"late body", reading(iotest.ErrReader(os.ErrDeadlineExceeded)), "timeout", "timeout"},
		{"name", failing(&net.OpError{Op: "dial", Err: &net.DNSError{IsNotFound: true}}), "dns", "dns"},
		{"dial", failing(dial), "dial", "dial"},
		{"time", failing(context.DeadlineExceeded), "timeout", "timeout"},
		{"unknown", failing(io.ErrUnexpectedEOF), "other", "other"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			tracing, recorder := newTracing(t, nil)
			resp, err := tracing.Wrap(tt.base).RoundTrip(httptest.NewRequest(http.MethodPost, "http://receiver.test/", nil))
			if err == nil {
				_, _ = io.ReadAll(resp.Body)
				require.NoError(t, resp.Body.Close())
			}
			require.Len(t, recorder.Ended(), 1)
			span := recorder.Ended()[0]
			assert.Equal(t, tt.want, attributes(span)["error.type"])
			assert.Equal(t, tt.want != nil, span.Status().Code == codes.Error)
			assert.Equal(t, tt.text, span.Status().Description)
		})
	}
}

// net/http returns the cause of a cancelled context, which may be a timeout of
// something else.
func TestCancelled(t *testing.T) {
	tracing, recorder := newTracing(t, nil)
	ctx, cancel := context.WithCancelCause(t.Context())
	base := roundTripper(func(*http.Request) (*http.Response, error) {
		cancel(context.DeadlineExceeded)
		return nil, context.Cause(ctx)
	})
	_, err := tracing.Wrap(base).RoundTrip(httptest.NewRequestWithContext(ctx, http.MethodPost, "http://receiver.test/", nil))
	require.Error(t, err)
	assert.Equal(t, "cancelled", attributes(recorder.Ended()[0])["error.type"])
}

func TestPlaceAndSize(t *testing.T) {
	tests := []struct {
		target, body string
		address      string
		port, size   any
	}{
		{"https://receiver.test/", "", "receiver.test", int64(443), nil},
		{"http://receiver.test/", "a", "receiver.test", int64(80), int64(1)},
		{"http://[::1]:8080/", "ab", "::1", int64(8080), int64(2)},
	}
	for _, tt := range tests {
		t.Run(tt.target, func(t *testing.T) {
			tracing, recorder := newTracing(t, nil)
			r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, tt.target, strings.NewReader(tt.body))
			require.NoError(t, err)
			resp, err := tracing.Wrap(answering(204, http.NoBody)).RoundTrip(r)
			require.NoError(t, err)
			require.NoError(t, resp.Body.Close())
			got := attributes(recorder.Ended()[0])
			assert.Equal(t, tt.address, got["server.address"])
			assert.Equal(t, tt.port, got["server.port"])
			assert.Equal(t, tt.size, got["http.request.body.size"])
		})
	}
}

func TestAttemptsOfAFailure(t *testing.T) {
	tests := []struct {
		name            string
		err             error
		class, attempts any
	}{
		{"of package callback", &callback.Error{Class: callback.ClassServer, Attempts: 3}, "server", int64(3)},
		{"of a Caller of one's own", io.ErrUnexpectedEOF, "other", nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			tracing, recorder := newTracing(t, nil)
			failing := &callbacktest.Recorder{Answer: callbacktest.Fail(tt.err)}
			_, err := callback.Decorate(failing, tracing.Message("ops")).Call(t.Context(), message(t))
			require.Error(t, err)
			got := attributes(recorder.Ended()[0])
			assert.Equal(t, tt.class, got["error.type"])
			assert.Equal(t, tt.attempts, got["alertwire.attempts"])
		})
	}
}
