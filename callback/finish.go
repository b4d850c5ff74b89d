package callback

import (
	"context"
	"log/slog"
	"time"

	"github.com/alertwire/alertwire/internal/retryafter"
)

// finish turns what happened into what Call returns, and tells who wants to
// know.
func (e *exchange) finish(ctx context.Context) (Reply, error) {
	w := e.hook
	failure := e.verdict(ctx)
	if w.observe == nil && !w.log.Enabled(ctx, slog.LevelInfo) {
		if failure != nil {
			return e.reply, failure
		}
		return e.reply, nil
	}
	a := Attempt{
		Endpoint: w.endpoint, MessageID: e.message.ID, Type: e.message.Type,
		Number: AttemptNumber(ctx), Start: e.start, Took: e.reply.Took,
		Status: e.reply.Status, Reused: e.reused,
	}
	var err error
	if failure != nil {
		a.Class, a.Wait, a.Err, err = failure.Class, failure.RetryAfter, failure, failure
	}
	e.record(ctx, a)
	if w.observe != nil {
		w.observe(ctx, a)
	}
	return e.reply, err
}

// verdict returns why the message was not accepted, or nil.
func (e *exchange) verdict(ctx context.Context) *Error {
	if e.err == nil && e.accepted() {
		return nil
	}
	f := &Error{Endpoint: e.hook.endpoint, MessageID: e.message.ID, Attempts: 1, Status: e.reply.Status}
	if e.err != nil {
		e.blame(ctx, f)
	} else {
		f.Class, f.Reason = e.judgeStatus()
	}
	if f.Class == ClassRequest || f.Class == ClassTemplate {
		f.Attempts, e.reply.Attempts = 0, 0
	}
	// Whether there is another attempt is for the policy to say.
	f.RetryAfter, _ = retryafter.Parse(e.reply.Header, time.Now())
	f.Snippet = snippet(e.reply.Body)
	return f
}

// record logs the attempt.
func (e *exchange) record(ctx context.Context, a Attempt) {
	level, message := slog.LevelDebug, "callback accepted"
	if a.Err != nil {
		level, message = slog.LevelInfo, "callback attempt failed"
	}
	if !e.hook.log.Enabled(ctx, level) {
		return
	}
	e.hook.log.LogAttrs(ctx, level, message,
		slog.String("endpoint", a.Endpoint), slog.String("message_id", a.MessageID), slog.String("type", a.Type),
		slog.Int("attempt", a.Number), slog.String("class", string(a.Class)), slog.Int("status", a.Status),
		slog.Duration("took", a.Took))
}
