package callback

import (
	"context"
	"net"
	"sync"
	"time"
)

// LookAtFilesNow makes the next call of w look at its files of certificates,
// however lately they were looked at.
func LookAtFilesNow(w *Webhook) { w.pool.due.Store(0) }

// DialWith calls before ahead of each dial of w's pool, until restore is called,
// which waits for those dials. The pool must not be in use.
func DialWith(w *Webhook, before func()) (restore func()) {
	t := w.pool.transport.Load()
	hooked := t.Clone()
	var dials sync.WaitGroup
	hooked.DialContext = gated(func(ctx context.Context, network, address string) (net.Conn, error) {
		dials.Add(1)
		defer dials.Done()
		before()
		return w.pool.plan.policy.DialContext(ctx, network, address)
	})
	w.pool.transport.Store(hooked)
	return func() {
		w.pool.transport.Store(t)
		dials.Wait()
	}
}

// PingAfter shortens the time after which the HTTP/2 connections of w, which must
// not be in use, are asked whether they are alive, and how long that may take.
func PingAfter(w *Webhook, d time.Duration) {
	h := w.pool.transport.Load().HTTP2
	h.SendPingTimeout = min(h.SendPingTimeout, d)
	h.PingTimeout = min(h.PingTimeout, d)
}
