package ratelimittest_test

import (
	"testing"

	"github.com/alertwire/alertwire/ratelimit"
	"github.com/alertwire/alertwire/ratelimit/ratelimittest"
)

func TestStore(t *testing.T) {
	t.Run("Memory", func(t *testing.T) {
		ratelimittest.TestStore(t, func(*testing.T) ratelimit.Store { return new(ratelimit.Memory) })
	})
	t.Run("one Memory for all", func(t *testing.T) {
		m := new(ratelimit.Memory)
		for range 2 { // as a server that outlives a run
			ratelimittest.TestStore(t, func(*testing.T) ratelimit.Store { return m })
		}
	})
	t.Run("Fallback", func(t *testing.T) {
		ratelimittest.TestStore(t, func(*testing.T) ratelimit.Store {
			return &ratelimit.Fallback{Store: new(ratelimit.Memory), Instances: 3}
		})
	})
}
