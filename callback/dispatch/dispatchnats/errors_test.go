package dispatchnats

import (
	"errors"
	"fmt"
	"testing"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/stretchr/testify/assert"
)

func TestPassing(t *testing.T) {
	t.Parallel()
	api := func(code int, of jetstream.ErrorCode) error {
		return fmt.Errorf("publish: %w", &jetstream.APIError{Code: code, ErrorCode: of})
	}
	tests := []struct {
		name string
		err  error
		want bool
	}{
		{"nobody is there", nats.ErrNoResponders, true},
		{"closed for good", nats.ErrConnectionClosed, false},
		{"no leader", api(503, 10008), true},
		{"too few servers", api(400, codeNoPeers), true},
		{"a message of that id is in process", api(409, codeInProcess), true},
		{"the disk is full", api(503, codeStoreFailed), false},
		{"no such stream", api(404, 10059), false},
		{"no JetStream", jetstream.ErrJetStreamNotEnabledForAccount, false},
		{"anything else", errors.New("oops"), false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			assert.Equal(t, tt.want, passing(tt.err))
		})
	}
}
