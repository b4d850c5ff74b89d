package callback

import (
	"context"
	"errors"
)

// A Processor is one step of a pipeline over events: it returns the event that
// goes on. For hosts whose steps are values with a method, it has that method.
//
// With an error the event is the one that was given, so that the host may stop
// or go on with it.
type Processor[E any] func(ctx context.Context, event E) (E, error)

// Process calls p.
func (p Processor[E]) Process(ctx context.Context, event E) (E, error) { return p(ctx, event) }

// Notifier returns a Processor that sends each event with c and lets it pass
// unchanged. message makes the message of an event, nil means [NewMessage].
//
// Its errors are those of message and c: with [BestEffort] around c there are
// none of c, and with a dispatcher behind it there is no waiting.
func Notifier[E any](c Caller, message func(event E) (Message, error)) Processor[E] {
	c = orRefuse(c)
	if message == nil {
		message = func(event E) (Message, error) { return NewMessage(event) }
	}
	return func(ctx context.Context, event E) (E, error) {
		m, err := message(event)
		if err == nil {
			_, err = c.Call(ctx, m)
		}
		return event, err
	}
}

// Updater returns a Processor that lets the receiver change each event, see
// [Update]. An event that is to be dropped comes back with [ErrDropEvent]: what
// dropping means is known to the host.
func Updater[E any](c Caller, o UpdateOptions) Processor[E] {
	c = orRefuse(c)
	return func(ctx context.Context, event E) (E, error) { return Update(ctx, c, event, o) }
}

// orRefuse returns c, or in place of none one whose calls fail: a step that was
// forgotten in a configuration must not bring down the pipeline.
func orRefuse(c Caller) Caller {
	if c == nil {
		return refuse(errors.New("callback: there is no caller"))(nil)
	}
	return c
}
