package callback

import (
	"context"
	"time"
)

// An Attempt is what became of one request, as [Options].Observe gets it. It
// holds values only: it may be kept, and it names no secret.
type Attempt struct {
	Endpoint  string        // the name of the destination, or its scheme and host
	MessageID string        // of the message
	Type      string        // of the message
	Number    int           // 1 for the first attempt
	Start     time.Time     // when it began
	Took      time.Duration // from Start until the answer was read
	Status    int           // 0 if there was no answer
	Class     Class         // "" if it was accepted
	Wait      time.Duration // the wait that the receiver advised; 0 if none
	Reused    bool          // it went over a connection that was open already
	Err       error         // nil if it was accepted
}

type attemptKey struct{}

// WithAttempt returns a context that says that a call made with it is the n-th
// attempt at its message. Those who repeat calls (Retry, the dispatchers, an
// engine of your own) set it for n > 1, so that an [Attempt] has its Number.
func WithAttempt(ctx context.Context, n int) context.Context {
	return context.WithValue(ctx, attemptKey{}, n)
}

// AttemptNumber returns what [WithAttempt] put into ctx, or 1. It is how a
// [Caller] or a transport of one's own knows which attempt it makes.
func AttemptNumber(ctx context.Context) int {
	if n, ok := ctx.Value(attemptKey{}).(int); ok && n > 0 {
		return n
	}
	return 1
}
