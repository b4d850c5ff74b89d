package callbacktest_test

import (
	"context"
	"encoding/json"
	"errors"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/alertwire/alertwire/callback"
	"github.com/alertwire/alertwire/callback/callbacktest"
	"github.com/alertwire/alertwire/callback/dispatch"
)

// A journal is the smallest dispatcher that is durable: one in memory, and a
// file that says what it was given and what has become of it. Each of its flaws
// is one that the suite must find.
type journal struct {
	*dispatch.Memory
	flaw string
	file *os.File
	o    map[string]dispatch.EndpointOptions

	mu    sync.Mutex
	n     int // of the last message
	notes map[string]*note
}

// A note is a line of the file.
type note struct {
	N    int              `json:"n"`
	M    callback.Message `json:"m"`
	Done bool             `json:"done,omitempty"`
	Due  time.Time        `json:"due,omitzero"` // no call before
}

const (
	flawLossy    = "writes down nothing"
	flawHasty    = "forgets for how long to wait"
	flawDisorder = "ignores the order"
	flawRepeats  = "forgets what is done"
	flawBare     = "keeps no headers"
	flawEager    = "takes a call that begins for one that succeeded"
)

// openJournal returns an OpenDispatcher of journals with a flaw, or none.
func openJournal(flaw string) callbacktest.OpenDispatcher {
	return func(t testing.TB, dir string) dispatch.Dispatcher {
		j := &journal{flaw: flaw, notes: map[string]*note{}, o: map[string]dispatch.EndpointOptions{}}
		name := filepath.Join(dir, "journal")
		if data, err := os.ReadFile(name); err == nil {
			dec, whole := json.NewDecoder(bytesReader(data)), int64(0)
			for {
				var n note
				if dec.Decode(&n) != nil { // at the end, or at a line that a kill has cut off
					break
				}
				j.notes[n.M.ID], j.n = &n, max(j.n, n.N)
				whole = dec.InputOffset()
			}
			require.NoError(t, os.Truncate(name, whole)) // else what follows could not be read
		}
		var err error
		j.file, err = os.OpenFile(name, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
		require.NoError(t, err)
		j.Memory, err = dispatch.NewMemory(dispatch.MemoryOptions{Observe: j.observe})
		require.NoError(t, err)
		return j
	}
}

// put writes a note down. The lock is held.
func (j *journal) put(n *note) {
	if j.flaw == flawLossy {
		return
	}
	kept := *n
	if j.flaw == flawBare {
		kept.M.Header = nil
	}
	line, _ := json.Marshal(kept)
	_, _ = j.file.Write(append(line, '\n'))
}

func (j *journal) observe(o dispatch.Outcome) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if n := j.notes[o.Message.ID]; n != nil && o.Result != dispatch.Returned && j.flaw != flawRepeats {
		n.Done = true
		j.put(n)
	}
}

func (j *journal) Add(ctx context.Context, name string, c callback.Caller, o dispatch.EndpointOptions) error {
	if j.flaw == flawDisorder {
		o.Order = dispatch.None
	}
	if err := j.Memory.Add(ctx, name, j.patient(c), o); err != nil {
		return err
	}
	j.mu.Lock()
	old := slices.SortedFunc(maps.Values(j.notes), func(a, b *note) int { return a.N - b.N })
	j.mu.Unlock()
	newest := map[string]int{} // of a key, where no older one may come after it
	for _, n := range old {
		if o.Order == dispatch.Latest {
			newest[n.M.Key] = n.N
		}
	}
	for _, n := range old {
		if !n.Done && n.N >= newest[n.M.Key] {
			if err := j.Memory.Dispatch(ctx, n.M, name); err != nil {
				return err
			}
		}
	}
	return nil
}

func (j *journal) Dispatch(ctx context.Context, m callback.Message, to ...string) error {
	j.mu.Lock()
	j.n++
	n := &note{N: j.n, M: m}
	j.notes[m.ID] = n
	j.put(n)
	j.mu.Unlock()
	return j.Memory.Dispatch(ctx, m, to...)
}

// patient writes down for how long a receiver wants to be left alone, and leaves
// it alone for as long.
func (j *journal) patient(c callback.Caller) callback.Caller {
	return callback.CallerFunc(func(ctx context.Context, m callback.Message) (callback.Reply, error) {
		j.mu.Lock()
		due := j.notes[m.ID].Due
		if j.flaw == flawEager {
			j.notes[m.ID].Done = true
			j.put(j.notes[m.ID])
		}
		j.mu.Unlock()
		if wait := time.Until(due); wait > 0 && j.flaw != flawHasty {
			return callback.Reply{}, &callback.Error{Class: callback.ClassOther, Reason: callback.ErrGaveUp, RetryAfter: wait}
		}
		reply, err := c.Call(ctx, m)
		var e *callback.Error
		if errors.As(err, &e) && e.RetryAfter > 0 {
			j.mu.Lock()
			defer j.mu.Unlock()
			j.notes[m.ID].Due = time.Now().Add(e.RetryAfter)
			j.put(j.notes[m.ID])
		}
		return reply, err
	})
}

func (j *journal) Stats(ctx context.Context) ([]dispatch.EndpointStats, error) {
	return j.Memory.Stats(ctx)
}

// Shutdown keeps what Memory hands back.
func (j *journal) Shutdown(ctx context.Context) ([]dispatch.Undelivered, error) {
	stop, cancel := context.WithCancel(ctx)
	cancel()
	_, err := j.Memory.Shutdown(stop)
	if errors.Is(err, context.Canceled) {
		err = nil
	}
	return nil, errors.Join(err, j.file.Close())
}
