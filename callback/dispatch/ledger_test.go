package dispatch_test

import (
	"fmt"
	"maps"
	"slices"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/alertwire/alertwire/callback/dispatch"
)

// A ledger keeps account of every message at every endpoint, from when it is
// accepted until its outcome is told, and complains at once of what does not
// balance: a second outcome, one of a message that nobody sent, or a delivery
// that the receiver knows nothing of. What is settled it forgets, so that it can
// be kept for hours.
type ledger struct {
	t testing.TB

	mu      sync.Mutex
	open    map[string]bool // by endpoint and message: whether the receiver has taken it
	results map[dispatch.Result]uint64
}

func newLedger(t testing.TB) *ledger {
	return &ledger{t: t, open: map[string]bool{}, results: map[dispatch.Result]uint64{}}
}

func entry(endpoint, id string) string { return endpoint + " " + id }

// sent opens the account of a message, before it is dispatched.
func (l *ledger) sent(endpoint, id string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.open[entry(endpoint, id)] = false
}

// refused closes it again: it was not accepted.
func (l *ledger) refused(endpoint, id string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.open, entry(endpoint, id))
}

// took notes that a receiver is going to answer a call with a 2xx.
func (l *ledger) took(endpoint, id string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if _, ok := l.open[entry(endpoint, id)]; ok { // else it comes late: the sender has given up
		l.open[entry(endpoint, id)] = true
	}
}

// settle closes the account. It is the Observe of a dispatcher.
func (l *ledger) settle(o dispatch.Outcome) {
	l.mu.Lock()
	defer l.mu.Unlock()
	taken, ok := l.open[entry(o.Endpoint, o.Message.ID)]
	switch {
	case !ok:
		l.t.Errorf("%s at %s is %s, and was settled before, or never sent", o.Message.ID, o.Endpoint, o.Result)
	case o.Result == dispatch.Delivered && !taken:
		l.t.Errorf("%s at %s is delivered, and the receiver has not taken it", o.Message.ID, o.Endpoint)
	case (o.Result == dispatch.Delivered) != (o.Err == nil) && o.Result != dispatch.Returned: // maybe without a call
		l.t.Errorf("%s at %s is %s with the error %v", o.Message.ID, o.Endpoint, o.Result, o.Err)
	}
	delete(l.open, entry(o.Endpoint, o.Message.ID))
	l.results[o.Result]++
}

// settled returns the number of messages of each result.
func (l *ledger) settled() map[dispatch.Result]uint64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	return maps.Clone(l.results)
}

// balance checks that no account is open, and that the numbers of the dispatcher
// are those of the outcomes.
func (l *ledger) balance(d *dispatch.Memory) (sum dispatch.EndpointStats) {
	l.t.Helper()
	all, err := d.Stats(l.t.Context())
	assert.NoError(l.t, err)
	for _, s := range all {
		requireSum(l.t, s)
		assert.Zero(l.t, s.Queued+s.InFlight, s.Name)
		sum.Accepted += s.Accepted
		sum.Delivered += s.Delivered
		sum.Failed += s.Failed
		sum.Dropped += s.Dropped
		sum.Returned += s.Returned
		sum.Retried += s.Retried
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.open) > 0 {
		l.t.Errorf("%d messages have no outcome, such as %s", len(l.open), slices.Collect(maps.Keys(l.open))[0])
	}
	assert.Equal(l.t, nonZero(sum), l.results, fmt.Sprintf("%+v", sum))
	return sum
}
