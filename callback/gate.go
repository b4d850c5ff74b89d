package callback

import (
	"context"
	"errors"
	"net"
	"slices"
	"sync"
	"time"
)

// maxDials is how many dials one call may begin. Only a server with HTTP/2 sends
// a call away from a connection that was opened for it: because others have taken
// all the streams that it allows, which a crowd may meet with several times, or
// because it wants none at all (GOAWAY). net/http then tries the next connection
// at once, and without this bound for as long as the call lasts: thousands of
// handshakes.
const maxDials = 64

var (
	// errNotNeeded ends a dial that waited while its call was served by another
	// connection. Nobody gets to see it.
	errNotNeeded = errors.New("callback: connection is not needed any more")
	errSentAway  = errors.New("callback: every connection was closed before it was used")
)

// A gate keeps the connections to one host at no more than the calls that were
// in flight at once. net/http dials for every call that finds no idle
// connection, and then gives the call the first connection that becomes free,
// so that bursts leave up to twice as many connections as were ever used.
//
// Here a dial begins only while there are more calls than connections. Else it
// waits: each call can then be served by a connection that is idle or on its
// way. If such a connection fails, the next dial begins; and if one hangs, when
// half of the time of the attempt is over.
//
// A nil gate lets everything through.
type gate struct {
	mu      sync.Mutex
	calls   int
	conns   int // open or being dialled, by calls that have not failed
	epoch   int // counts how often the connections were given up
	waiting []*waiter
}

// A visit is one call in the eyes of its gate. Its fields belong to the gate.
type visit struct {
	dials []*gatedConn // all that it has begun
	left  bool
}

// A waiter is a dial that has not begun.
type waiter struct {
	visit *visit
	turn  chan *gatedConn // nil if there is no need any more
}

// enter counts a call.
func (g *gate) enter() {
	if g == nil {
		return
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	g.calls++
	g.next()
}

// leave ends a call. What a call that failed has dialled is not counted on any
// more: it may hang for as long as it likes without holding up others.
func (g *gate) leave(v *visit, failed bool) {
	if g == nil {
		return
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	g.calls--
	v.left = true
	g.waiting = slices.DeleteFunc(g.waiting, func(w *waiter) bool {
		if w.visit == v {
			w.turn <- nil
		}
		return w.visit == v
	})
	if failed {
		for _, c := range v.dials {
			g.uncount(c)
		}
	}
	v.dials = nil
}

// next lets dials begin as long as there are more calls than connections.
func (g *gate) next() {
	for len(g.waiting) > 0 && g.conns < g.calls {
		g.begin(0)
	}
}

// begin lets the dial begin that is at place i.
func (g *gate) begin(i int) {
	w := g.waiting[i]
	g.waiting = slices.Delete(g.waiting, i, i+1)
	c := &gatedConn{gate: g, epoch: g.epoch}
	w.visit.dials = append(w.visit.dials, c)
	g.conns++
	w.turn <- c
}

// uncount takes c out of the count, once. The lock is held.
func (g *gate) uncount(c *gatedConn) {
	if !c.uncounted && c.epoch == g.epoch {
		g.conns--
		g.next()
	}
	c.uncounted = true
}

// reset is for when the transport was replaced: the connections there were
// serve nobody any more.
func (g *gate) reset() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.epoch++
	g.conns = 0
	g.next()
}

// admit waits until a dial for v may begin, for as long as patience lasts, and
// returns what stands for its connection.
func (g *gate) admit(ctx context.Context, v *visit, patience time.Duration) (*gatedConn, error) {
	w := &waiter{v, make(chan *gatedConn, 1)}
	g.mu.Lock()
	switch {
	case v.left:
		w.turn <- nil
	case len(v.dials) >= maxDials:
		g.mu.Unlock()
		return nil, errSentAway
	default:
		g.waiting = append(g.waiting, w)
		g.next()
	}
	g.mu.Unlock()
	timer := time.NewTimer(patience)
	defer timer.Stop()
	select {
	case c := <-w.turn:
		return c.orNotNeeded()
	case <-timer.C:
		g.expedite(w)
		return (<-w.turn).orNotNeeded()
	case <-ctx.Done():
		g.expedite(w)
		if c := <-w.turn; c != nil {
			c.drop()
		}
		return nil, context.Cause(ctx)
	}
}

// expedite ends the waiting of w now.
func (g *gate) expedite(w *waiter) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if i := slices.Index(g.waiting, w); i >= 0 {
		g.begin(i)
	}
}

// A gatedConn is a connection that tells its gate when it is closed.
type gatedConn struct {
	net.Conn
	gate      *gate
	epoch     int
	uncounted bool // guarded by the gate
}

// Close closes the connection.
func (c *gatedConn) Close() error {
	c.drop()
	return c.Conn.Close()
}

func (c *gatedConn) orNotNeeded() (*gatedConn, error) {
	if c == nil {
		return nil, errNotNeeded
	}
	return c, nil
}

func (c *gatedConn) drop() {
	c.gate.mu.Lock()
	defer c.gate.mu.Unlock()
	c.gate.uncount(c)
}

// gated returns dial behind the gate of the call that it is for.
func gated(dial dialFunc) dialFunc {
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		e, ok := ctx.Value(exchangeKey{}).(*exchange)
		if !ok || e.hook.gate == nil {
			return dial(ctx, network, address)
		}
		c, err := e.hook.gate.admit(ctx, &e.visit, e.hook.timeout/2)
		if err != nil {
			return nil, err
		}
		if c.Conn, err = dial(ctx, network, address); err != nil {
			c.drop()
			return nil, err
		}
		return c, nil
	}
}
