package callback_test

import (
	"net"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"
)

// A router passes on what comes over its connections, until it forgets them.
type router struct {
	addr   string
	number atomic.Int64 // of the youngest connection
	known  atomic.Int64 // the number of the oldest that is not forgotten
}

func newRouter(t *testing.T, target string) *router {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	r := &router{addr: l.Addr().String()}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			from, err := l.Accept()
			if err != nil {
				return
			}
			to, err := net.Dial("tcp", target)
			if err != nil {
				from.Close()
				continue
			}
			n := r.number.Add(1)
			go r.pass(n, from, to)
			go r.pass(n, to, from)
		}
	}()
	return r
}

func (r *router) pass(n int64, from, to net.Conn) {
	defer from.Close()
	defer to.Close()
	buf := make([]byte, 32<<10)
	for {
		k, err := from.Read(buf)
		if err != nil {
			return
		}
		if n >= r.known.Load() {
			_, _ = to.Write(buf[:k])
		}
	}
}

// forget makes all connections there are go silent.
func (r *router) forget() { r.known.Store(r.number.Load() + 1) }
