package callbacktest

import (
	"context"
	"errors"
	"math/rand/v2"
	"net"
	"net/url"
	"strconv"
	"sync"
	"testing"
	"time"
)

// A Proxy is a network that fails as it is told: it passes on what comes over
// its TCP connections, and does to it what its [Fault] says. Without one it is
// a network that works. What the connections carry is no matter, so that TLS
// goes through with the certificate of the server. It is safe for concurrent
// use.
type Proxy struct {
	// URL leads through the proxy to the target: it is that of the target with
	// another address.
	URL string
	// Addr is where the proxy listens, such as "127.0.0.1:23456". It stays the
	// same.
	Addr string

	t      testing.TB
	target string
	ctx    context.Context // until Close
	cancel context.CancelFunc
	group  sync.WaitGroup // of all goroutines

	mu       sync.Mutex // guards the links too
	fault    Fault
	changed  chan struct{} // closed and replaced when the fault is
	listener net.Listener  // nil while connections are refused
	links    map[*link]bool
	made     int
}

// A Fault is what is wrong with the network. The zero value is nothing. It
// holds for all connections, those that are open too, until another one is set.
//
// Of Close, Reset and Silent one can be set; AfterRequest and AfterReply say
// when it happens. The zero value of both is at once. They count for each
// connection from when the fault was set.
type Fault struct {
	// Latency is by how much all that passes is late, at least, in each
	// direction.
	Latency time.Duration
	// Jitter is added to Latency, a random part of it at a time. Nothing
	// overtakes.
	Jitter time.Duration
	// Rate bounds how many bytes a second pass on a connection in each
	// direction: a reader or writer that is slow. Zero is no bound.
	Rate int
	// Refuse refuses new connections: nobody listens there. Those that are open
	// stay, if nothing else is set.
	Refuse bool
	// Stall holds up all that comes until the fault is over, and passes it on
	// then: a cut that the connections outlive, since TCP repeats what was lost.
	// What comes late may be from a sender who has given up.
	Stall bool
	// Close closes connections at both ends.
	Close bool
	// Reset resets connections at both ends.
	Reset bool
	// Silent loses all that comes over a connection, for good, its end included:
	// the other side is gone, or a router has forgotten the connection. A new
	// one is accepted and never answered. When the fault is over, new
	// connections work; one that has become silent remains so, and is closed if
	// either end has gone.
	Silent bool
	// AfterRequest lets that many bytes pass to the server before the connection
	// is closed, reset or falls silent.
	AfterRequest int64
	// AfterReply lets that many bytes pass to the client before that.
	AfterReply int64
	// Share is the part of the connections that it happens to, from 0 to 1. Zero
	// means all. Refuse knows no part.
	Share float64
	// Seed decides which connections are of the Share, by their number, and
	// about the Jitter of each.
	Seed uint64
}

// ends reports whether the fault ends connections.
func (f Fault) ends() bool { return f.Close || f.Reset || f.Silent }

// atOnce reports whether it does so before anything has passed.
func (f Fault) atOnce() bool { return f.ends() && f.AfterRequest == 0 && f.AfterReply == 0 }

// hits reports whether the fault is one for the n-th connection.
func (f Fault) hits(n int) bool {
	return f.Share == 0 || rand.New(rand.NewPCG(f.Seed, uint64(n))).Float64() < f.Share
}

func (f Fault) validate() error {
	several := 0
	for _, set := range []bool{f.Close, f.Reset, f.Silent} {
		if set {
			several++
		}
	}
	switch {
	case several > 1:
		return errors.New("one of Close, Reset and Silent can be set")
	case several == 0 && (f.AfterRequest != 0 || f.AfterReply != 0):
		return errors.New("what is AfterRequest or AfterReply needs Close, Reset or Silent")
	case f.Latency < 0, f.Jitter < 0, f.Rate < 0, f.AfterRequest < 0, f.AfterReply < 0:
		return errors.New("no field may be negative")
	case !(f.Share >= 0 && f.Share <= 1):
		return errors.New("the Share is from 0 to 1")
	}
	return nil
}

// NewProxy starts a proxy on the loopback interface that leads to the host and
// port of target, the URL of a server; its scheme is any. The proxy and all its
// connections are closed when the test ends. Like [NewServer] it is not for
// synctest bubbles.
func NewProxy(t testing.TB, target string) *Proxy {
	t.Helper()
	outOfBubble(t, "a Proxy")
	u, err := url.Parse(target)
	if err != nil || u.Port() == "" {
		t.Fatalf("callbacktest: the target of a proxy is a URL with a port")
	}
	p := &Proxy{t: t, target: u.Host, changed: make(chan struct{}), links: map[*link]bool{}}
	p.ctx, p.cancel = context.WithCancel(context.Background())
	// Below the ports that most systems give to clients, so that none of them takes
	// the place while connections are refused.
	const low, high = 12_000, 32_000
	for tries := 0; p.listener == nil; tries++ {
		addr := net.JoinHostPort("127.0.0.1", strconv.Itoa(low+rand.IntN(high-low)))
		if p.listener, err = net.Listen("tcp", addr); err != nil && tries > 100 {
			t.Fatalf("callbacktest: proxy: %v", err)
		}
	}
	p.Addr = p.listener.Addr().String()
	u.Host = p.Addr
	p.URL = u.String()
	p.serve(p.listener)
	t.Cleanup(p.Close)
	return p
}

// Set replaces the fault. When it returns, what the fault does at once has been
// done to the connections that are open. The test fails if f makes no sense.
func (p *Proxy) Set(f Fault) {
	p.t.Helper()
	if err := f.validate(); err != nil {
		p.t.Errorf("callbacktest: fault: %v", err)
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.ctx.Err() != nil {
		return
	}
	p.fault = f
	close(p.changed)
	p.changed = make(chan struct{})
	for l := range p.links {
		l.set(f)
	}
	switch {
	case f.Refuse && p.listener != nil:
		_ = p.listener.Close()
		p.listener = nil
	case !f.Refuse && p.listener == nil:
		p.listen()
	}
}

// Heal ends the fault.
func (p *Proxy) Heal() {
	p.t.Helper()
	p.Set(Fault{})
}

// Connections returns how many connections were made, and how many are open at
// either end. Those that were refused are not among them.
func (p *Proxy) Connections() (made, open int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.made, len(p.links)
}

// Close closes the proxy and its connections, and returns when nothing of it is
// left. The test does it by itself when it ends.
func (p *Proxy) Close() {
	p.mu.Lock()
	p.cancel()
	if p.listener != nil {
		_ = p.listener.Close()
		p.listener = nil
	}
	for l := range p.links {
		l.close()
	}
	p.mu.Unlock()
	p.group.Wait()
}

// listen listens again at the same place.
func (p *Proxy) listen() {
	p.t.Helper()
	var err error
	for end := time.Now().Add(patience); time.Now().Before(end); pause(p.ctx, time.Millisecond) {
		if p.listener, err = net.Listen("tcp", p.Addr); err == nil {
			p.serve(p.listener)
			return
		}
		p.listener = nil
	}
	p.t.Errorf("callbacktest: proxy: %v", err)
}

// serve accepts connections until l is closed.
func (p *Proxy) serve(l net.Listener) {
	p.group.Go(func() {
		for {
			client, err := l.Accept()
			if err != nil {
				return
			}
			p.group.Go(func() { p.carry(client) })
		}
	})
}
