package ratelimit_test

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/alertwire/alertwire/ratelimit"
)

// Over the wire: the body of an admitted request is whole, a refused one gets a
// complete answer on a connection that lives on.
func TestEnforceOverHTTP(t *testing.T) {
	l := newLimiter(t, ratelimit.Rate{Events: 1, Per: time.Hour}, ratelimit.Options{})
	echo := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { _, _ = io.Copy(w, r.Body) })
	server := httptest.NewServer(ratelimit.Enforce(ratelimit.EnforceOptions{}, ratelimit.Limit{Limiter: l, Key: ratelimit.RemoteIP})(echo))
	defer server.Close()

	resp, err := server.Client().Post(server.URL, "text/plain", http.NoBody)
	require.NoError(t, err)
	require.NoError(t, resp.Body.Close())
	assert.Equal(t, "0", resp.Header.Get("X-RateLimit-Remaining"))
	for range 2 {
		resp, err = server.Client().Post(server.URL, "text/plain", http.NoBody)
		require.NoError(t, err)
		body, err := io.ReadAll(resp.Body)
		require.NoError(t, err)
		require.NoError(t, resp.Body.Close())
		assert.Equal(t, 429, resp.StatusCode)
		assert.EqualValues(t, len(body), resp.ContentLength)
		assert.Regexp(t, `^{"detail":"Rate limit exceeded\. Try again in 3[56]\d\d seconds\."}\s*$`, string(body)) // of an hour that has begun
	}
}

// Of 100 requests of one client, the limit of 3 pass, whatever it claims to be.
func TestSpoofingPassesNoMoreThanTheLimit(t *testing.T) {
	tests := []struct {
		name string
		key  ratelimit.KeyFunc
		make func(i int) *http.Request
	}{
		{"plain", ratelimit.RemoteIP, func(int) *http.Request { return from("192.0.2.7:1") }},
		{"rotating X-Forwarded-For", ratelimit.RemoteIP, func(i int) *http.Request {
			return from("192.0.2.7:1", "X-Forwarded-For", fmt.Sprintf("198.51.100.%d", i), "X-Real-Ip", fmt.Sprintf("198.51.100.%d", i))
		}},
		{"rotating X-Forwarded-For without a proxy", ratelimit.ForwardedIP(netip.MustParsePrefix("10.0.0.0/8")), func(i int) *http.Request {
			return from("192.0.2.7:1", "X-Forwarded-For", fmt.Sprintf("198.51.100.%d", i))
		}},
		{"rotating X-Forwarded-For behind a proxy", ratelimit.ForwardedIP(netip.MustParsePrefix("10.0.0.0/8")), func(i int) *http.Request {
			return from("10.0.0.1:1", "X-Forwarded-For", fmt.Sprintf("198.51.100.%d, 192.0.2.7", i))
		}},
		{"rotating lines of X-Forwarded-For", ratelimit.ForwardedIP(netip.MustParsePrefix("10.0.0.0/8")), func(i int) *http.Request {
			return from("10.0.0.1:1", "X-Forwarded-For", fmt.Sprintf("10.1.1.%d", i), "X-Forwarded-For", "192.0.2.7")
		}},
		{"rotating Forwarded", ratelimit.Forwarded(netip.MustParsePrefix("10.0.0.0/8")), func(i int) *http.Request {
			return from("10.0.0.1:1", "Forwarded", fmt.Sprintf(`for=198.51.100.%d;host=", for=192.0.2.7`, i))
		}},
		{"rotating within a /64", ratelimit.RemoteIP, func(i int) *http.Request {
			return from(fmt.Sprintf("[2001:db8::%x]:1", i+1))
		}},
		{"rotating ports", ratelimit.RemoteIP, func(i int) *http.Request { return from(fmt.Sprintf("192.0.2.7:%d", i+1)) }},
		{"mapped and not", ratelimit.RemoteIP, func(i int) *http.Request {
			return from([]string{"192.0.2.7:1", "[::ffff:192.0.2.7]:1", "192.0.2.7", "[::ffff:c000:207]:9"}[i%4])
		}},
		{"rotating zones", ratelimit.RemoteIP, func(i int) *http.Request { return from(fmt.Sprintf("[fe80::1%%eth%d]:1", i)) }},
		{"no address", ratelimit.RemoteIP, func(i int) *http.Request { return from([]string{"@", "", "junk", "[", ":80"}[i%5]) }},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			l := newLimiter(t, ratelimit.Rate{Events: 3, Per: time.Hour}, ratelimit.Options{})
			h := ratelimit.Enforce(ratelimit.EnforceOptions{}, ratelimit.Limit{Limiter: l, Key: tt.key})(accept)
			passed := 0
			for i := range 100 {
				if serve(h, tt.make(i)).Code == 202 {
					passed++
				}
			}
			assert.Equal(t, 3, passed)
		})
	}
}

func TestUnixSocketPeersShareABucket(t *testing.T) {
	path := filepath.Join(t.TempDir(), "s")
	listener, err := net.Listen("unix", path)
	require.NoError(t, err)
	h := limited(t, ratelimit.Rate{Events: 2, Per: time.Hour}, ratelimit.EnforceOptions{})
	server := &httptest.Server{Listener: listener, Config: &http.Server{Handler: h}}
	server.Start()
	defer server.Close()
	client := &http.Client{Transport: &http.Transport{
		DisableKeepAlives: true,
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, "unix", path)
		},
	}}
	var statuses []int
	for range 3 {
		resp, err := client.Get("http://unix/")
		require.NoError(t, err)
		require.NoError(t, resp.Body.Close())
		statuses = append(statuses, resp.StatusCode)
	}
	assert.Equal(t, []int{202, 202, 429}, statuses)
	assert.Equal(t, 202, serve(h, post()).Code, "those with an address have their own")
}
