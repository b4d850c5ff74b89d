package callback

import (
	"context"
	"errors"
	"net"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// admission asks g for a dial in a goroutine, and tells what came of it.
type admission struct {
	conn *gatedConn
	err  error
	took time.Duration
}

const patience = 5 * time.Second

func ask(ctx context.Context, g *gate, v *visit) <-chan admission {
	out := make(chan admission, 1)
	start := time.Now()
	go func() {
		c, err := g.admit(ctx, v, patience)
		if c != nil {
			c.Conn = &net.TCPConn{}
		}
		out <- admission{c, err, time.Since(start)}
	}()
	synctest.Wait()
	return out
}

func pending(out <-chan admission) bool { return len(out) == 0 }

func TestGate(t *testing.T) {
	inBubble := func(name string, f func(t *testing.T, g *gate)) {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { f(t, new(gate)) })
		})
	}
	inBubble("a dial for each call begins at once", func(t *testing.T, g *gate) {
		for range 3 {
			g.enter()
			require.False(t, pending(ask(t.Context(), g, new(visit))))
		}
		assert.Equal(t, 3, g.conns)
	})
	inBubble("a dial beyond the calls waits for another call", func(t *testing.T, g *gate) {
		var one, two visit
		g.enter()
		require.False(t, pending(ask(t.Context(), g, &one)))
		second := ask(t.Context(), g, &two)
		require.True(t, pending(second))
		g.enter()
		synctest.Wait()
		require.False(t, pending(second))
	})
	inBubble("a connection that closes makes room", func(t *testing.T, g *gate) {
		g.enter()
		first := <-ask(t.Context(), g, new(visit))
		second := ask(t.Context(), g, new(visit))
		require.True(t, pending(second))
		first.conn.Close()
		first.conn.Close() // counted once
		synctest.Wait()
		require.False(t, pending(second))
		assert.Equal(t, 1, g.conns)
	})
	inBubble("a dial whose call is over is not needed", func(t *testing.T, g *gate) {
		var one, two visit
		g.enter()
		require.False(t, pending(ask(t.Context(), g, &one)))
		second := ask(t.Context(), g, &two)
		require.True(t, pending(second))
		g.leave(&two, false)
		require.ErrorIs(t, (<-second).err, errNotNeeded)
		late := ask(t.Context(), g, &two)
		require.ErrorIs(t, (<-late).err, errNotNeeded, "nor one that comes after")
		assert.Equal(t, 1, g.conns)
	})
	inBubble("what a failed call dialled does not count", func(t *testing.T, g *gate) {
		var one visit
		g.enter()
		hanging := <-ask(t.Context(), g, &one)
		g.leave(&one, true)
		assert.Zero(t, g.conns)
		g.enter()
		require.False(t, pending(ask(t.Context(), g, new(visit))))
		hanging.conn.Close()
		assert.Equal(t, 1, g.conns, "it had been taken out already")
	})
	inBubble("what a good call dialled counts", func(t *testing.T, g *gate) {
		var one visit
		g.enter()
		<-ask(t.Context(), g, &one)
		g.leave(&one, false)
		g.enter()
		require.True(t, pending(ask(t.Context(), g, new(visit))))
	})
	inBubble("nobody waits for long", func(t *testing.T, g *gate) {
		g.enter()
		<-ask(t.Context(), g, new(visit))
		second := <-ask(t.Context(), g, new(visit))
		require.NoError(t, second.err)
		assert.Equal(t, patience, second.took)
		assert.Equal(t, 2, g.conns)
	})
	inBubble("a context ends the waiting", func(t *testing.T, g *gate) {
		cause := errors.New("enough")
		ctx, cancel := context.WithCancelCause(t.Context())
		g.enter()
		<-ask(t.Context(), g, new(visit))
		second := ask(ctx, g, new(visit))
		cancel(cause)
		require.ErrorIs(t, (<-second).err, cause)
		assert.Equal(t, 1, g.conns)
		assert.Empty(t, g.waiting)
	})
	inBubble("a new transport begins at nothing", func(t *testing.T, g *gate) {
		g.enter()
		old := <-ask(t.Context(), g, new(visit))
		g.reset()
		require.False(t, pending(ask(t.Context(), g, new(visit))))
		old.conn.Close()
		assert.Equal(t, 1, g.conns)
	})
	inBubble("no gate is no obstacle", func(t *testing.T, _ *gate) {
		var g *gate
		g.enter()
		g.leave(new(visit), true)
	})
}

func TestWeakMap(t *testing.T) {
	var m weakMap[string, [1]int]
	made := 0
	create := func() (*[1]int, error) { made++; return &[1]int{made}, nil }
	one, err := m.get("a", create)
	require.NoError(t, err)
	same, err := m.get("a", create)
	require.NoError(t, err)
	assert.Same(t, one, same)
	other, err := m.get("b", create)
	require.NoError(t, err)
	assert.NotSame(t, one, other)
	broken := errors.New("broken")
	_, err = m.get("c", func() (*[1]int, error) { return nil, broken })
	require.ErrorIs(t, err, broken)
	sum := 0
	m.each(func(v *[1]int) { sum += v[0] })
	assert.Equal(t, 3, sum)
	m.forget("a")
	same, err = m.get("a", create)
	require.NoError(t, err)
	assert.Same(t, one, same, "what is held is not forgotten")
	assert.Equal(t, [1]int{2}, *other)
}
