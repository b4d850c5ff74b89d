package dispatch

import (
	"context"

	"github.com/alertwire/alertwire/callback"
)

// Caller returns a Caller that queues each message with d, for the named
// endpoints or for all: where a Caller is wanted and nobody may wait. Its calls
// succeed once the message is queued, with an empty Reply; what becomes of it is
// known to d. If an endpoint refuses the message, the error is a
// [*callback.Error] with [callback.ErrDropped] and the [*Error], although others
// may have accepted it.
func Caller(d Dispatcher, to ...string) callback.Caller {
	return callback.CallerFunc(func(ctx context.Context, m callback.Message) (callback.Reply, error) {
		if m.ID == "" {
			m.ID = callback.NewID()
		}
		err := d.Dispatch(ctx, m, to...)
		if err == nil {
			return callback.Reply{}, nil
		}
		e := &callback.Error{MessageID: m.ID, Class: callback.ClassDropped, Reason: callback.ErrDropped, Last: err}
		switch ctx.Err() {
		case context.Canceled:
			e.Class, e.Reason = callback.ClassCancelled, ctx.Err()
		case context.DeadlineExceeded:
			e.Class, e.Reason = callback.ClassDeadline, ctx.Err()
		}
		return callback.Reply{}, e
	})
}
