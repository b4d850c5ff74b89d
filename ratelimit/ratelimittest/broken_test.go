package ratelimittest

import (
	"context"
	"errors"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/alertwire/alertwire/ratelimit"
)

// verdict stands in for a testing.T and remembers whether the check failed.
type verdict struct {
	mu     sync.Mutex
	failed bool
}

func (v *verdict) Errorf(string, ...any) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.failed = true
}

func (v *verdict) FailNow() {
	v.Errorf("")
	runtime.Goexit()
}

// failures returns the names of the checks that a store fails.
func failures(newStore func() ratelimit.Store) []string {
	var names []string
	for _, c := range checks {
		var v verdict
		done := make(chan struct{})
		go func() { // since FailNow ends the goroutine
			defer close(done)
			c.run(&harness{TestingT: &v, Store: newStore(), key: c.name})
		}()
		<-done
		if v.failed {
			names = append(names, c.name)
		}
	}
	return names
}

// takeFunc is a Store of one function.
type takeFunc func(ctx context.Context, reqs []ratelimit.Request, out []ratelimit.Decision) error

func (f takeFunc) Take(ctx context.Context, reqs []ratelimit.Request, out []ratelimit.Decision) error {
	return f(ctx, reqs, out)
}

// keyed breaks a store by giving it other keys.
func keyed(key func(ratelimit.Request) string) func(m *ratelimit.Memory) ratelimit.Store {
	return func(m *ratelimit.Memory) ratelimit.Store {
		return takeFunc(func(ctx context.Context, reqs []ratelimit.Request, out []ratelimit.Decision) error {
			reqs = slices.Clone(reqs)
			for i := range reqs {
				reqs[i].Key = key(reqs[i])
			}
			return m.Take(ctx, reqs, out)
		})
	}
}

// An amnesiac forgets all keys where it should forget one.
type amnesiac struct{ *ratelimit.Memory }

func (a *amnesiac) Reset(context.Context, string, string) error {
	a.Memory = new(ratelimit.Memory)
	return nil
}

func TestBrokenStoresFail(t *testing.T) {
	type decisions = []ratelimit.Decision
	type requests = []ratelimit.Request
	tests := []struct {
		name   string
		breaks func(m *ratelimit.Memory) ratelimit.Store
		fails  string // a check that must notice, among others
	}{
		{"admits everything", func(*ratelimit.Memory) ratelimit.Store {
			return takeFunc(func(_ context.Context, reqs requests, out decisions) error {
				for i := range reqs {
					out[i] = ratelimit.Decision{OK: true, Limit: reqs[i].Rate.Burst, Remaining: 1}
				}
				return nil
			})
		}, "admits the burst and no more"},
		{"admits one too many", func(m *ratelimit.Memory) ratelimit.Store {
			return takeFunc(func(ctx context.Context, reqs requests, out decisions) error {
				err := m.Take(ctx, reqs, out)
				for i := range reqs {
					out[i].OK = out[i].OK || out[i].Remaining == 0 && len(reqs) == 1 && reqs[i].Rate.Events == 100
				}
				return err
			})
		}, "admits exactly among many callers"},
		{"one by one", func(m *ratelimit.Memory) ratelimit.Store {
			return takeFunc(func(ctx context.Context, reqs requests, out decisions) error {
				for i := range reqs {
					if err := m.Take(ctx, reqs[i:i+1], out[i:]); err != nil {
						return err
					}
				}
				return nil
			})
		}, "spends all limits or none"},
		{"charges one of two now and then", func(m *ratelimit.Memory) ratelimit.Store {
			var calls atomic.Int64
			return takeFunc(func(ctx context.Context, reqs requests, out decisions) error {
				err := m.Take(ctx, reqs, out)
				if len(reqs) == 2 && calls.Add(1)%50 == 0 {
					var d [1]ratelimit.Decision
					err = errors.Join(err, m.Take(ctx, reqs[:1], d[:]))
				}
				return err
			})
		}, "spends all or none among many callers"},
		{"charges who only asks", func(m *ratelimit.Memory) ratelimit.Store {
			return takeFunc(func(ctx context.Context, reqs requests, out decisions) error {
				more := append(requests(nil), reqs...)
				for i := range more {
					if more[i].N == 0 && more[i].Rate.Events > 0 {
						more[i].N = 1
					}
				}
				return m.Take(ctx, more, out)
			})
		}, "asks without spending"},
		{"one bucket for all names", func(m *ratelimit.Memory) ratelimit.Store {
			return takeFunc(func(ctx context.Context, reqs requests, out decisions) error {
				same := append(requests(nil), reqs...)
				for i := range same {
					same[i].Name = ""
				}
				return m.Take(ctx, same, out)
			})
		}, "tells keys and names apart"},
		{"one case for all keys", keyed(func(r ratelimit.Request) string { return strings.ToLower(r.Key) }), "tells keys and names apart"},
		{"keys without the spaces at their end", keyed(func(r ratelimit.Request) string { return strings.TrimRight(r.Key, " ") }), "tells keys and names apart"},
		{"a bucket for each rate", keyed(func(r ratelimit.Request) string { return r.Key + r.Rate.String() }), "keeps what a key owes when its rate changes"},
		{"resets everybody", func(*ratelimit.Memory) ratelimit.Store { return &amnesiac{Memory: new(ratelimit.Memory)} }, "resets one key"},
		{"writes into the requests", func(m *ratelimit.Memory) ratelimit.Store {
			return takeFunc(func(ctx context.Context, reqs requests, out decisions) error {
				for i := range reqs {
					reqs[i].Rate.Burst = reqs[i].Rate.Events
				}
				return m.Take(ctx, reqs, out)
			})
		}, "leaves the requests alone"},
		{"refuses a cost too large without an error", func(m *ratelimit.Memory) ratelimit.Store {
			return takeFunc(func(ctx context.Context, reqs requests, out decisions) error {
				if err := m.Take(ctx, reqs, out); !errors.Is(err, ratelimit.ErrOversize) {
					return err
				}
				return nil
			})
		}, "refuses what can never fit"},
		{"takes negative costs", func(m *ratelimit.Memory) ratelimit.Store {
			return takeFunc(func(ctx context.Context, reqs requests, out decisions) error {
				if err := m.Take(ctx, reqs, out); !errors.Is(err, ratelimit.ErrInvalid) {
					return err
				}
				return nil
			})
		}, "refuses what has no meaning"},
		{"forgets to say when", func(m *ratelimit.Memory) ratelimit.Store {
			return takeFunc(func(ctx context.Context, reqs requests, out decisions) error {
				err := m.Take(ctx, reqs, out)
				for i := range reqs {
					out[i].RetryAfter = 0
				}
				return err
			})
		}, "tells when the cost will fit"},
		{"never refills", func(m *ratelimit.Memory) ratelimit.Store {
			return takeFunc(func(ctx context.Context, reqs requests, out decisions) error {
				slow := append(requests(nil), reqs...)
				for i := range slow {
					if slow[i].Rate.Per < 1000*1000*1000 && slow[i].Rate.Per > 0 {
						slow[i].Rate.Per *= 1_000_000
					}
				}
				return m.Take(ctx, slow, out)
			})
		}, "refills"},
		{"takes the burst for the rate", func(m *ratelimit.Memory) ratelimit.Store {
			return takeFunc(func(ctx context.Context, reqs requests, out decisions) error {
				plain := append(requests(nil), reqs...)
				for i := range plain {
					if plain[i].Rate.Burst > 0 {
						plain[i].Rate.Burst = 0
					}
				}
				return m.Take(ctx, plain, out)
			})
		}, "keeps a burst that is not the rate"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			assert.Contains(t, failures(func() ratelimit.Store { return tt.breaks(new(ratelimit.Memory)) }), tt.fails)
		})
	}
	t.Run("a good one does not", func(t *testing.T) {
		assert.Empty(t, failures(func() ratelimit.Store { return new(ratelimit.Memory) }))
	})
}
