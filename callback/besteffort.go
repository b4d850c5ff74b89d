package callback

import (
	"context"
	"errors"
	"log/slog"
)

// BestEffort returns a decorator for pipelines that must go on whether or not a
// callback gets through: its calls never fail. A failure, a panic included, is
// logged to l at level Warn and is gone; nil is silent. The reply is what there
// is of one. Put it outermost.
func BestEffort(l *slog.Logger) Decorator {
	if l == nil {
		l = slog.New(slog.DiscardHandler)
	}
	return func(c Caller) Caller {
		return &bestEffort{next: Recover()(c), log: l}
	}
}

type bestEffort struct {
	next Caller
	log  *slog.Logger
}

func (b *bestEffort) Call(ctx context.Context, m Message) (Reply, error) {
	reply, err := b.next.Call(ctx, m)
	if err != nil {
		b.log.LogAttrs(ctx, slog.LevelWarn, "callback failed", failureAttrs(b.Endpoint(), m, err)...)
	}
	return reply, nil
}

// Endpoint returns the name of the endpoint.
func (b *bestEffort) Endpoint() string { return endpointOf(b.next) }

// failureAttrs returns what a log may know of a failure. The text of an error
// that is not from this package could hold anything, so only its type is told.
func failureAttrs(endpoint string, m Message, err error) []slog.Attr {
	attrs := []slog.Attr{slog.String("message_id", m.ID), slog.String("type", m.Type)}
	var e *Error
	if !errors.As(err, &e) {
		return append(attrs, slog.String("endpoint", endpoint), slog.String("class", string(ClassOther)))
	}
	return append(attrs,
		slog.String("endpoint", e.Endpoint), slog.String("class", string(e.Class)),
		slog.Int("status", e.Status), slog.Int("attempts", e.Attempts))
}
