package embedded_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/alertwire/alertwire/callback/callbacktest"
	"github.com/alertwire/alertwire/callback/dispatch"
	"github.com/alertwire/alertwire/callback/dispatch/dispatchnats/embedded"
)

// TestDurable kills processes that use the embedded engine. In full, with 10,000
// messages for each order, and together with TestDurableCluster:
//
//	ALERTWIRE_DURABLE=full go test -timeout 30m -v -run TestDurable .
func TestDurable(t *testing.T) {
	t.Parallel()
	callbacktest.TestDurable(t, func(t testing.TB, dir string) dispatch.Dispatcher {
		d, err := embedded.Open(t.Context(), dir, embedded.Options{
			NoSync: true, // what a kill loses does not depend on it, and CI disks are slow
		})
		require.NoError(t, err)
		return d
	})
}
