package dispatch_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/alertwire/alertwire/callback"
	"github.com/alertwire/alertwire/callback/dispatch"
)

// faulty answers at random, in every way there is.
func faulty(ctx context.Context, _ callback.Message) (callback.Reply, error) {
	switch rand.IntN(12) {
	case 0:
		return callback.Reply{}, errPasses
	case 1:
		return callback.Reply{}, errFinal
	case 2:
		return callback.Reply{}, errPlain
	case 3:
		panic("at random")
	case 4:
		return callback.Reply{}, &callback.Error{
			Class: callback.ClassThrottled, Status: 429, Reason: callback.ErrGaveUp,
			RetryAfter: time.Duration(rand.IntN(3)) * time.Millisecond,
		}
	case 5:
		return callback.Reply{}, &callback.Error{Class: callback.ClassOpen, Reason: callback.ErrOpen}
	case 6:
		select {
		case <-time.After(time.Duration(rand.IntN(5)) * time.Millisecond):
		case <-ctx.Done():
			return callback.Reply{}, ctx.Err()
		}
	case 7:
		if rand.IntN(500) == 0 {
			return callback.Reply{}, errGone
		}
	}
	return callback.Reply{Status: 200}, nil
}

// Whatever happens, at every moment and for every endpoint: accepted = delivered
// + failed + dropped + returned + queued + in flight; every accepted message has
// exactly one outcome; and in the end no goroutine is left.
func TestTheNumbersAddUpUnderRandomFaults(t *testing.T) {
	before := runtime.NumGoroutine()
	var mu sync.Mutex
	outcomes := map[string]int{} // by endpoint and message
	results := map[string]map[dispatch.Result]uint64{}
	d, err := dispatch.NewMemory(dispatch.MemoryOptions{Observe: func(o dispatch.Outcome) {
		mu.Lock()
		defer mu.Unlock()
		outcomes[o.Endpoint+" "+o.Message.ID]++
		if results[o.Endpoint] == nil {
			results[o.Endpoint] = map[dispatch.Result]uint64{}
		}
		results[o.Endpoint][o.Result]++
	}})
	require.NoError(t, err)

	const endpoints = 12
	options := func(i int) dispatch.EndpointOptions {
		return dispatch.EndpointOptions{
			Concurrency: 1 + i%4, Queue: 20 + i, Order: dispatch.Order(i % 3), Full: dispatch.Full(i % 2),
			Retry:   callback.RetryPolicy{Base: time.Millisecond, Cap: 5 * time.Millisecond, Elapsed: time.Duration(i%2) * 20 * time.Millisecond},
			Breaker: callback.BreakerPolicy{Failures: 4, Cooldown: 2 * time.Millisecond, Off: i%5 == 0},
			Rate:    []dispatch.Rate{{}, {Events: 5000, Per: time.Second, Burst: 10}}[i%2],
		}
	}
	name := func(i int) string { return fmt.Sprint("endpoint ", i) }
	for i := range endpoints {
		require.NoError(t, d.Add(t.Context(), name(i), callback.CallerFunc(faulty), options(i)))
	}

	var accepted [endpoints]atomic.Uint64
	stop := make(chan struct{})
	var wg sync.WaitGroup
	for w := range 4 {
		wg.Go(func() {
			for n := 0; ; n++ {
				select {
				case <-stop:
					return
				default:
				}
				i := rand.IntN(endpoints)
				m := message(fmt.Sprintf("%d-%d", w, n), fmt.Sprint("key ", rand.IntN(6)))
				err := d.Dispatch(context.Background(), m, name(i))
				switch {
				case err == nil:
					accepted[i].Add(1)
				case errors.Is(err, callback.ErrGone), rand.IntN(100) == 0:
					_ = d.Add(context.Background(), name(i), callback.CallerFunc(faulty), options(rand.IntN(100)))
				default:
					runtime.Gosched()
				}
			}
		})
	}
	wg.Go(func() {
		for {
			all, _ := d.Stats(context.Background())
			for _, s := range all {
				sum := s.Delivered + s.Failed + s.Dropped + s.Returned + uint64(s.Queued) + uint64(s.InFlight)
				if s.Accepted != sum || s.Queued < 0 || s.InFlight < 0 || s.Waiting > s.Queued {
					t.Errorf("does not add up: %+v", s)
				}
			}
			select {
			case <-stop:
				return
			case <-time.After(time.Millisecond):
			}
		}
	})
	<-time.After(time.Second)
	ctx, cancel := context.WithTimeout(context.Background(), 3*time.Millisecond)
	defer cancel()
	rest, _ := d.Shutdown(ctx) // while messages still come
	close(stop)
	wg.Wait()

	returned := map[string]uint64{}
	for _, u := range rest {
		returned[u.Endpoint]++
	}
	all, err := d.Stats(t.Context())
	require.NoError(t, err)
	require.Len(t, all, endpoints)
	total := 0
	for i := range endpoints {
		s := stats(t, d, name(i))
		assert.Equal(t, accepted[i].Load(), s.Accepted)
		assert.Equal(t, returned[s.Name], s.Returned)
		assert.Zero(t, s.Queued+s.InFlight)
		mu.Lock()
		assert.Equal(t, results[s.Name], nonZero(s), s.Name)
		mu.Unlock()
		total += int(s.Accepted)
	}
	assert.Len(t, outcomes, total)
	for id, n := range outcomes {
		if n != 1 {
			t.Errorf("%s has %d outcomes", id, n)
		}
	}
	t.Logf("%d messages, %d handed back", total, len(rest))
	eventually(t, func() bool { return runtime.NumGoroutine() <= before }, "goroutines are left")
}

func nonZero(s dispatch.EndpointStats) map[dispatch.Result]uint64 {
	m := map[dispatch.Result]uint64{
		dispatch.Delivered: s.Delivered, dispatch.Failed: s.Failed,
		dispatch.Dropped: s.Dropped, dispatch.Returned: s.Returned,
	}
	for k, n := range m {
		if n == 0 {
			delete(m, k)
		}
	}
	return m
}

// eventually waits for something that happens elsewhere soon. Unlike
// require.Eventually it needs no goroutine, which would be counted.
func eventually(t testing.TB, ok func() bool, what string) {
	t.Helper()
	for range 20_000 {
		if ok() {
			return
		}
		<-time.After(time.Millisecond)
	}
	require.Fail(t, what)
}
