package dispatch_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/alertwire/alertwire/callback/dispatch"
)

// What is no value of Order or Full is printed as a number, and not marshalled.
func TestNamesOfOrderAndFull(t *testing.T) {
	assert.Equal(t, "strict", dispatch.Strict.String())
	assert.Equal(t, "drop_oldest", dispatch.DropOldest.String())
	assert.Equal(t, "Order(3)", dispatch.Order(3).String())
	assert.Equal(t, "Order(-1)", dispatch.Order(-1).String())
	assert.Equal(t, "Full(2)", dispatch.Full(2).String())
	for _, unknown := range []interface{ MarshalText() ([]byte, error) }{
		dispatch.Order(-1), dispatch.Order(3), dispatch.Full(-1), dispatch.Full(2),
	} {
		_, err := unknown.MarshalText()
		require.Error(t, err, unknown)
	}
}
