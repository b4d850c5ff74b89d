package dispatchnats

import (
	"context"
	"errors"
	"fmt"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// Why the engine did not do what it was asked for, beside the reasons of
// package dispatch.
var (
	// ErrUnavailable means that NATS could not be reached, or had no leader,
	// for as long as the call could wait. Whether the message was stored is not
	// known: dispatching it again may deliver it twice.
	ErrUnavailable = errors.New("dispatchnats: NATS is unavailable")
	// ErrTooLarge means that a message is beyond Options.MaxMessage.
	ErrTooLarge = errors.New("dispatchnats: message is too large")
	// ErrStore means that NATS could not write: its disk is full, say, or
	// JetStream is out of the resources that it was given.
	ErrStore = errors.New("dispatchnats: NATS cannot store")
	// ErrForeign means that a stream of that name, or with its subjects, exists
	// and is not one of this package, was made by a newer version of it, or was
	// changed by somebody so that it might lose messages.
	ErrForeign = errors.New("dispatchnats: the stream is not ours")
	// ErrServer means that the server is older than 2.12, that the account may
	// not use JetStream, or that a limit of theirs does not allow what is asked
	// for: the size of a message, or one more endpoint.
	ErrServer = errors.New("dispatchnats: the server cannot do what is needed")
)

// The codes of JetStream that this package tells apart.
const (
	codeStoreFailed      jetstream.ErrorCode = 10077 // also for a stream at its bound
	codeStorageResources jetstream.ErrorCode = 10047
	codeAccountResources jetstream.ErrorCode = 10002
	codeMemoryResources  jetstream.ErrorCode = 10028
	codeResources        jetstream.ErrorCode = 10023
	codeInvalidConfig    jetstream.ErrorCode = 10052 // of a stream
	codeNoPeers          jetstream.ErrorCode = 10005 // too few servers of the cluster are there
	codeSubjectOverlap   jetstream.ErrorCode = 10065 // with another stream
	codeConsumerCreate   jetstream.ErrorCode = 10012 // also for one that is just being deleted
	codeInProcess        jetstream.ErrorCode = 10158 // a message of the same id is, and may yet fail
)

// passing reports whether err is one that goes away by itself: no connection,
// no answer in time, no leader, or a repeat that was faster than the cluster.
func passing(err error) bool {
	switch {
	case errors.Is(err, nats.ErrNoResponders),
		errors.Is(err, jetstream.ErrNoStreamResponse),
		errors.Is(err, context.DeadlineExceeded),
		errors.Is(err, nats.ErrTimeout),
		errors.Is(err, nats.ErrDisconnected),
		errors.Is(err, nats.ErrReconnectBufExceeded),
		errors.Is(err, nats.ErrConnectionReconnecting),
		errors.Is(err, nats.ErrStaleConnection),
		errors.Is(err, jetstream.ErrNoHeartbeat):
		return true
	}
	var api *jetstream.APIError
	if errors.As(err, &api) && !errors.Is(err, jetstream.ErrJetStreamNotEnabledForAccount) {
		return api.ErrorCode == codeNoPeers || api.ErrorCode == codeInProcess || api.Code == 503 && !exhausted(err)
	}
	return false
}

// hasCode reports whether err is that error of JetStream.
func hasCode(err error, code jetstream.ErrorCode) bool {
	var api *jetstream.APIError
	return errors.As(err, &api) && api.ErrorCode == code
}

// exhausted reports whether err says that the server has no room left.
func exhausted(err error) bool {
	var api *jetstream.APIError
	if !errors.As(err, &api) {
		return false
	}
	switch api.ErrorCode {
	case codeStoreFailed, codeStorageResources, codeAccountResources, codeMemoryResources, codeResources:
		return true
	}
	return false
}

// unavailable returns an ErrUnavailable that says why, and how long was waited.
func unavailable(what string, err error) error {
	return fmt.Errorf("%w: %s: %w", ErrUnavailable, what, err)
}
