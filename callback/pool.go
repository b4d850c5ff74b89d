package callback

import (
	"fmt"
	"net/http"
	"net/url"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// recheckFiles is how old may be what was read of a file of certificates.
const recheckFiles = time.Second

// A pool is the transport of one identity. Its connections are its own:
// whatever becomes of one pool, the others stay warm.
//
// It looks at its files of certificates when it is used, at most once in
// recheckFiles. When one has changed, the transport is replaced by one with the
// new content and its idle connections are closed, so that the next message
// uses what the files say now. Content that cannot be read or does not fit
// together changes nothing: files are not replaced all at once.
type pool struct {
	// Both are held apart from the pool, because they outlive it for as long as
	// it takes to close the connections, and must not keep it.
	transport *atomic.Pointer[http.Transport]
	gates     *weakMap[string, gate]

	plan  *dialPlan
	start time.Time
	due   atomic.Int64 // when to look at the files again, as a duration since start
	mu    sync.Mutex
	seen  fileStamps // what was read
}

func newPool(d *dialPlan) (*pool, error) {
	p := &pool{
		transport: new(atomic.Pointer[http.Transport]), gates: new(weakMap[string, gate]),
		plan: d, start: time.Now(), seen: d.tlsPlan.stamps(),
	}
	t, err := d.newTransport()
	if err != nil {
		return nil, err
	}
	p.transport.Store(t)
	runtime.AddCleanup(p, func(t *atomic.Pointer[http.Transport]) { t.Load().CloseIdleConnections() }, p.transport)
	return p, nil
}

// gate returns the gate to the host of u.
func (p *pool) gate(u *url.URL) *gate {
	key := u.Scheme + "://" + u.Host
	if u.Scheme == "http" && strings.HasPrefix(p.plan.proxy, "http") {
		key = "" // connections to the proxy itself, good for every host
	}
	g, _ := p.gates.get(key, func() (*gate, error) { return new(gate), nil }) // never an error
	return g
}

// RoundTrip makes a request over a connection of the pool.
func (p *pool) RoundTrip(r *http.Request) (*http.Response, error) {
	if p.plan.tlsPlan.hasFiles() {
		p.reload()
	}
	return p.transport.Load().RoundTrip(r)
}

// CloseIdleConnections closes the connections that are not in use.
func (p *pool) CloseIdleConnections() { p.transport.Load().CloseIdleConnections() }

// reload looks at the files if it is time to. The others go on meanwhile.
func (p *pool) reload() {
	now, due := int64(time.Since(p.start)), p.due.Load()
	if now < due || !p.due.CompareAndSwap(due, now+int64(recheckFiles)) {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	stamps := p.plan.tlsPlan.stamps()
	if stamps == p.seen {
		return
	}
	t, err := p.plan.newTransport()
	if err != nil {
		return
	}
	p.seen = stamps
	p.transport.Swap(t).CloseIdleConnections()
	p.gates.each((*gate).reset)
}

// pools holds the pools of the process. It is a variable of the package because
// connections are a thing of the process: webhooks that are made one by one, as
// users configure them, must find the pool of those that were made before, and
// a pool for each would cost a handshake for each message. It is not otherwise
// visible: no setting is kept here, identities that differ in anything never
// meet, and a pool is held by its webhooks alone. When the last of them is
// gone, its idle connections are closed.
var pools weakMap[identity, pool]

// poolFor returns the pool for d, made anew if nobody has one.
func poolFor(d *dialPlan) (*pool, error) {
	if d.tlsPlan.hasFiles() {
		// What is wrong with a file is to be found now, and the pool may have
		// read it long ago.
		if _, err := d.tlsPlan.read(); err != nil {
			return nil, fmt.Errorf("tls.%w", err)
		}
	}
	return pools.get(d.identity, func() (*pool, error) { return newPool(d) })
}
