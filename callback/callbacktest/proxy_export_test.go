package callbacktest

import (
	"context"
	"net"
	"testing"
)

// NewPipe returns the two ends of a connection through a network with a fault,
// all of it in memory, so that it can be in a bubble of synctest.
func NewPipe(t testing.TB, f Fault) (client, server net.Conn, p *Proxy) {
	p = &Proxy{t: t, changed: make(chan struct{}), links: map[*link]bool{}}
	p.ctx, p.cancel = context.WithCancel(context.Background())
	client, from := net.Pipe()
	to, server := net.Pipe()
	l := &link{p: p, ends: []net.Conn{from}, closed: make(chan struct{})}
	p.links[l] = true
	p.fault = f
	l.set(f)
	p.group.Go(func() { l.join(to) })
	t.Cleanup(p.Close)
	return client, server, p
}

// FaultFails returns what Set complains of.
func FaultFails(t *testing.T, f Fault) string {
	s := &spy{TB: t}
	p := &Proxy{t: s, changed: make(chan struct{})}
	p.ctx, p.cancel = context.WithCancel(context.Background())
	p.listener, _ = net.Listen("tcp", "127.0.0.1:0")
	defer p.Close()
	p.Set(f)
	return s.text
}
