package callbackprom

import "github.com/alertwire/alertwire/callback/dispatch"

// A total is what the counters of one label stand at. It only rises. The numbers
// of the endpoints behind it do not: one that shares its label with others is
// removed, one is added anew, a dispatcher is away, or another process delivers
// what this one has accepted. Prometheus takes a counter that falls for one that
// began anew, and adds all of it to the rate.
type total struct {
	accepted, refused, delivered, failed, dropped, returned, retried uint64
}

// add adds what came to an endpoint since last.
func (t *total) add(last, now dispatch.EndpointStats) {
	if now.Refused < last.Refused || now.Delivered < last.Delivered || now.Failed < last.Failed ||
		now.Dropped < last.Dropped || now.Returned < last.Returned || now.Retried < last.Retried {
		last = dispatch.EndpointStats{} // it was added anew
	}
	// What is queued may have gone elsewhere, so that Accepted alone is less.
	t.accepted += now.Accepted - min(last.Accepted, now.Accepted)
	t.refused += now.Refused - last.Refused
	t.delivered += now.Delivered - last.Delivered
	t.failed += now.Failed - last.Failed
	t.dropped += now.Dropped - last.Dropped
	t.returned += now.Returned - last.Returned
	t.retried += now.Retried - last.Retried
}
