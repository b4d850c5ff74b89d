package ratelimittest_test

import (
	"testing"

	"github.com/alertwire/alertwire/ratelimit"
	"github.com/alertwire/alertwire/ratelimit/ratelimittest"
)

func ExampleTestStore() {
	// In the tests of a Store:
	_ = func(t *testing.T) {
		ratelimittest.TestStore(t, func(*testing.T) ratelimit.Store {
			return new(ratelimit.Memory) // or what you made
		})
	}
}
