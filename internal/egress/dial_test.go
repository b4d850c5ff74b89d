package egress_test

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/alertwire/alertwire/internal/egress"
)

// listen returns the port of a listener on 127.0.0.1 and a channel of what it
// accepts.
func listen(t *testing.T) (port string, accepted <-chan net.Conn) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { l.Close() })
	ch := make(chan net.Conn, 16)
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				close(ch)
				return
			}
			ch <- c
		}
	}()
	_, port, err = net.SplitHostPort(l.Addr().String())
	require.NoError(t, err)
	return port, ch
}

// answers returns a lookup that gives one answer after the other, and the last
// one for good.
func answers(sets ...[]string) egress.LookupFunc {
	i := 0
	return func(context.Context, string, string) ([]netip.Addr, error) {
		var addrs []netip.Addr
		for _, s := range sets[i] {
			addrs = append(addrs, netip.MustParseAddr(s))
		}
		i = min(i+1, len(sets)-1)
		return addrs, nil
	}
}

func TestDialContext(t *testing.T) {
	port, accepted := listen(t)
	tests := []struct {
		name   string
		policy egress.Policy
		host   string
		want   error
	}{
		{"literal", egress.Policy{}, "127.0.0.1", nil},
		{"literal, public", egress.Policy{Public: true}, "127.0.0.1", blocked},
		{"literal, public, allowed", egress.Policy{Public: true, Allow: loopback}, "127.0.0.1", nil},
		{"mapped literal", egress.Policy{}, "[::ffff:127.0.0.1]", nil},
		{"mapped literal, public", egress.Policy{Public: true}, "[::ffff:127.0.0.1]", blocked},
		{"zone", egress.Policy{}, "[fe80::1%lo]", blocked},
		{"zone on a loopback address", egress.Policy{}, "[::1%lo]", blocked},
		{"zone on a name", egress.Policy{}, "localhost%lo", blocked},
		{"name", egress.Policy{Lookup: answers([]string{"127.0.0.1"})}, "hook.example", nil},
		{"refused candidates are skipped", egress.Policy{Lookup: answers([]string{"169.254.169.254", "fe80::1", "127.0.0.1"})}, "hook.example", nil},
		{"all candidates refused", egress.Policy{Lookup: answers([]string{"169.254.169.254", "::"})}, "hook.example", blocked},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			host, want := tt.host, 1
			conn, err := tt.policy.DialContext(t.Context(), "tcp", host+":"+port)
			require.ErrorIs(t, err, tt.want)
			if tt.want != nil {
				want = 0
			} else {
				conn.Close()
				(<-accepted).Close()
			}
			assert.Equal(t, want == 1, conn != nil)
			assert.Empty(t, accepted)
		})
	}
}

var loopback = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}

// Whatever a resolver makes of them, these never reach a loopback socket.
func TestNumericHostsAreNotLookedUp(t *testing.T) {
	port, accepted := listen(t)
	looked := 0
	p := egress.Policy{Lookup: func(context.Context, string, string) ([]netip.Addr, error) {
		looked++
		return []netip.Addr{netip.MustParseAddr("127.0.0.1")}, nil
	}}
	for _, host := range []string{
		"0x7f.1", "0177.0.0.1", "2130706433", "127.1", "127.0.1", "0x7f000001", "0X7F.0.0.1",
		"017700000001", "127.0.0.1.", "127.000.000.001", "0", "0x", "hook.example.1", "1.0x",
	} {
		_, err := p.DialContext(t.Context(), "tcp", net.JoinHostPort(host, port))
		assert.ErrorIs(t, err, blocked, host)
	}
	assert.Zero(t, looked)
	assert.Empty(t, accepted)
	for _, host := range []string{"hook.example", "1.example", "0x7f.example", "xn--p1ai", "a1", "localhost."} {
		conn, err := p.DialContext(t.Context(), "tcp", net.JoinHostPort(host, port))
		if assert.NoError(t, err, host) {
			conn.Close()
		}
	}
}

// The answer to the second question is judged like the first.
func TestRebindingNameIsJudgedOnEveryDial(t *testing.T) {
	port, accepted := listen(t)
	p := egress.Policy{Public: true, Allow: []netip.Prefix{netip.MustParsePrefix("127.0.0.1/32")},
		Lookup: answers([]string{"127.0.0.1"}, []string{"127.0.0.2"}, []string{"10.0.0.1"})}
	conn, err := p.DialContext(t.Context(), "tcp", "hook.example:"+port)
	require.NoError(t, err)
	conn.Close()
	(<-accepted).Close()
	for range 2 {
		_, err = p.DialContext(t.Context(), "tcp", "hook.example:"+port)
		require.ErrorIs(t, err, blocked)
		assert.Contains(t, err.Error(), "hook.example")
		assert.NotContains(t, err.Error(), "127.")
		assert.NotContains(t, err.Error(), "10.0")
	}
	assert.Empty(t, accepted)
}

func TestCheckHostNeedsNoResolver(t *testing.T) {
	p := egress.Policy{Public: true, Lookup: func(context.Context, string, string) ([]netip.Addr, error) {
		return nil, errors.New("asked")
	}}
	for host, want := range map[string]error{
		"hook.example": nil, "8.8.8.8": nil, "2606:4700::1111": nil, "localhost": nil,
		"10.0.0.1": blocked, "::1": blocked, "::ffff:127.0.0.1": blocked, "2130706433": blocked, "fe80::1%lo": blocked, "a%b": blocked,
	} {
		assert.ErrorIs(t, p.CheckHost(host), want, host)
	}
}

func TestTheMostHelpfulRefusalIsReported(t *testing.T) {
	for _, order := range [][]string{{"169.254.169.254", "10.0.0.1"}, {"10.0.0.1", "169.254.169.254"}} {
		p := egress.Policy{Public: true, Lookup: answers(order)}
		_, err := p.DialContext(t.Context(), "tcp", "hook.example:80")
		require.ErrorIs(t, err, blocked)
		assert.Equal(t, `egress: host "hook.example" is blocked: private range, which the network "private" or an allowed prefix would permit`, err.Error())
	}
}

// A guard that dials only the first permitted address loses the alert with it.
func TestADeadFirstAddressDoesNotHideTheSecond(t *testing.T) {
	port, accepted := listen(t) // on 127.0.0.1 only: 127.0.0.2 refuses
	p := egress.Policy{Lookup: answers([]string{"127.0.0.2", "127.0.0.3", "127.0.0.1"})}
	conn, err := p.DialContext(t.Context(), "tcp", "hook.example:"+port)
	require.NoError(t, err)
	conn.Close()
	(<-accepted).Close()
}

func TestDialErrorsAreThoseOfTheNet(t *testing.T) {
	port, _ := listen(t)
	var dns *net.DNSError
	p := egress.Policy{Lookup: answers([]string{})}
	_, err := p.DialContext(t.Context(), "tcp", "hook.example:80")
	require.ErrorAs(t, err, &dns)
	assert.True(t, dns.IsNotFound)

	broken := errors.New("resolver is down")
	p = egress.Policy{Lookup: func(context.Context, string, string) ([]netip.Addr, error) { return nil, broken }}
	_, err = p.DialContext(t.Context(), "tcp", "hook.example:80")
	require.ErrorIs(t, err, broken)

	p = egress.Policy{Lookup: answers([]string{"127.0.0.2", "127.0.0.3"})}
	_, err = p.DialContext(t.Context(), "tcp", "hook.example:"+port)
	var op *net.OpError
	require.ErrorAs(t, err, &op)
	assert.Equal(t, "127.0.0.2:"+port, op.Addr.String(), "the failure of the first address is reported")

	_, err = egress.Policy{}.DialContext(t.Context(), "tcp", "no-port")
	require.Error(t, err)
	_, err = egress.Policy{}.DialContext(t.Context(), "udp", "127.0.0.1:"+port)
	require.Equal(t, net.UnknownNetworkError("udp"), err)
	_, err = egress.Policy{}.DialContext(t.Context(), "tcp6", "127.0.0.1:"+port)
	require.Error(t, err)
}

func TestDialEndsWithItsContext(t *testing.T) {
	cause := errors.New("enough")
	ctx, cancel := context.WithCancelCause(t.Context())
	p := egress.Policy{Lookup: func(ctx context.Context, _, _ string) ([]netip.Addr, error) {
		cancel(cause)
		<-ctx.Done()
		return []netip.Addr{netip.MustParseAddr("127.0.0.1"), netip.MustParseAddr("127.0.0.2")}, nil
	}}
	_, err := p.DialContext(ctx, "tcp", "hook.example:80")
	require.ErrorIs(t, err, cause)
}

// Whatever the host, a public policy opens no connection to this machine and
// does not panic.
func FuzzDialContext(f *testing.F) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(f, err)
	f.Cleanup(func() { l.Close() })
	_, port, err := net.SplitHostPort(l.Addr().String())
	require.NoError(f, err)
	for _, host := range []string{"127.0.0.1", "::1", "fe80::1%lo", "0x7f.1", "[", "", "%", "::ffff:127.0.0.1", "a.b"} {
		f.Add(host)
	}
	p := egress.Policy{Public: true, Lookup: answers([]string{"127.0.0.1"})}
	f.Fuzz(func(t *testing.T, host string) {
		addr, err := netip.ParseAddr(host)
		if err == nil && p.Check(addr) == nil {
			return // a public literal: never sent from a test
		}
		conn, err := p.DialContext(t.Context(), "tcp", net.JoinHostPort(host, port))
		require.Error(t, err)
		require.Nil(t, conn)
	})
}
