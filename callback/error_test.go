package callback_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/alertwire/alertwire/callback"
	"github.com/alertwire/alertwire/callback/callbacktest"
)

func TestErrorText(t *testing.T) {
	last := errors.New("connection refused")
	tests := []struct {
		err  callback.Error
		want string
	}{
		{callback.Error{Endpoint: "ops", Class: callback.ClassRefused, Attempts: 1, Reason: callback.ErrGaveUp, Last: last},
			"callback: call ops: refused: gave up: connection refused"},
		{callback.Error{Endpoint: "ops", Class: callback.ClassServer, Attempts: 4, Status: 503, Reason: callback.ErrGaveUp, Snippet: "secret"},
			"callback: call ops: 4 attempts: server: status 503: gave up"},
		{callback.Error{Endpoint: "ops", Class: callback.ClassCancelled, Reason: context.Canceled}, "callback: call ops: cancelled: context canceled"},
		{callback.Error{Endpoint: "ops", Class: callback.ClassOpen, Reason: callback.ErrOpen}, "callback: call ops: open: breaker is open"},
	}
	for _, tt := range tests {
		assert.EqualError(t, &tt.err, tt.want)
	}
}

func TestErrorIsAndAs(t *testing.T) {
	last := fmt.Errorf("wrapped: %w", http.ErrServerClosed)
	var err error = &callback.Error{Endpoint: "ops", Reason: callback.ErrGaveUp, Last: last}
	err = fmt.Errorf("pipeline: %w", err)
	require.ErrorIs(t, err, callback.ErrGaveUp)
	require.ErrorIs(t, err, http.ErrServerClosed)
	require.NotErrorIs(t, err, callback.ErrRefused)
	assert.Equal(t, "ops", failed(t, err).Endpoint)
	assert.Empty(t, (&callback.Error{}).Unwrap())
	assert.Equal(t, []error{last}, (&callback.Error{Last: last}).Unwrap())
}

func TestTemporary(t *testing.T) {
	for reason, want := range map[error]bool{
		callback.ErrGaveUp: true, callback.ErrOpen: true,
		callback.ErrRefused: false, callback.ErrGone: false, callback.ErrBlocked: false, callback.ErrDropped: false,
		context.Canceled: false, nil: false,
	} {
		assert.Equal(t, want, (&callback.Error{Reason: reason}).Temporary(), "%v", reason)
	}
}

func TestClassesThatCount(t *testing.T) {
	for class, want := range map[callback.Class]bool{
		callback.ClassDNS: true, callback.ClassRefused: true, callback.ClassUnreachable: true, callback.ClassReset: true,
		callback.ClassTimeout: true, callback.ClassTLS: true, callback.ClassThrottled: true, callback.ClassServer: true,
		callback.ClassPanic: true, callback.ClassOther: true,
		callback.ClassGone: false, callback.ClassAuth: false, callback.ClassClient: false, callback.ClassRedirect: false,
		callback.ClassBlocked: false, callback.ClassProxy: false, callback.ClassTemplate: false, callback.ClassRequest: false,
		callback.ClassReply: false, callback.ClassCancelled: false, callback.ClassDeadline: false, callback.ClassOpen: false,
		callback.ClassLimited: false, callback.ClassDropped: false, "": false, "unheard of": false,
	} {
		assert.Equal(t, want, class.Counts(), "%s", class)
	}
}

func ExampleDecorate() {
	loud := func(name string) callback.Decorator {
		return func(next callback.Caller) callback.Caller {
			return callback.CallerFunc(func(ctx context.Context, m callback.Message) (callback.Reply, error) {
				fmt.Println(name, "before")
				defer fmt.Println(name, "after")
				return next.Call(ctx, m)
			})
		}
	}
	c := callback.Decorate(&callbacktest.Recorder{}, loud("outer"), nil, loud("inner"))
	_, err := c.Call(context.Background(), callback.Message{})
	fmt.Println(err)
	// Output:
	// outer before
	// inner before
	// inner after
	// outer after
	// <nil>
}

func TestDecorateWithNothing(t *testing.T) {
	r := &callbacktest.Recorder{}
	assert.Same(t, r, callback.Decorate(r))
	assert.Same(t, r, callback.Decorate(r, nil))
}

func ExampleWithAttempt() {
	receiver := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(503) }))
	defer receiver.Close()
	hook, err := callback.New(callback.Config{URL: receiver.URL}, callback.Options{
		Observe: func(_ context.Context, a callback.Attempt) { fmt.Println("attempt", a.Number, a.Class) },
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	for n := 1; n <= 3; n++ { // an engine of one's own
		_, _ = hook.Call(callback.WithAttempt(context.Background(), n), callback.Message{ID: "msg_1"})
	}
	// Output:
	// attempt 1 server
	// attempt 2 server
	// attempt 3 server
}

// A Caller of one's own learns the number from Retry, or from the dispatcher
// that calls it.
func ExampleAttemptNumber() {
	busy := callback.CallerFunc(func(ctx context.Context, _ callback.Message) (callback.Reply, error) {
		fmt.Println("attempt", callback.AttemptNumber(ctx))
		return callback.Reply{}, errors.New("busy")
	})
	patient := callback.Decorate(busy, callback.Retry(callback.RetryPolicy{Attempts: 3, Base: time.Millisecond}))
	_, _ = patient.Call(context.Background(), callback.Message{ID: "msg_1"})
	// Output:
	// attempt 1
	// attempt 2
	// attempt 3
}

// The advice of a receiver arrives in both forms, whatever the policy makes of
// it: a policy may try again what is final to another.
func TestAdvisedWait(t *testing.T) {
	tests := []struct {
		name string
		step http.HandlerFunc
		min  time.Duration
		max  time.Duration
	}{
		{"seconds", callbacktest.RetryAfter(429, 120), 2 * time.Minute, 2 * time.Minute},
		{"date", callbacktest.RetryAfterDate(503, time.Hour), 59 * time.Minute, time.Hour},
		{"past date", callbacktest.RetryAfterDate(503, -time.Hour), 0, 0},
		{"zero", callbacktest.RetryAfter(503, 0), 0, 0},
		{"negative", callbacktest.RetryAfter(503, -5), 0, 0},
		{"junk", callbacktest.Answer(503, "", "Retry-After", "soon"), 0, 0},
		{"huge", callbacktest.Answer(503, "", "Retry-After", "9223372037"), 1<<63 - 1, 1<<63 - 1},
		{"more than fits", callbacktest.Answer(503, "", "Retry-After", "99999999999999999999"), 1<<63 - 1, 1<<63 - 1},
		{"twice", callbacktest.Answer(503, "", "Retry-After", "1", "Retry-After", "2"), 0, 0},
		{"of a final answer", callbacktest.RetryAfter(404, 120), 2 * time.Minute, 2 * time.Minute},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			srv := callbacktest.NewServer(t, tt.step)
			_, err := hook(t, callback.Config{URL: srv.URL}, callback.Options{}).Call(t.Context(), message)
			wait := failed(t, err).RetryAfter
			assert.GreaterOrEqual(t, wait, tt.min)
			assert.LessOrEqual(t, wait, tt.max)
		})
	}
}
