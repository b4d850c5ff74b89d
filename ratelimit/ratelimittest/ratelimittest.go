// Package ratelimittest tests implementations of [ratelimit.Store].
//
//	func TestMyStore(t *testing.T) {
//		ratelimittest.TestStore(t, func(t *testing.T) ratelimit.Store { return newMyStore(t) })
//	}
package ratelimittest

import (
	"crypto/rand"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/alertwire/alertwire/ratelimit"
)

// TestStore tests what every Store promises: exact admission, also among
// concurrent callers, all limits or none, asking without spending, and errors
// that charge nothing. It calls newStore in a subtest for each promise. The
// stores may share a server, also with other runs: each subtest uses keys that
// nobody has used before. If the Store has a Reset method, that is tested too.
//
// It takes some ten milliseconds with a Store in memory. It must not run in a
// synctest bubble: it needs a clock that runs. Each bucket that it leaves behind
// is full again after at most five hours.
func TestStore(t *testing.T, newStore func(t *testing.T) ratelimit.Store) {
	t.Helper()
	for _, c := range checks {
		t.Run(c.name, func(t *testing.T) { c.run(&harness{TestingT: t, Store: newStore(t), key: t.Name() + rand.Text()}) })
	}
}

// A check is one promise. It is given the little of testing.T that it needs, so
// that it can be seen to fail.
type check struct {
	name string
	run  func(h *harness)
}

// A harness is a Store under test.
type harness struct {
	require.TestingT
	ratelimit.Store
	key string // begins all keys of the check
}

// Helper keeps testify from naming this package's lines.
func (h *harness) Helper() {
	if t, ok := h.TestingT.(interface{ Helper() }); ok {
		t.Helper()
	}
}

// request asks for n events of an hourly rate with the given burst.
func (h *harness) request(key string, burst, n int) ratelimit.Request {
	return ratelimit.Request{Name: "test", Key: h.key + key, Rate: hourly(burst), N: n}
}
