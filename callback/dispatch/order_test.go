package dispatch_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/alertwire/alertwire/callback"
	"github.com/alertwire/alertwire/callback/dispatch"
)

func send(t *testing.T, d *dispatch.Memory, key string, ids ...string) {
	t.Helper()
	for _, id := range ids {
		require.NoError(t, d.Dispatch(t.Context(), message(id, key)))
	}
}

func drain(t *testing.T, d *dispatch.Memory) {
	t.Helper()
	rest, err := d.Shutdown(t.Context())
	require.NoError(t, err)
	require.Empty(t, rest)
}

func TestOrderStrict(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newMemory(t, dispatch.MemoryOptions{})
		a := log{answer: func(_ context.Context, m callback.Message, n int) error {
			time.Sleep(time.Second)
			switch {
			case m.ID == "1" && n < 3:
				return errPasses
			case m.ID == "2":
				return errFinal
			}
			return nil
		}}
		add(t, d, "a", &a, dispatch.EndpointOptions{Concurrency: 5, Order: dispatch.Strict})
		send(t, d, "k", "1", "2", "3")
		send(t, d, "other", "4")
		send(t, d, "", "5", "6")
		drain(t, d)
		var ofKey []string
		for _, id := range a.seen() {
			if id <= "3" {
				ofKey = append(ofKey, id)
			}
		}
		assert.Equal(t, []string{"1", "1", "1", "2", "3"}, ofKey)
		assert.Equal(t, 4, a.most, "other keys, and messages without one, go on")
	})
}

func TestOrderLatest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var superseded []string
		d := newMemory(t, dispatch.MemoryOptions{Observe: func(o dispatch.Outcome) {
			if errors.Is(o.Err, dispatch.ErrSuperseded) {
				assert.ErrorIs(t, o.Err, callback.ErrDropped)
				superseded = append(superseded, o.Message.ID)
			}
		}})
		answer, release := hold()
		a := log{answer: answer}
		add(t, d, "a", &a, dispatch.EndpointOptions{Concurrency: 3, Order: dispatch.Latest})
		send(t, d, "k", "firing 1")
		synctest.Wait()
		send(t, d, "k", "firing 2", "firing 3", "resolved")
		send(t, d, "", "x")
		synctest.Wait()
		send(t, d, "", "y")
		synctest.Wait()
		assert.Equal(t, []string{"firing 1", "x", "y"}, a.seen(), "the newer waits for the one in flight")
		release()
		drain(t, d)
		assert.Equal(t, []string{"firing 1", "x", "y", "resolved"}, a.seen())
		assert.Equal(t, []string{"firing 2", "firing 3"}, superseded)
		s := stats(t, d, "a")
		assert.Equal(t, uint64(2), s.Superseded)
		assert.Equal(t, uint64(2), s.Dropped)
		assert.Equal(t, uint64(4), s.Delivered)
	})
}

func TestOrderLatestReplacesWhatWaitsForItsNextAttempt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newMemory(t, dispatch.MemoryOptions{})
		a := log{answer: func(_ context.Context, m callback.Message, _ int) error {
			if m.ID == "firing" {
				return errPasses
			}
			return nil
		}}
		add(t, d, "a", &a, dispatch.EndpointOptions{
			Order: dispatch.Latest, Retry: callback.RetryPolicy{Waits: []time.Duration{time.Hour}},
		})
		send(t, d, "k", "firing")
		synctest.Wait()
		assert.Equal(t, 1, stats(t, d, "a").Waiting)
		send(t, d, "k", "resolved")
		synctest.Wait()
		assert.Equal(t, []string{"firing", "resolved"}, a.seen(), "and does not wait in its place")
	})
}

func TestOrderLatestDropsAFailureThatIsOutdated(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newMemory(t, dispatch.MemoryOptions{})
		gate := make(chan error)
		a := log{answer: func(context.Context, callback.Message, int) error { return <-gate }}
		add(t, d, "a", &a, dispatch.EndpointOptions{Order: dispatch.Latest})
		send(t, d, "k", "firing")
		synctest.Wait()
		send(t, d, "k", "resolved")
		gate <- errPasses
		gate <- nil
		drain(t, d)
		assert.Equal(t, []string{"firing", "resolved"}, a.seen())
		assert.Equal(t, uint64(1), stats(t, d, "a").Superseded)
	})
}

func TestOrderLatestTakesNoPlace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newMemory(t, dispatch.MemoryOptions{})
		answer, release := hold()
		a := log{answer: answer}
		add(t, d, "a", &a, dispatch.EndpointOptions{Concurrency: 1, Queue: 1, Order: dispatch.Latest})
		send(t, d, "k", "1")
		synctest.Wait()
		send(t, d, "k", "2", "3") // 3 replaces 2: the queue stays as long as it is
		require.ErrorIs(t, d.Dispatch(t.Context(), message("4", "j")), dispatch.ErrQueueFull)
		release()
		drain(t, d)
		assert.Equal(t, []string{"1", "3"}, a.seen())
	})
}

func TestOrderLatestIsAsOldAsItsMessage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newMemory(t, dispatch.MemoryOptions{})
		answer, release := hold()
		a := log{answer: answer}
		add(t, d, "a", &a, dispatch.EndpointOptions{Concurrency: 1, Queue: 2, Full: dispatch.DropOldest, Order: dispatch.Latest})
		send(t, d, "x", "0")
		synctest.Wait()
		send(t, d, "j", "1")
		send(t, d, "k", "2")
		send(t, d, "j", "3") // replaces 1
		send(t, d, "l", "4") // drops 2, which is older than 3
		release()
		drain(t, d)
		assert.Equal(t, []string{"0", "3", "4"}, a.seen())
	})
}

// Whatever fails, however many workers there are: two messages of one key are
// never in flight together, and under Strict none overtakes.
func TestOrderHoldsUnderRandomFaults(t *testing.T) {
	for _, order := range []dispatch.Order{dispatch.Strict, dispatch.Latest} {
		t.Run(order.String(), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var mu sync.Mutex
				busy, last := map[string]string{}, map[string]string{}
				a := log{answer: func(_ context.Context, m callback.Message, _ int) error {
					mu.Lock()
					assert.Empty(t, busy[m.Key])
					assert.LessOrEqual(t, last[m.Key], m.ID)
					busy[m.Key], last[m.Key] = m.ID, m.ID
					sleep, err := time.Duration(rand.IntN(50))*time.Millisecond, []error{nil, errPasses, errFinal, errPlain}[rand.IntN(4)]
					mu.Unlock()
					time.Sleep(sleep)
					mu.Lock()
					busy[m.Key] = ""
					mu.Unlock()
					return err
				}}
				d := newMemory(t, dispatch.MemoryOptions{})
				add(t, d, "a", &a, dispatch.EndpointOptions{
					Concurrency: 8, Order: order, Queue: 5000,
					Retry:   callback.RetryPolicy{Base: 20 * time.Millisecond},
					Breaker: callback.BreakerPolicy{Failures: 3, Cooldown: 10 * time.Millisecond},
				})
				for i := range 2000 {
					send(t, d, fmt.Sprint("key", i%20), fmt.Sprintf("%05d", i))
					time.Sleep(time.Duration(rand.IntN(2)) * time.Millisecond)
				}
				drain(t, d)
				s := stats(t, d, "a")
				assert.Equal(t, uint64(2000), s.Accepted)
				assert.Zero(t, s.Queued+s.InFlight)
				for key, id := range last {
					assert.GreaterOrEqual(t, id, "01980", "the newest of %s was not tried", key)
				}
			})
		})
	}
}

func TestOrderAndFullAsText(t *testing.T) {
	for text, o := range map[string]dispatch.Order{"none": dispatch.None, "latest": dispatch.Latest, "strict": dispatch.Strict} {
		var got dispatch.Order
		require.NoError(t, json.Unmarshal([]byte(`"`+text+`"`), &got))
		assert.Equal(t, o, got)
		assert.Equal(t, text, got.String())
	}
	for text, f := range map[string]dispatch.Full{"refuse_new": dispatch.RefuseNew, "drop_oldest": dispatch.DropOldest} {
		var got dispatch.Full
		require.NoError(t, json.Unmarshal([]byte(`"`+text+`"`), &got))
		assert.Equal(t, f, got)
		assert.Equal(t, text, got.String())
	}
	var o dispatch.Order
	require.Error(t, o.UnmarshalText([]byte("Strict")))
	require.Error(t, dispatch.EndpointOptions{Order: 7}.Validate())
	require.Error(t, dispatch.EndpointOptions{Full: -1}.Validate())
	assert.Equal(t, "Order(7)", dispatch.Order(7).String())
}
