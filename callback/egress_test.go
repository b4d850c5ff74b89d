package callback_test

import (
	"fmt"
	"net/http"
	"net/netip"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/alertwire/alertwire/auth"
	"github.com/alertwire/alertwire/callback"
	"github.com/alertwire/alertwire/callback/callbacktest"
)

// port returns the port of a URL of a test server.
func port(url string) string { return url[strings.LastIndexByte(url, ':')+1:] }

// net/http turns a POST that meets a 302 into a GET, whose success is taken for
// a delivery; and it takes custom headers and signatures along to any host.
func TestRedirectsAreNeverFollowed(t *testing.T) {
	decoy := callbacktest.NewServer(t)
	for _, client := range []*http.Client{nil, {}, {CheckRedirect: func(*http.Request, []*http.Request) error { return nil }}} {
		for _, code := range []int{300, 301, 302, 303, 304, 307, 308, 399} {
			srv := callbacktest.NewServer(t, callbacktest.Redirect(code, decoy.URL))
			w := hook(t, callback.Config{URL: srv.URL, Headers: map[string]string{"X-Secret": "s"}, Auth: auth.Config{
				Basic: auth.BasicConfig{User: "u", Password: auth.Source{Value: "p"}},
			}}, callback.Options{Client: client})
			_, err := w.Call(t.Context(), message)
			require.ErrorIs(t, err, callback.ErrRefused)
			assert.Equal(t, callback.ClassRedirect, failed(t, err).Class)
			assert.Len(t, srv.Requests(), 1)
		}
	}
	assert.Empty(t, decoy.Requests())
}

// Wherever a redirect goes, and be it nowhere, it is one.
func TestRedirectsToNoURLAreRedirects(t *testing.T) {
	for _, client := range []*http.Client{nil, {}} {
		for _, location := range []string{"http://[::1", "%zz", ":", "", "ftp://h.example/"} {
			srv := callbacktest.NewServer(t, callbacktest.Answer(302, "", "Location", location))
			w := hook(t, callback.Config{URL: srv.URL}, callback.Options{Client: client})
			reply, err := w.Call(t.Context(), message)
			require.ErrorIs(t, err, callback.ErrRefused, location)
			assert.Equal(t, callback.ClassRedirect, failed(t, err).Class)
			assert.Equal(t, location, reply.Header.Get("Location"))
			w.CloseIdleConnections()
			eventually(t, func() bool { _, open := srv.Connections(); return open == 0 })
		}
	}
}

// The guard of the public network stands before every way to write an address
// of this machine.
func TestPublicNetworkRefusesThisMachine(t *testing.T) {
	srv := callbacktest.NewServer(t)
	resolveWith(t, map[string][][]string{"hook.example": {{"127.0.0.1", "::1"}}, "localhost": {{"127.0.0.1"}}})
	for _, host := range []string{
		"127.0.0.1", "[::1]", "[::ffff:127.0.0.1]", "[::127.0.0.1]", "[64:ff9b::7f00:1]", "[2002:7f00:1::]",
		"127.1", "0x7f.1", "0177.0.0.1", "2130706433", "0", "hook.example", "localhost", "127.0.0.1.",
	} {
		w := hook(t, callback.Config{URL: "http://" + host + ":" + port(srv.URL), Network: callback.NetworkPublic}, callback.Options{})
		reply, err := w.Call(t.Context(), message)
		require.ErrorIs(t, err, callback.ErrBlocked, host)
		e := failed(t, err)
		assert.Equal(t, callback.ClassBlocked, e.Class, host)
		assert.False(t, e.Temporary(), host)
		assert.False(t, e.Class.Counts(), "it is not an outcome of the endpoint")
		assert.Zero(t, reply.Status)
	}
	assert.Empty(t, srv.Requests())
	made, _ := srv.Connections()
	assert.Zero(t, made)
}

func TestTheRefusalNamesHostAndSettingAndNoAddress(t *testing.T) {
	resolveWith(t, map[string][][]string{"hook.example": {{"10.11.12.13"}}, "meta.example": {{"169.254.169.254"}}})
	public := callback.Config{URL: "http://hook.example/secret?secret", Network: callback.NetworkPublic}
	_, err := hook(t, public, callback.Options{}).Call(t.Context(), message)
	assert.EqualError(t, err, `callback: call http://hook.example: blocked: address is blocked: egress: host "hook.example" is blocked: `+
		`private range, which the network "private" or an allowed prefix would permit`)
	_, err = hook(t, callback.Config{URL: "http://meta.example/"}, callback.Options{}).Call(t.Context(), message)
	assert.EqualError(t, err, `callback: call http://meta.example: blocked: address is blocked: egress: host "meta.example" is blocked: `+
		`special range, which no setting permits`)
}

func TestAllowedPrefixesOpenThePublicNetwork(t *testing.T) {
	srv := callbacktest.NewServer(t)
	c := callback.Config{URL: srv.URL, Network: callback.NetworkPublic, Allow: prefixes("127.0.0.0/30")}
	_, err := hook(t, c, callback.Options{}).Call(t.Context(), message)
	require.NoError(t, err)
	c.Allow = prefixes("127.0.0.2/32")
	_, err = hook(t, c, callback.Options{}).Call(t.Context(), message)
	require.ErrorIs(t, err, callback.ErrBlocked, "a connection that another may use is not used")
}

// A name that is public when it is checked and private when it is dialled gains
// nothing: what is dialled is what was judged.
func TestRebindingGainsNothing(t *testing.T) {
	srv := callbacktest.NewServer(t, func(w http.ResponseWriter, _ *http.Request) { w.Header().Set("Connection", "close") })
	resolveWith(t, map[string][][]string{"hook.example": {{"127.0.0.1"}, {"127.0.0.2"}}})
	w := hook(t, callback.Config{
		URL: "http://hook.example:" + port(srv.URL), Network: callback.NetworkPublic, Allow: prefixes("127.0.0.1/32"),
	}, callback.Options{})
	_, err := w.Call(t.Context(), message)
	require.NoError(t, err)
	for range 3 {
		_, err = w.Call(t.Context(), message)
		require.ErrorIs(t, err, callback.ErrBlocked)
	}
	assert.Len(t, srv.Requests(), 1)
}

func TestASecondAddressIsTriedWhenTheFirstIsDead(t *testing.T) {
	srv := callbacktest.NewServer(t)
	resolveWith(t, map[string][][]string{"hook.example": {{"127.0.0.2", "169.254.169.254", "127.0.0.1"}}})
	_, err := hook(t, callback.Config{URL: "http://hook.example:" + port(srv.URL)}, callback.Options{}).Call(t.Context(), message)
	require.NoError(t, err)
	assert.Equal(t, "hook.example:"+port(srv.URL), srv.Await(1)[0].Host)
}

func TestUnknownName(t *testing.T) {
	resolveWith(t, nil)
	_, err := hook(t, callback.Config{URL: "http://hook.example"}, callback.Options{}).Call(t.Context(), message)
	require.ErrorIs(t, err, callback.ErrGaveUp)
	assert.Equal(t, callback.ClassDNS, failed(t, err).Class)
	assert.EqualError(t, err, "callback: call http://hook.example: dns: gave up: no such host")
}

// Two webhooks that may dial different things share no connection, or the
// guard of one would be the guard of both.
func TestPoliciesShareNoConnections(t *testing.T) {
	srv := callbacktest.NewServer(t)
	open := hook(t, callback.Config{URL: srv.URL}, callback.Options{})
	_, err := open.Call(t.Context(), message)
	require.NoError(t, err)
	for i, c := range []callback.Config{
		{Network: callback.NetworkPublic},
		{Network: callback.NetworkPublic, Allow: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}},
	} {
		c.URL = srv.URL
		_, err := hook(t, c, callback.Options{}).Call(t.Context(), message)
		require.ErrorIs(t, err, callback.ErrBlocked, fmt.Sprint(i))
	}
}
