package egress

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A tracked is a connection that knows whether it was closed.
type tracked struct {
	net.Conn
	addr   netip.Addr
	closed bool
}

func (c *tracked) Close() error { c.closed = true; return nil }

func TestRace(t *testing.T) {
	a, b, c := netip.MustParseAddr("192.0.2.1"), netip.MustParseAddr("192.0.2.2"), netip.MustParseAddr("192.0.2.3")
	dead := errors.New("dead")
	type fate struct {
		after time.Duration
		err   error
	}
	tests := []struct {
		name    string
		fates   map[netip.Addr]fate
		want    netip.Addr
		wantErr error
		took    time.Duration
		dialled int
	}{
		{"the first answers", map[netip.Addr]fate{a: {headStart - 1, nil}}, a, nil, headStart - 1, 1},
		{"the first is slow", map[netip.Addr]fate{a: {headStart + 1, nil}, b: {time.Hour, nil}}, a, nil, headStart + 1, 2},
		{"the first hangs", map[netip.Addr]fate{a: {time.Hour, nil}, b: {time.Second / 10, nil}}, b, nil, headStart + time.Second/10, 2},
		{"two hang", map[netip.Addr]fate{a: {time.Hour, nil}, b: {time.Hour, nil}, c: {0, nil}}, c, nil, 2 * headStart, 3},
		{"a failure is not waited out", map[netip.Addr]fate{a: {1, dead}, b: {1, nil}}, b, nil, 2, 2},
		{"all fail", map[netip.Addr]fate{a: {1, dead}, b: {1, errors.New("b")}, c: {1, errors.New("c")}}, netip.Addr{}, dead, 3, 3},
		{"all hang", map[netip.Addr]fate{a: {time.Hour, nil}, b: {time.Hour, nil}, c: {time.Hour, nil}}, netip.Addr{}, context.DeadlineExceeded, time.Minute, 3},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
				defer cancel()
				var mu sync.Mutex
				var conns []*tracked
				dialled := 0
				start := time.Now()
				conn, err := race(ctx, []netip.Addr{a, b, c}, func(_ context.Context, addr netip.Addr) (net.Conn, error) {
					mu.Lock()
					dialled++
					mu.Unlock()
					f := tt.fates[addr]
					time.Sleep(f.after) // deaf to its context, so that losers win late
					mu.Lock()
					defer mu.Unlock()
					if f.err != nil {
						return nil, f.err
					}
					conns = append(conns, &tracked{addr: addr})
					return conns[len(conns)-1], nil
				})
				assert.Equal(t, tt.took, time.Since(start))
				require.ErrorIs(t, err, tt.wantErr)
				time.Sleep(2 * time.Hour)
				synctest.Wait()
				assert.Equal(t, tt.dialled, dialled)
				for _, c := range conns {
					assert.Equal(t, c.addr != tt.want, c.closed, "%v", c.addr)
				}
				assert.Equal(t, tt.want.IsValid(), conn != nil)
			})
		})
	}
}
