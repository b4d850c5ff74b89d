package callbacktest_test

import (
	"io"
	"net"
	"net/http"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/alertwire/alertwire/callback"
	"github.com/alertwire/alertwire/callback/callbacktest"
)

func TestProxyPassesOn(t *testing.T) {
	body := strings.Repeat("0123456789abcdef", 1<<16)
	echo := func(w http.ResponseWriter, r *http.Request) { _, _ = io.Copy(w, r.Body) }
	ca := callbacktest.NewAuthority(t)
	for _, srv := range []*callbacktest.Server{
		callbacktest.NewServer(t, echo),
		callbacktest.NewTLSServer(t, callbacktest.TLSOptions{Authority: ca}, echo),
		callbacktest.NewTLSServer(t, callbacktest.TLSOptions{Authority: ca, HTTP2: true}, echo),
	} {
		network := callbacktest.NewProxy(t, srv.URL+"/hook?a=b")
		c := callback.Config{URL: network.URL, ReplyLimit: 2 << 20}
		if strings.HasPrefix(srv.URL, "https:") {
			c.TLS.CA = string(ca.PEM())
		}
		hook, err := callback.New(c, callback.Options{})
		require.NoError(t, err)
		for range 3 {
			reply, err := hook.Call(t.Context(), callback.Message{Body: []byte(body)})
			require.NoError(t, err)
			assert.True(t, body == string(reply.Body), "1 MiB there and back")
		}
		assert.Equal(t, "/hook?a=b", srv.Requests()[0].URI)
		made, open := network.Connections()
		assert.Equal(t, []int{1, 1}, []int{made, open})
		hook.CloseIdleConnections()
		await(t, func() bool { _, open := network.Connections(); return open == 0 })
		await(t, func() bool { _, open := srv.Connections(); return open == 0 })
	}
}

func TestProxyPassesEachEndOn(t *testing.T) {
	target := newPeer(t)
	network := callbacktest.NewProxy(t, target.url())
	client, server := target.through(network)
	write(t, client, "request")
	require.NoError(t, client.(*net.TCPConn).CloseWrite())
	got, err := rest(t, server)
	require.NoError(t, err)
	assert.Equal(t, "request", got)
	write(t, server, "reply")
	require.NoError(t, server.Close())
	got, err = rest(t, client)
	require.NoError(t, err)
	assert.Equal(t, "reply", got)

	client, server = target.through(network)
	require.NoError(t, server.(*net.TCPConn).SetLinger(0))
	require.NoError(t, server.Close())
	_, err = rest(t, client)
	assert.True(t, isReset(err), "a reset is not an end in good order: %v", err)
}

func TestProxyToNobody(t *testing.T) {
	target := newPeer(t)
	network := callbacktest.NewProxy(t, target.url())
	require.NoError(t, target.l.Close())
	assert.True(t, isReset(welcome(t, network)))
}

// Exactly as many bytes pass as the fault says.
func TestProxyEndsConnections(t *testing.T) {
	tests := []struct {
		name  string
		f     callbacktest.Fault
		there string // of "0123456789" from the client
		back  string // of "abcdefghij" from the server
		reset bool   // is what both see, else an end
	}{
		{"reset after part of a request", callbacktest.Fault{Reset: true, AfterRequest: 4}, "0123", "", true},
		{"reset after a request", callbacktest.Fault{Reset: true, AfterRequest: 10}, "0123456789", "", true},
		{"reset after part of a reply", callbacktest.Fault{Reset: true, AfterReply: 1}, "0123456789", "a", true},
		{"whichever comes first", callbacktest.Fault{Reset: true, AfterRequest: 11, AfterReply: 3}, "0123456789", "abc", true},
		{"close after part of a request", callbacktest.Fault{Close: true, AfterRequest: 4}, "0123", "", false},
		{"close after part of a reply", callbacktest.Fault{Close: true, AfterReply: 9}, "0123456789", "abcdefghi", false},
		{"slowly", callbacktest.Fault{Close: true, AfterReply: 9, Rate: 10_000}, "0123456789", "abcdefghi", false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if tt.reset && runtime.GOOS == "windows" {
				t.Skip("Windows discards what came before a reset")
			}
			target := newPeer(t)
			network := callbacktest.NewProxy(t, target.url())
			client, server := target.through(network)
			write(t, client, "before")
			read(t, server, len("before"))
			network.Set(tt.f) // counts from here
			write(t, client, "0123456789")
			assert.Equal(t, tt.there, read(t, server, len(tt.there)))
			if len(tt.there) == 10 && tt.back != "" {
				write(t, server, "abcdefghij")
			}
			assert.Equal(t, tt.back, read(t, client, len(tt.back)))
			for _, end := range []net.Conn{client, server} {
				got, err := rest(t, end)
				assert.Empty(t, got)
				if !tt.reset && err == nil {
					continue
				}
				assert.True(t, isReset(err), "%v", err) // also for what was not read when it was closed
			}
			await(t, func() bool { _, open := network.Connections(); return open == 0 })
		})
	}
}

// Pieces are counted together, and each connection and direction by itself.
func TestProxyCountsWhatPasses(t *testing.T) {
	target := newPeer(t)
	network := callbacktest.NewProxy(t, target.url())
	network.Set(callbacktest.Fault{Silent: true, AfterRequest: 4})
	for range 2 {
		client, server := target.through(network)
		write(t, server, "abcdef")
		assert.Equal(t, "abcdef", read(t, client, 6))
		write(t, client, "01")
		assert.Equal(t, "01", read(t, server, 2))
		write(t, client, "2345")
		assert.Equal(t, "23", read(t, server, 2))
		nothing(t, server)
	}
	network.Set(callbacktest.Fault{Silent: true, AfterRequest: 4}) // counts anew, for those that can still hear
	client, server := target.through(network)
	write(t, client, "01")
	assert.Equal(t, "01", read(t, server, 2))
	network.Set(callbacktest.Fault{Silent: true, AfterRequest: 4})
	write(t, client, "234567")
	assert.Equal(t, "2345", read(t, server, 4))
	nothing(t, server)
}

func TestProxyBreaksOpenConnectionsAtOnce(t *testing.T) {
	target := newPeer(t)
	network := callbacktest.NewProxy(t, target.url())
	for _, f := range []callbacktest.Fault{{Reset: true}, {Close: true}} {
		client, server := target.through(network)
		network.Set(f)
		for _, end := range []net.Conn{client, server} {
			_, err := rest(t, end)
			assert.Equal(t, f.Reset, isReset(err), "%v", err)
		}
		err := welcome(t, network)
		assert.Equal(t, f.Reset, isReset(err), "and those to come: %v", err)
		network.Heal()
	}
}

func TestProxyRefuses(t *testing.T) {
	target := newPeer(t)
	network := callbacktest.NewProxy(t, target.url())
	client, server := target.through(network)
	for range 3 {
		network.Set(callbacktest.Fault{Refuse: true})
		_, err := net.Dial("tcp", network.Addr)
		assert.True(t, isErrno(err, syscall.ECONNREFUSED, 10061), "%v", err)
		write(t, client, "x")
		assert.Equal(t, "x", read(t, server, 1), "what is open stays")
		network.Heal()
		other, far := target.through(network)
		write(t, far, "y")
		assert.Equal(t, "y", read(t, other, 1))
	}
	made, open := network.Connections()
	assert.Equal(t, []int{4, 4}, []int{made, open})
}

func TestProxyStalls(t *testing.T) {
	target := newPeer(t)
	network := callbacktest.NewProxy(t, target.url())
	client, server := target.through(network)
	network.Set(callbacktest.Fault{Stall: true})
	write(t, client, "request")
	require.NoError(t, client.(*net.TCPConn).CloseWrite())
	write(t, server, "reply")
	nothing(t, client)
	nothing(t, server)
	late := dial(t, network)
	write(t, late, "late")

	network.Heal()
	assert.Equal(t, "reply", read(t, client, len("reply")))
	got, err := rest(t, server)
	require.NoError(t, err)
	assert.Equal(t, "request", got)
	far, err := target.l.Accept()
	require.NoError(t, err)
	defer far.Close()
	assert.Equal(t, "late", read(t, far, len("late")))
}

func TestProxyFallsSilent(t *testing.T) {
	target := newPeer(t)
	network := callbacktest.NewProxy(t, target.url())
	client, server := target.through(network)
	half, far := target.through(network)
	network.Set(callbacktest.Fault{Silent: true, AfterRequest: 3})
	write(t, half, "123456")
	assert.Equal(t, "123", read(t, far, 3))
	nothing(t, far)

	network.Set(callbacktest.Fault{Silent: true})
	mute := dial(t, network)
	write(t, mute, "anybody there?")
	nothing(t, mute)
	write(t, client, "request")
	nothing(t, server)
	require.NoError(t, server.Close())
	nothing(t, client) // does not see that the server has gone
	nothing(t, mute)

	network.Heal()
	nothing(t, mute) // forgotten
	nothing(t, half)
	_, err := rest(t, client)
	assert.True(t, err == nil || isReset(err), "the server has gone: %v", err)
	fresh, end := target.through(network)
	write(t, fresh, "x")
	assert.Equal(t, "x", read(t, end, 1))

	require.NoError(t, mute.Close())
	require.NoError(t, half.Close())
	await(t, func() bool { _, open := network.Connections(); return open == 1 })
}

// The same seed means the same connections, another one others.
func TestProxyHitsAShare(t *testing.T) {
	target := newPeer(t)
	hits := func(seed uint64) (pattern string, hit int) {
		network := callbacktest.NewProxy(t, target.url())
		network.Set(callbacktest.Fault{Close: true, AfterReply: 1, Share: 0.5, Seed: seed})
		for range 40 {
			client, server := target.through(network)
			write(t, server, "ab")
			_ = server.(*net.TCPConn).CloseWrite() // it may be closed
			got, _ := rest(t, client)
			pattern += got
			if got == "a" {
				hit++
			}
			_ = client.Close()
		}
		return pattern, hit
	}
	one, hit := hits(1)
	again, _ := hits(1)
	other, _ := hits(2)
	assert.Equal(t, one, again)
	assert.NotEqual(t, one, other)
	assert.Greater(t, hit, 10)
	assert.Less(t, hit, 30)
}

func TestProxyLeavesNothing(t *testing.T) {
	goroutines := runtime.NumGoroutine()
	target := newPeer(t)
	for _, f := range []callbacktest.Fault{
		{}, {Stall: true}, {Silent: true}, {Silent: true, AfterReply: 1}, {Refuse: true}, {Rate: 1}, {Latency: time.Hour},
	} {
		network := callbacktest.NewProxy(t, target.url())
		client, server := target.through(network)
		network.Set(f)
		write(t, client, "request")
		write(t, server, "reply")
		if !f.Refuse {
			dial(t, network)
		}
		network.Close()
		network.Close()
		network.Set(callbacktest.Fault{}) // of no effect
		_, open := network.Connections()
		assert.Zero(t, open)
		_, err := net.Dial("tcp", network.Addr)
		assert.True(t, isErrno(err, syscall.ECONNREFUSED, 10061), "%v", err)
	}
	await(t, func() bool { return runtime.NumGoroutine() <= goroutines }) // each has done its last
}

func TestProxyRefusesNonsense(t *testing.T) {
	tests := []struct {
		name string
		f    callbacktest.Fault
		says string
	}{
		{"two ends", callbacktest.Fault{Reset: true, Silent: true}, "one of Close, Reset and Silent"},
		{"no end", callbacktest.Fault{AfterReply: 1}, "needs Close, Reset or Silent"},
		{"negative", callbacktest.Fault{Latency: -1}, "negative"},
		{"negative rate", callbacktest.Fault{Rate: -1}, "negative"},
		{"more than all", callbacktest.Fault{Share: 1.1}, "Share"},
		{"sense", callbacktest.Fault{Reset: true, AfterReply: 1, AfterRequest: 1, Share: 1, Rate: 1, Latency: 1, Jitter: 1, Stall: true}, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			text := callbacktest.FaultFails(t, tt.f)
			assert.Contains(t, text, tt.says)
			assert.Equal(t, tt.says == "", text == "")
		})
	}
}
