package callbacktest_test

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/alertwire/alertwire/callback"
	"github.com/alertwire/alertwire/callback/callbacktest"
	"github.com/alertwire/alertwire/callback/dispatch"
)

func memory(t testing.TB) dispatch.Dispatcher {
	d, err := dispatch.NewMemory(dispatch.MemoryOptions{})
	require.NoError(t, err)
	return d
}

func TestMemoryConforms(t *testing.T) { callbacktest.TestDispatcher(t, memory) }

// Each of these breaks one promise of a Dispatcher, and the suite names it.
func TestDispatcherSuiteFindsWhatIsBroken(t *testing.T) {
	tests := []struct {
		name string
		open func() *spoiled
		want string
	}{
		{"calls nobody", calling(func(ctx context.Context, _ callback.Message, _ callback.Caller) (callback.Reply, error) {
			<-ctx.Done()
			return callback.Reply{}, ctx.Err()
		}), "shuts down in time"},
		{"loses messages", func() *spoiled {
			return &spoiled{dispatch: func(context.Context, dispatch.Dispatcher, callback.Message, []string) error { return nil }}
		}, "delivers to all and to some"},
		{"delivers to all always", func() *spoiled {
			return &spoiled{dispatch: func(ctx context.Context, d dispatch.Dispatcher, m callback.Message, _ []string) error {
				return d.Dispatch(ctx, m)
			}}
		}, "delivers to all and to some"},
		{"hides who refused", func() *spoiled {
			return &spoiled{dispatch: func(ctx context.Context, d dispatch.Dispatcher, m callback.Message, to []string) error {
				_ = d.Dispatch(ctx, m, to...)
				return nil
			}}
		}, "names who refused"},
		{"calls with the context of Dispatch", func() *spoiled {
			var given sync.Map
			s := calling(func(ctx context.Context, m callback.Message, c callback.Caller) (callback.Reply, error) {
				if of, ok := given.Load(m.ID); ok {
					ctx = of.(context.Context)
				}
				return c.Call(ctx, m)
			})()
			s.dispatch = func(ctx context.Context, d dispatch.Dispatcher, m callback.Message, to []string) error {
				given.Store(m.ID, ctx)
				return d.Dispatch(ctx, m, to...)
			}
			return s
		}, "calls outlive the Dispatch"},
		{"leaves a message without an ID", calling(func(ctx context.Context, m callback.Message, c callback.Caller) (callback.Reply, error) {
			m.ID = ""
			return c.Call(ctx, m)
		}), "gives a message an ID"},
		{"another ID for each endpoint", adding(func(name string, c callback.Caller, _ *dispatch.EndpointOptions) callback.Caller {
			return callback.CallerFunc(func(ctx context.Context, m callback.Message) (callback.Reply, error) {
				m.ID += name
				return c.Call(ctx, m)
			})
		}), "gives a message an ID"},
		{"every attempt is the first", calling(func(ctx context.Context, m callback.Message, c callback.Caller) (callback.Reply, error) {
			return c.Call(callback.WithAttempt(ctx, 1), m)
		}), "numbers the attempts"},
		{"as fast as it can", options(func(o *dispatch.EndpointOptions) { o.Rate = dispatch.Rate{} }), "keeps its rate"},
		{"refuses in place of dropping", options(func(o *dispatch.EndpointOptions) { o.Full = dispatch.RefuseNew }), "treats a full queue as told"},
		{"a queue that is too long", options(func(o *dispatch.EndpointOptions) { o.Queue *= 2 }), "treats a full queue as told"},
		{"new ID for each attempt", calling(func(ctx context.Context, m callback.Message, c callback.Caller) (callback.Reply, error) {
			m.ID = callback.NewID()
			return c.Call(ctx, m)
		}), "repeats the same message"},
		{"never tries again", options(func(o *dispatch.EndpointOptions) { o.Retry.Attempts = 1 }), "repeats the same message"},
		{"tries for ever", options(func(o *dispatch.EndpointOptions) { o.Retry.Attempts = 1 << 30 }), "gives up"},
		{"tries everything again", calling(func(ctx context.Context, m callback.Message, c callback.Caller) (callback.Reply, error) {
			reply, err := c.Call(ctx, m)
			if err != nil {
				err = errors.New("failed")
			}
			return reply, err
		}), "does not repeat what is final"},
		{"goes on after 410", calling(func(ctx context.Context, m callback.Message, c callback.Caller) (callback.Reply, error) {
			reply, err := c.Call(ctx, m)
			var e *callback.Error
			if errors.As(err, &e) {
				e.Class, e.Reason = callback.ClassClient, callback.ErrRefused
			}
			return reply, err
		}), "stops at gone"},
		{"is in a hurry", calling(func(ctx context.Context, m callback.Message, c callback.Caller) (callback.Reply, error) {
			reply, err := c.Call(ctx, m)
			var e *callback.Error
			if errors.As(err, &e) {
				e.RetryAfter = 0
			}
			return reply, err
		}), "heeds Retry-After"},
		{"sleeps in the worker", adding(func(_ string, c callback.Caller, o *dispatch.EndpointOptions) callback.Caller {
			return callback.Retry(o.Retry)(c)
		}), "waits off the workers"},
		{"one queue for all", func() *spoiled {
			one := make(chan struct{}, 2)
			return adding(func(_ string, c callback.Caller, _ *dispatch.EndpointOptions) callback.Caller {
				return callback.CallerFunc(func(ctx context.Context, m callback.Message) (callback.Reply, error) {
					select {
					case one <- struct{}{}:
						defer func() { <-one }()
						return c.Call(ctx, m)
					case <-ctx.Done():
						return callback.Reply{}, ctx.Err()
					}
				})
			})()
		}, "isolates endpoints"},
		{"too many calls", options(func(o *dispatch.EndpointOptions) { o.Concurrency = 50 }), "keeps its concurrency"},
		{"too few calls", options(func(o *dispatch.EndpointOptions) { o.Concurrency = 1 }), "keeps its concurrency"},
		{"no end of the queue", options(func(o *dispatch.EndpointOptions) { o.Queue = 1 << 20 }), "bounds its queue"},
		{"no order", options(func(o *dispatch.EndpointOptions) { o.Order = dispatch.None }), "keeps strict order"},
		{"delivers what is outdated", options(func(o *dispatch.EndpointOptions) { o.Order = dispatch.Strict }), "delivers the latest"},
		{"a panic ends the worker", calling(func(ctx context.Context, m callback.Message, c callback.Caller) (reply callback.Reply, err error) {
			defer func() {
				if recover() != nil {
					<-ctx.Done()
				}
			}()
			return c.Call(ctx, m)
		}), "survives a panic"},
		{"no breaker", options(func(o *dispatch.EndpointOptions) { o.Breaker.Off = true }), "pauses behind an open breaker"},
		{"an open breaker costs attempts", adding(func(_ string, c callback.Caller, o *dispatch.EndpointOptions) callback.Caller {
			c = callback.Breaker(o.Breaker)(c)
			o.Breaker.Off = true
			return callback.CallerFunc(func(ctx context.Context, m callback.Message) (callback.Reply, error) {
				reply, err := c.Call(ctx, m)
				if errors.Is(err, callback.ErrOpen) {
					err = errors.New("open")
				}
				return reply, err
			})
		}), "pauses behind an open breaker"},
		{"keeps the old Caller", func() *spoiled {
			var known sync.Map
			return &spoiled{add: func(d dispatch.Dispatcher, name string, c callback.Caller, o dispatch.EndpointOptions) error {
				if _, ok := known.LoadOrStore(name, true); ok {
					return nil
				}
				return d.Add(context.Background(), name, c, o)
			}}
		}, "replaces a Caller"},
		{"removes nothing", func() *spoiled { return &spoiled{remove: func() error { return nil }} }, "removes an endpoint"},
		{"counts twice", func() *spoiled {
			return &spoiled{stats: func(s *dispatch.EndpointStats) { s.Delivered *= 2 }}
		}, "adds up"},
		{"counts no failures", func() *spoiled {
			return &spoiled{stats: func(s *dispatch.EndpointStats) { s.Failed = 0 }}
		}, "adds up"},
		{"does not drain", func() *spoiled {
			return &spoiled{shutdown: func(ctx context.Context, d dispatch.Dispatcher) ([]dispatch.Undelivered, error) {
				ctx, cancel := context.WithCancel(ctx)
				cancel()
				_, _ = d.Shutdown(ctx)
				return nil, nil
			}}
		}, "drains"},
		{"loses what waits for an attempt", func() *spoiled {
			var closing atomic.Bool
			var called sync.Map
			s := calling(func(ctx context.Context, m callback.Message, c callback.Caller) (callback.Reply, error) {
				if _, again := called.LoadOrStore(m.ID, true); again && closing.Load() {
					return callback.Reply{}, nil
				}
				return c.Call(ctx, m)
			})()
			s.shutdown = func(ctx context.Context, d dispatch.Dispatcher) ([]dispatch.Undelivered, error) {
				closing.Store(true)
				return d.Shutdown(ctx)
			}
			return s
		}, "drains"},
		{"accepts when closed", func() *spoiled {
			var closed atomic.Bool
			return &spoiled{
				shutdown: func(ctx context.Context, d dispatch.Dispatcher) ([]dispatch.Undelivered, error) {
					closed.Store(true)
					return d.Shutdown(ctx)
				},
				dispatch: func(ctx context.Context, d dispatch.Dispatcher, m callback.Message, to []string) error {
					if closed.Load() {
						return nil
					}
					return d.Dispatch(ctx, m, to...)
				},
			}
		}, "drains"},
		{"waits for ever", func() *spoiled {
			return &spoiled{shutdown: func(ctx context.Context, d dispatch.Dispatcher) ([]dispatch.Undelivered, error) {
				if ctx.Err() == nil { // the clean-up of the suite must end
					ctx, cancel := context.WithTimeout(context.Background(), 3*time.Second)
					defer cancel()
					return d.Shutdown(ctx)
				}
				return d.Shutdown(ctx)
			}}
		}, "shuts down in time"},
		{"loses what is left", func() *spoiled {
			return &spoiled{shutdown: func(ctx context.Context, d dispatch.Dispatcher) ([]dispatch.Undelivered, error) {
				_, err := d.Shutdown(ctx)
				return nil, err
			}}
		}, "shuts down in time"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got := callbacktest.DispatcherFails(t, tt.want, func(t testing.TB) dispatch.Dispatcher {
				s := tt.open()
				s.Dispatcher = memory(t)
				return s
			})
			assert.NotEmpty(t, got, "the check %q is content", tt.want)
		})
	}
}
