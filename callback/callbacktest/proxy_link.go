package callbacktest

import (
	"errors"
	"io"
	"math/rand/v2"
	"net"
	"sync"
	"time"
)

// A direction is the way of bytes over a link.
type direction int

const (
	toServer direction = iota
	toClient
)

// A link is one connection through a proxy: that of the client, and one to the
// server. What is not said to be otherwise is guarded by the mutex of the proxy.
type link struct {
	p      *Proxy
	n      int        // which connection of the proxy it is
	ends   []net.Conn // the client, then the server once there is a connection
	fault  Fault      // the one that happens to it
	passed [2]int64   // bytes in each direction, since the fault was set
	jitter [2]*rand.Rand
	silent <-chan struct{} // once it is silent; closed when that fault is over
	rude   bool            // closed with a reset
	closed chan struct{}
}

// carry passes on what comes over a connection of a client until it ends.
func (p *Proxy) carry(client net.Conn) {
	l := &link{p: p, ends: []net.Conn{client}, closed: make(chan struct{})}
	p.mu.Lock()
	if p.ctx.Err() != nil || p.fault.Refuse { // accepted a moment ago
		l.reset()
		p.mu.Unlock()
		return
	}
	l.n = p.made
	p.made++
	p.links[l] = true
	l.set(p.fault)
	mute := l.silent != nil
	p.mu.Unlock()

	defer func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		l.close()
		delete(p.links, l)
	}()
	if mute { // nobody is at the other end
		l.pump(toServer, client, nil)
		return
	}
	if !l.clear() {
		return
	}
	dialer := net.Dialer{Timeout: patience}
	server, err := dialer.DialContext(p.ctx, "tcp", p.target)
	if err != nil {
		l.lock(l.reset)
		return
	}
	l.join(server)
}

// join connects the link to the server and passes on what comes, until both
// directions have ended.
func (l *link) join(server net.Conn) {
	client := l.ends[0]
	l.lock(func() {
		l.ends = append(l.ends, server)
		select {
		case <-l.closed: // meanwhile
			l.close()
		default:
		}
	})
	var both sync.WaitGroup
	both.Go(func() { l.pump(toServer, client, server) })
	both.Go(func() { l.pump(toClient, server, client) })
	both.Wait()
}

func (l *link) lock(f func()) {
	l.p.mu.Lock()
	defer l.p.mu.Unlock()
	f()
}

// set makes f happen to the link from now on, if it is hit. It is called with
// the lock held.
func (l *link) set(f Fault) {
	if !f.hits(l.n) {
		f = Fault{}
	}
	l.fault, l.passed = f, [2]int64{}
	for d := range l.jitter {
		l.jitter[d] = rand.New(rand.NewPCG(f.Seed, uint64(2*l.n+d)))
	}
	if f.atOnce() {
		l.end()
	}
}

// end does to the link what its fault ends connections with. It is called with
// the lock held.
func (l *link) end() {
	switch {
	case l.fault.Reset:
		l.reset()
	case l.fault.Close:
		l.close()
	case l.silent == nil:
		l.silent = l.p.changed
	}
}

// close closes both ends. It is called with the lock held.
func (l *link) close() {
	select {
	case <-l.closed:
	default:
		close(l.closed)
	}
	for _, c := range l.ends {
		if tcp, ok := c.(*net.TCPConn); ok && l.rude {
			_ = tcp.SetLinger(0) // close with RST
		}
		_ = c.Close()
	}
}

// reset resets both ends. It is called with the lock held.
func (l *link) reset() {
	l.rude = true
	l.close()
}

// pump passes on what comes from one end to the other, until that end is over.
func (l *link) pump(d direction, from, to net.Conn) {
	buf := make([]byte, 32<<10)
	for {
		n, err := from.Read(buf)
		if n > 0 && !l.pass(d, to, buf[:n]) {
			return
		}
		if err != nil {
			l.finish(to, err)
			return
		}
	}
}

// pass passes data on as the fault allows, and reports whether the link is still
// there.
func (l *link) pass(d direction, to net.Conn, data []byte) bool {
	start, late := time.Now(), false
	for len(data) > 0 {
		if !l.clear() {
			return false
		}
		n, delay, changed := l.allow(d, len(data))
		if n == 0 {
			return true // it is lost
		}
		if !late {
			delay += l.latency(d) - time.Since(start)
		}
		if !l.wait(delay, changed) {
			continue // another fault, or none: look again
		}
		late = true
		if _, err := to.Write(data[:n]); err != nil {
			l.lock(l.reset)
			return false
		}
		data = data[n:]
		l.lock(func() { l.counted(d) })
	}
	return true
}

// clear waits while the link is stalled, and reports whether it is still there.
func (l *link) clear() bool {
	for {
		var stalled bool
		var changed <-chan struct{}
		l.lock(func() { stalled, changed = l.fault.Stall, l.p.changed })
		if stalled {
			select {
			case <-changed:
				continue
			case <-l.closed:
			}
		}
		select {
		case <-l.closed:
			return false
		default:
			return true
		}
	}
}

// allow returns how much of n bytes may pass together, none if they get lost,
// and how long the bound of the rate holds them up. They count as passed, unless
// changed is closed before they do: then that is no longer so.
func (l *link) allow(d direction, n int) (_ int, delay time.Duration, changed <-chan struct{}) {
	l.p.mu.Lock()
	defer l.p.mu.Unlock()
	if l.silent != nil {
		return 0, 0, nil
	}
	f := l.fault
	if after := f.after(d); after > 0 {
		n = int(min(int64(n), after-l.passed[d]))
	}
	if f.Rate > 0 {
		n = min(n, max(f.Rate/100, 1))
		delay = time.Duration(n) * time.Second / time.Duration(f.Rate)
	}
	l.passed[d] += int64(n)
	return n, delay, l.p.changed
}

func (f Fault) after(d direction) int64 {
	if d == toServer {
		return f.AfterRequest
	}
	return f.AfterReply
}

// latency draws how late the next piece is.
func (l *link) latency(d direction) time.Duration {
	l.p.mu.Lock()
	defer l.p.mu.Unlock()
	return l.fault.Latency + time.Duration(l.jitter[d].Float64()*float64(l.fault.Jitter))
}

// wait waits for delay. It reports false if the fault has changed before.
func (l *link) wait(delay time.Duration, changed <-chan struct{}) bool {
	if delay <= 0 {
		return true
	}
	t := time.NewTimer(delay)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-changed:
	case <-l.closed:
	}
	return false
}

// counted ends the link if the last bytes have passed. It is called with the lock
// held.
func (l *link) counted(d direction) {
	if after := l.fault.after(d); after > 0 && l.passed[d] >= after {
		l.end()
	}
}

// finish tells one end that the other is over: err is io.EOF if that was in good
// order. A link that is silent tells it when its fault is.
func (l *link) finish(to net.Conn, err error) {
	var silent <-chan struct{}
	l.lock(func() { silent = l.silent })
	if silent != nil {
		select {
		case <-silent:
		case <-l.closed:
		}
		l.lock(l.close)
		return
	}
	if !l.clear() {
		return
	}
	half, ok := to.(interface{ CloseWrite() error })
	if !errors.Is(err, io.EOF) {
		l.lock(l.reset)
	} else if !ok || half.CloseWrite() != nil {
		l.lock(l.close)
	}
}
