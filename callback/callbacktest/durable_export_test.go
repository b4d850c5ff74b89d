package callbacktest

import (
	"testing"
	"time"
)

// DurableFails returns what the check of that name in TestDurable complains of.
func DurableFails(t *testing.T, name string, open OpenDispatcher) string {
	return fails(t, durableChecks, name, open, 3*time.Second) // a message waits for one of them
}
