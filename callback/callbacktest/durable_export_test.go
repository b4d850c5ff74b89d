package callbacktest

import "testing"

// DurableFails returns what the check of that name in TestDurable complains of.
func DurableFails(t *testing.T, name string, open OpenDispatcher) string {
	return fails(t, durableChecks, name, open)
}
