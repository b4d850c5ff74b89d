package callbacktest_test

import (
	"context"

	"github.com/alertwire/alertwire/callback"
	"github.com/alertwire/alertwire/callback/dispatch"
)

// A spoiled dispatcher is one of whose methods some are broken.
type spoiled struct {
	dispatch.Dispatcher
	add      func(d dispatch.Dispatcher, name string, c callback.Caller, o dispatch.EndpointOptions) error
	remove   func() error
	dispatch func(ctx context.Context, d dispatch.Dispatcher, m callback.Message, to []string) error
	stats    func(s *dispatch.EndpointStats)
	shutdown func(ctx context.Context, d dispatch.Dispatcher) ([]dispatch.Undelivered, error)
}

func (s *spoiled) Add(ctx context.Context, name string, c callback.Caller, o dispatch.EndpointOptions) error {
	if s.add != nil {
		return s.add(s.Dispatcher, name, c, o)
	}
	return s.Dispatcher.Add(ctx, name, c, o)
}

func (s *spoiled) Remove(ctx context.Context, name string) error {
	if s.remove != nil {
		return s.remove()
	}
	return s.Dispatcher.Remove(ctx, name)
}

func (s *spoiled) Dispatch(ctx context.Context, m callback.Message, to ...string) error {
	if s.dispatch != nil {
		return s.dispatch(ctx, s.Dispatcher, m, to)
	}
	return s.Dispatcher.Dispatch(ctx, m, to...)
}

func (s *spoiled) Stats(ctx context.Context) ([]dispatch.EndpointStats, error) {
	all, err := s.Dispatcher.Stats(ctx)
	for i := range all {
		if s.stats != nil {
			s.stats(&all[i])
		}
	}
	return all, err
}

func (s *spoiled) Shutdown(ctx context.Context) ([]dispatch.Undelivered, error) {
	if s.shutdown != nil {
		return s.shutdown(ctx, s.Dispatcher)
	}
	return s.Dispatcher.Shutdown(ctx)
}

// options spoils the options of every endpoint.
func options(change func(o *dispatch.EndpointOptions)) func() *spoiled {
	return adding(func(_ string, c callback.Caller, o *dispatch.EndpointOptions) callback.Caller {
		change(o)
		return c
	})
}

// adding spoils the Caller or options of every endpoint.
func adding(change func(name string, c callback.Caller, o *dispatch.EndpointOptions) callback.Caller) func() *spoiled {
	return func() *spoiled {
		return &spoiled{add: func(d dispatch.Dispatcher, name string, c callback.Caller, o dispatch.EndpointOptions) error {
			c = change(name, c, &o)
			return d.Add(context.Background(), name, c, o)
		}}
	}
}

// calling spoils every call.
func calling(change func(ctx context.Context, m callback.Message, c callback.Caller) (callback.Reply, error)) func() *spoiled {
	return adding(func(_ string, c callback.Caller, _ *dispatch.EndpointOptions) callback.Caller {
		return callback.CallerFunc(func(ctx context.Context, m callback.Message) (callback.Reply, error) {
			return change(ctx, m, c)
		})
	})
}
