package egress

import (
	"context"
	"net"
	"net/netip"
	"time"
)

// A dialled is what became of one candidate.
type dialled struct {
	conn net.Conn
	err  error
}

// race dials addrs in order and returns the first connection. The next address
// is tried when the one before has failed, or has had its head start. When race
// returns, the dials that are still under way have been told to stop.
func race(ctx context.Context, addrs []netip.Addr, dial func(context.Context, netip.Addr) (net.Conn, error)) (net.Conn, error) {
	if len(addrs) == 1 {
		return dial(ctx, addrs[0])
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	results := make(chan dialled)
	run := func(addr netip.Addr) {
		conn, err := dial(ctx, addr)
		select {
		case results <- dialled{conn, err}:
		case <-ctx.Done(): // another one has won, or nobody waits any more
			if conn != nil {
				conn.Close()
			}
		}
	}
	next := time.NewTimer(0)
	defer next.Stop()
	var first error // the failure of the best address tells most
	for started, failed := 0, 0; failed < len(addrs); {
		var start <-chan time.Time
		if started < len(addrs) {
			start = next.C
		}
		select {
		case <-start:
			go run(addrs[started])
			started++
			next.Reset(headStart)
		case r := <-results:
			if r.err == nil {
				return r.conn, nil
			}
			if first == nil {
				first = r.err
			}
			failed++
			next.Reset(0)
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		}
	}
	return nil, first
}
