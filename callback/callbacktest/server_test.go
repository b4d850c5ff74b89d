package callbacktest_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/alertwire/alertwire/callback/callbacktest"
)

// post sends one request with a client of its own.
func post(t *testing.T, c *http.Client, url string) (*http.Response, []byte, error) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url, strings.NewReader("body"))
	require.NoError(t, err)
	res, err := c.Do(r)
	if err != nil {
		return nil, nil, err
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	return res, body, err
}

func client(t *testing.T) *http.Client {
	tr := &http.Transport{MaxResponseHeaderBytes: 64 << 10}
	t.Cleanup(tr.CloseIdleConnections)
	return &http.Client{
		Transport:     tr,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

func TestServerPlaysItsScript(t *testing.T) {
	srv := callbacktest.NewServer(t, callbacktest.Statuses(503, 202)...)
	c := client(t)
	var got []int
	for range 3 {
		res, _, err := post(t, c, srv.URL+"/hook?a=b")
		require.NoError(t, err)
		got = append(got, res.StatusCode)
	}
	assert.Equal(t, []int{503, 202, 202}, got)
	reqs := srv.Await(3)
	assert.Equal(t, "/hook?a=b", reqs[0].URI)
	assert.Equal(t, "body", string(reqs[0].Body))
	assert.Equal(t, "4", reqs[0].Header.Get("Content-Length"))
	made, open := srv.Connections()
	assert.Equal(t, []int{1, 1}, []int{made, open})
}

func TestServerVerifies(t *testing.T) {
	srv := callbacktest.NewServer(t)
	bad := errors.New("bad signature")
	srv.Verify(func(_ *http.Request, body []byte) error {
		if bytes.Equal(body, []byte("body")) {
			return bad
		}
		return nil
	})
	res, _, err := post(t, client(t), srv.URL)
	require.NoError(t, err)
	assert.Equal(t, http.StatusUnauthorized, res.StatusCode)
	assert.Equal(t, bad, srv.Requests()[0].Err)
}

func TestSteps(t *testing.T) {
	head := func(name string) func(*testing.T, *http.Response, []byte, error) {
		return func(t *testing.T, res *http.Response, _ []byte, err error) {
			require.NoError(t, err)
			assert.NotEmpty(t, res.Header.Get(name))
		}
	}
	fails := func(t *testing.T, _ *http.Response, _ []byte, err error) { require.Error(t, err) }
	size := func(n int) func(*testing.T, *http.Response, []byte, error) {
		return func(t *testing.T, _ *http.Response, body []byte, err error) {
			require.NoError(t, err)
			assert.Len(t, body, n)
		}
	}
	tests := []struct {
		name  string
		step  http.HandlerFunc
		check func(*testing.T, *http.Response, []byte, error)
	}{
		{"retry after seconds", callbacktest.RetryAfter(503, 2), head("Retry-After")},
		{"retry after date", callbacktest.RetryAfterDate(429, time.Hour), head("Retry-After")},
		{"redirect", callbacktest.Redirect(307, "/elsewhere"), head("Location")},
		{"delay", callbacktest.Delay(time.Millisecond, callbacktest.JSON("{}")), size(2)},
		{"huge", callbacktest.Huge(100_000), size(100_000)},
		{"gzip bomb", callbacktest.GzipBomb(1 << 20), size(1 << 20)},
		{"header bomb", callbacktest.HeaderBomb(1 << 20), fails},
		{"informational", callbacktest.Informational(), fails},
		{"reset", callbacktest.Reset(), fails},
		{"close", callbacktest.Close(), fails},
		{"close in the header", callbacktest.CloseMidHeader(), fails},
		{"close in the body", callbacktest.CloseMidBody(), fails},
		{"garbage", callbacktest.Garbage(), fails},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			srv := callbacktest.NewServer(t, tt.step)
			res, body, err := post(t, client(t), srv.URL)
			tt.check(t, res, body, err)
		})
	}
}

func TestHangingStepsEnd(t *testing.T) {
	for name, step := range map[string]http.HandlerFunc{
		"hang":  callbacktest.Hang(),
		"drip":  callbacktest.Drip(time.Millisecond),
		"delay": callbacktest.Delay(time.Hour, callbacktest.Status(200)),
	} {
		t.Run(name, func(t *testing.T) {
			srv := callbacktest.NewServer(t, step)
			failed := make(chan error, 1)
			c := client(t)
			go func() {
				_, _, err := post(t, c, srv.URL)
				failed <- err
			}()
			srv.Await(1)
			srv.Close() // would hang if the step did
			require.Error(t, <-failed)
		})
	}
}

func TestHoldLetsGo(t *testing.T) {
	step, release := callbacktest.Hold(callbacktest.Status(204))
	srv := callbacktest.NewServer(t, step)
	c := client(t)
	status := make(chan int, 2)
	for range 2 {
		go func() {
			res, _, err := post(t, c, srv.URL)
			if assert.NoError(t, err) {
				status <- res.StatusCode
			}
		}()
	}
	srv.Await(2)
	assert.Empty(t, status)
	release()
	assert.Equal(t, 204, <-status)
	assert.Equal(t, 204, <-status)
}

func TestTLSServer(t *testing.T) {
	ca := callbacktest.NewAuthority(t)
	other := callbacktest.NewAuthority(t)
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(ca.PEM())
	call := func(o callbacktest.TLSOptions, client *callbacktest.Authority) (callbacktest.Request, error) {
		o.Authority = ca
		srv := callbacktest.NewTLSServer(t, o)
		conf := &tls.Config{RootCAs: pool}
		if client != nil {
			cert, err := tls.X509KeyPair(client.Issue("sender", time.Time{}))
			require.NoError(t, err)
			conf.Certificates = []tls.Certificate{cert}
		}
		tr := &http.Transport{TLSClientConfig: conf, ForceAttemptHTTP2: true}
		defer tr.CloseIdleConnections()
		_, _, err := post(t, &http.Client{Transport: tr}, srv.URL)
		if err != nil {
			return callbacktest.Request{}, err
		}
		return srv.Requests()[0], nil
	}
	got, err := call(callbacktest.TLSOptions{Client: true}, ca)
	require.NoError(t, err)
	assert.Equal(t, "sender", got.Peer)
	got, err = call(callbacktest.TLSOptions{HTTP2: true}, nil)
	require.NoError(t, err)
	assert.Equal(t, "HTTP/2.0", got.Proto)

	_, err = call(callbacktest.TLSOptions{Client: true}, nil)
	require.Error(t, err, "no certificate")
	_, err = call(callbacktest.TLSOptions{Client: true}, other)
	require.Error(t, err, "a certificate of somebody else")
	_, err = call(callbacktest.TLSOptions{Until: time.Now().Add(-time.Hour)}, nil)
	require.Error(t, err, "expired")
	_, err = call(callbacktest.TLSOptions{Name: "other.example.com", Only: true}, nil)
	require.Error(t, err, "wrong name")
}

func TestRequestsEndWithTheirContext(t *testing.T) {
	srv := callbacktest.NewServer(t, callbacktest.Hang())
	ctx, cancel := context.WithCancel(t.Context())
	failed := make(chan error, 1)
	c := client(t)
	go func() {
		r, _ := http.NewRequestWithContext(ctx, http.MethodGet, srv.URL, nil)
		_, err := c.Do(r)
		failed <- err
	}()
	srv.Await(1)
	cancel()
	require.ErrorIs(t, <-failed, context.Canceled)
}

func TestMisuseIsNamed(t *testing.T) {
	server := func(t testing.TB) { callbacktest.NewServer(t) }
	proxy := func(t testing.TB) { callbacktest.NewProxy(t, "http://127.0.0.1:1") }
	assert.Empty(t, callbacktest.Complaint(t, server))
	assert.Empty(t, callbacktest.Complaint(t, proxy))
	synctest.Test(t, func(t *testing.T) {
		assert.Contains(t, callbacktest.Complaint(t, server), "a Server in a synctest bubble")
		assert.Contains(t, callbacktest.Complaint(t, proxy), "a Proxy in a synctest bubble")
	})
	assert.Contains(t, callbacktest.Complaint(t, func(t testing.TB) {
		callbacktest.NewTLSServer(t, callbacktest.TLSOptions{})
	}), "NewAuthority")
	assert.Contains(t, callbacktest.Complaint(t, func(t testing.TB) {
		srv := callbacktest.NewServer(t)
		_, err := http.Get(srv.URL + "/hook")
		require.NoError(t, err)
		srv.Await(2)
	}), "1 of 2 requests came within 250ms:\n\tGET /hook")
	assert.Contains(t, callbacktest.Complaint(t, func(t testing.TB) {
		srv := callbacktest.NewServer(t, func(http.ResponseWriter, *http.Request) { panic("a mistake in the test") })
		_, err := http.Get(srv.URL + "/hook")
		require.Error(t, err)
	}), "the step for GET /hook panicked: a mistake in the test")
	assert.Empty(t, callbacktest.Complaint(t, func(t testing.TB) {
		_, err := http.Get(callbacktest.NewServer(t, callbacktest.Drip(time.Hour)).URL)
		require.NoError(t, err)
		_, err = http.Get(callbacktest.NewServer(t, callbacktest.Close()).URL)
		require.Error(t, err)
	}), "the steps abort by a panic too")
	assert.PanicsWithValue(t, "callbacktest: no answer has the status 30", func() { callbacktest.RetryAfter(30, 429) })
	assert.PanicsWithValue(t, "callbacktest: no answer has the status 103", func() { callbacktest.Status(103) })
	assert.PanicsWithValue(t, "callbacktest: no answer has the status 1000", func() { callbacktest.Status(1000) })
	assert.NotPanics(t, func() { callbacktest.Statuses(101, 200, 999) })
	assert.PanicsWithValue(t, `callbacktest: the header "X-B" has no value`, func() { callbacktest.Answer(200, "", "X-A", "1", "X-B") })
}
