// Package dispatch queues messages for webhooks, one queue for each endpoint,
// so that a dead endpoint holds up nobody but itself.
//
//	d, err := dispatch.NewMemory(dispatch.MemoryOptions{})
//	err = d.Add(ctx, "ops", hook, dispatch.EndpointOptions{})
//	err = d.Dispatch(ctx, msg)           // to every endpoint; returns when it is queued
//	undelivered, err := d.Shutdown(ctx)  // delivers what is left, hands back the rest
//
// A dispatcher calls each endpoint with its own bounds: calls in flight, length
// of the queue, rate, order per key, retries and breaker. A message that waits
// for its next attempt waits in the queue and not in a goroutine, and behind an
// open breaker the whole endpoint pauses. Callers are therefore given without
// [callback.Retry] and [callback.Breaker]: the dispatcher has both.
//
// Nothing disappears without a count. For each endpoint, and at any moment, the
// messages that were accepted are those that were delivered, have failed, were
// dropped, were handed back by Shutdown, are queued, or are in flight.
//
// [Memory] is best effort: what it holds is gone when the process dies. A
// durable engine satisfies the same [Dispatcher], so that a program changes a
// constructor and nothing else.
package dispatch

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/alertwire/alertwire/callback"
)

// A Dispatcher queues messages per endpoint and delivers them in the
// background. It is safe for concurrent use.
type Dispatcher interface {
	// Add makes the endpoint name known, or gives the one of that name another
	// Caller and other options: its queue stays, and the next attempt at what
	// is in it uses the new Caller.
	Add(ctx context.Context, name string, c callback.Caller, o EndpointOptions) error
	// Remove forgets the endpoint at once. What is queued for it is dropped,
	// what is in flight is waited for until ctx ends.
	Remove(ctx context.Context, name string) error
	// Dispatch queues m for the named endpoints, or for all of them, and
	// returns when each has accepted or refused it. If any has refused, the
	// error is an [*Error] and the others have accepted. The calls
	// themselves are made later and do not end with ctx.
	Dispatch(ctx context.Context, m callback.Message, to ...string) error
	// Stats returns the numbers of every endpoint, by name.
	Stats(ctx context.Context) ([]EndpointStats, error)
	// Shutdown accepts nothing more and delivers what is queued until ctx
	// ends. Then it cancels what is in flight and hands back, in the order in
	// which they were accepted, the messages that were not delivered, with the
	// cause of ctx. A durable engine hands back nothing: it keeps them.
	Shutdown(ctx context.Context) ([]Undelivered, error)
}

// Why an endpoint does not accept a message, or gave it up later.
var (
	// ErrQueueFull means that the queue of the endpoint is full.
	ErrQueueFull = errors.New("dispatch: queue is full")
	// ErrClosed means that the dispatcher was shut down.
	ErrClosed = errors.New("dispatch: closed")
	// ErrUnknown means that there is no endpoint of that name.
	ErrUnknown = errors.New("dispatch: no such endpoint")
	// ErrRemoved means that the endpoint was removed with the message queued.
	ErrRemoved = errors.New("dispatch: endpoint was removed")
	// ErrSuperseded means that a newer message of the same key took its place.
	ErrSuperseded = errors.New("dispatch: superseded by a newer message")
)

// An Error says which endpoints have not accepted a message. All others have.
type Error struct {
	// Refused has the reason for each of them: [ErrQueueFull], [ErrUnknown],
	// [ErrClosed], [callback.ErrGone], or what the engine says.
	Refused map[string]error
}

// Error names the endpoints and reasons, in order of the names.
func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString("dispatch: not accepted")
	sep := ": "
	for _, name := range slices.Sorted(maps.Keys(e.Refused)) {
		reason := strings.TrimPrefix(e.Refused[name].Error(), "dispatch: ")
		fmt.Fprintf(&b, "%s%q: %s", sep, name, reason)
		sep = "; "
	}
	return b.String()
}

// Unwrap returns the reasons.
func (e *Error) Unwrap() []error { return slices.Collect(maps.Values(e.Refused)) }

// Undelivered is a message that Shutdown hands back. If a call was cut off, the
// receiver may have it all the same.
type Undelivered struct {
	Endpoint string
	Message  callback.Message
	Accepted time.Time // when
	Attempts int       // how many calls were made
	Err      error     // what the last one failed with; nil if there was none
}

// EndpointStats are the numbers of one endpoint, taken at one moment. Accepted
// is always the sum of Delivered, Failed, Dropped, Returned, Queued and
// InFlight.
type EndpointStats struct {
	Name      string `json:"name"`
	Accepted  uint64 `json:"accepted"`
	Delivered uint64 `json:"delivered"`
	Failed    uint64 `json:"failed"`    // for good, or given up
	Dropped   uint64 `json:"dropped"`   // by the queue, see Full and Order
	Returned  uint64 `json:"returned"`  // handed back by Shutdown
	Queued    int    `json:"queued"`    // and not in flight
	InFlight  int    `json:"in_flight"` // being called

	Refused    uint64         `json:"refused"`    // never accepted
	Superseded uint64         `json:"superseded"` // part of Dropped
	Calls      uint64         `json:"calls"`      // that ended, whatever came of them
	Retried    uint64         `json:"retried"`    // calls that repeated an earlier one
	Waiting    int            `json:"waiting"`    // part of Queued: for their next attempt
	State      State          `json:"state"`
	Oldest     time.Time      `json:"oldest,omitzero"`      // when the oldest message at hand was accepted
	LastClass  callback.Class `json:"last_class,omitempty"` // of the last failed call; "" after a success
}

// State says whether an endpoint is being called.
type State string

// The states of an endpoint.
const (
	StateReady  State = "ready"
	StatePaused State = "paused" // its breaker is open
	StateGone   State = "gone"   // it answered 410, and gets nothing until it is added anew
)
