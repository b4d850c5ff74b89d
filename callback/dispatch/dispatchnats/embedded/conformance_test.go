package embedded_test

import (
	"testing"

	"github.com/alertwire/alertwire/callback/callbacktest"
	"github.com/alertwire/alertwire/callback/dispatch"
	"github.com/alertwire/alertwire/callback/dispatch/dispatchnats"
)

func TestConforms(t *testing.T) {
	t.Parallel()
	callbacktest.TestDispatcher(t, func(t testing.TB) dispatch.Dispatcher {
		return open(t, t.TempDir(), quick(dispatchnats.Options{}))
	})
}
