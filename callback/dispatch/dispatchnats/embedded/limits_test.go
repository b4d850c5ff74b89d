package embedded_test

import (
	"context"
	"fmt"
	"os"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/alertwire/alertwire/callback"
	"github.com/alertwire/alertwire/callback/callbacktest"
	"github.com/alertwire/alertwire/callback/dispatch"
	"github.com/alertwire/alertwire/callback/dispatch/dispatchnats"
	"github.com/alertwire/alertwire/callback/dispatch/dispatchnats/embedded"
)

// TestMoreEndpointsThanAServerAllows has one more than NATS has consumers of a
// stream as it comes.
func TestMoreEndpointsThanAServerAllows(t *testing.T) {
	t.Parallel()
	if os.Getenv("ALERTWIRE_DURABLE") != "full" {
		t.Skip("it takes half a minute: ALERTWIRE_DURABLE is not full")
	}
	const n = 1001
	ctx := t.Context()
	d := open(t, t.TempDir(), quick(dispatchnats.Options{}))
	var got callbacktest.Recorder
	for i := range n {
		require.NoError(t, d.Add(ctx, fmt.Sprint("endpoint ", i), &got, dispatch.EndpointOptions{}))
	}
	require.NoError(t, d.Dispatch(ctx, message("k", 0)), "to all")
	eventually(t, func() bool { return len(got.IDs()) == n }, "%d came", len(got.IDs()))
}

// TestServerThatAllowsNoMoreEndpoints says so, of both kinds of consumers, and
// goes on with those that it has.
func TestServerThatAllowsNoMoreEndpoints(t *testing.T) {
	t.Parallel()
	for _, order := range allOrders {
		t.Run(order.String(), func(t *testing.T) {
			ctx := t.Context()
			n := &node{Name: "alone", Dir: t.TempDir(), Port: freePorts(t, 1)[0], MaxConsumers: 2}
			n.start(t)
			d := peer(t, connect(t, addresses(n)), dispatchnats.Options{})
			var got callbacktest.Recorder
			o := dispatch.EndpointOptions{Order: order}
			require.NoError(t, d.Add(ctx, "one", &got, o))
			require.NoError(t, d.Add(ctx, "two", &got, o))
			err := d.Add(ctx, "three", &got, o)
			require.ErrorIs(t, err, dispatchnats.ErrServer)
			assert.ErrorContains(t, err, `add "three"`)
			assert.ErrorContains(t, err, "maximum consumers")
			require.ErrorIs(t, d.Dispatch(ctx, message("k", 0), "three"), dispatch.ErrUnknown)
			require.NoError(t, d.Add(ctx, "two", &got, o), "one that is there can be changed")
			require.NoError(t, d.Dispatch(ctx, message("k", 0)))
			eventually(t, func() bool { return len(got.IDs()) == 2 }, "they do not work")
			require.NoError(t, d.Remove(ctx, "one"))
			require.NoError(t, d.Add(ctx, "three", &got, o), "there is room again")
		})
	}
}

// TestNamesAndKeysMayBeAnything uses names and keys that mean something to NATS,
// to its protocol, or to a file system.
func TestNamesAndKeysMayBeAnything(t *testing.T) {
	t.Parallel()
	ctx, dir := t.Context(), t.TempDir()
	odd := []string{
		"a.b", "*", ">", "a.*", "$JS.API", " ", "..", "/", "CON", "ops", "Ops", "_6f_70_73", "é", "e\u0301", "警报",
		"\x00", "\xff\xfe", "\r\nNats-Msg-Id: 1", "%41", "-", strings.Repeat("é", 32),
	}
	for _, order := range allOrders {
		t.Run(order.String(), func(t *testing.T) {
			prefix := "p" + order.String()
			d := open(t, dir, quick(dispatchnats.Options{Prefix: prefix}))
			got := make([]callbacktest.Recorder, len(odd))
			keys := append([]string{"", strings.Repeat("k", 20_000)}, odd...)
			for i, name := range odd {
				require.NoError(t, d.Add(ctx, name, &got[i], dispatch.EndpointOptions{Order: order}))
			}
			for i, key := range keys {
				require.NoError(t, d.Dispatch(ctx, callback.Message{ID: fmt.Sprint("m", i), Key: key}))
			}
			for i, name := range odd {
				eventually(t, func() bool { return len(got[i].IDs()) == len(keys) }, "%q got %d", name, len(got[i].IDs()))
				have := map[string]string{}
				for _, m := range got[i].Messages() {
					have[m.ID] = m.Key
				}
				for n, key := range keys {
					assert.Equal(t, key, have[fmt.Sprint("m", n)])
				}
			}
			all, err := d.Stats(ctx)
			require.NoError(t, err)
			var names []string
			for _, s := range all {
				names = append(names, s.Name)
			}
			assert.ElementsMatch(t, odd, names)
			require.ErrorIs(t, d.Dispatch(ctx, callback.Message{Key: strings.Repeat("k", 40_000)}), dispatchnats.ErrTooLarge)
			shut(t, d)
		})
	}
}

// TestNamesThatCannotBe dispatches to names that no endpoint
// can have.
func TestNamesThatCannotBe(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	d := open(t, t.TempDir(), quick(dispatchnats.Options{}))
	for _, name := range []string{"", strings.Repeat("x", 65)} {
		require.ErrorIs(t, d.Dispatch(ctx, message("k", 0), name), dispatch.ErrUnknown)
		require.ErrorIs(t, d.Remove(ctx, name), dispatch.ErrUnknown)
	}
}

// TestPrefixesThatLookAlike has dispatchers on one server whose prefixes begin
// like one another, and names that would complete them.
func TestPrefixesThatLookAlike(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	first := open(t, t.TempDir(), quick(dispatchnats.Options{Prefix: "a"}))
	all := []dispatch.Dispatcher{first}
	for _, prefix := range []string{"a-b", "a_OUT", "aa", "A", "out", "a-out"} {
		all = append(all, peer(t, first.Conn(), dispatchnats.Options{Prefix: prefix}))
	}
	got := make([]callbacktest.Recorder, len(all))
	for i, d := range all {
		require.NoError(t, d.Add(ctx, "b", &got[i], dispatch.EndpointOptions{}))
	}
	for i, d := range all {
		require.NoError(t, d.Dispatch(ctx, message(fmt.Sprint(i), 0)))
	}
	for i := range all {
		eventually(t, func() bool { return len(got[i].IDs()) > 0 }, "it did not come")
		assert.Equal(t, []string{fmt.Sprint(i, "-0")}, got[i].IDs())
	}
	for _, prefix := range []string{"a.b", "a b", "a*", ">", "é", "a\x00", "a/b", strings.Repeat("a", 33)} {
		_, err := dispatchnats.Open(ctx, first.Conn(), dispatchnats.Options{Prefix: prefix})
		assert.ErrorContains(t, err, "prefix", prefix)
	}
	peer(t, first.Conn(), dispatchnats.Options{Prefix: strings.Repeat("a", 32)})
}

// TestAddTheSameAtOnce adds one endpoint many times at once: one of them holds.
func TestAddTheSameAtOnce(t *testing.T) {
	t.Parallel()
	for _, order := range allOrders {
		t.Run(order.String(), func(t *testing.T) {
			ctx := t.Context()
			d := open(t, t.TempDir(), quick(dispatchnats.Options{}))
			var got callbacktest.Recorder
			var wg sync.WaitGroup
			for range 8 {
				wg.Go(func() {
					assert.NoError(t, d.Add(ctx, "ops", &got, dispatch.EndpointOptions{Order: order}))
				})
			}
			wg.Wait()
			require.NoError(t, d.Dispatch(ctx, message("k", 0)))
			eventually(t, func() bool { return stats(t, d, "ops").Delivered == 1 }, "it did not come")
			assert.Len(t, got.IDs(), 1)
		})
	}
}

// TestEndedContext calls everything with a context that has ended: it says so,
// and nothing is left behind. Only Remove goes through with what it has begun.
func TestEndedContext(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := embedded.Open(ended, dir, quick(dispatchnats.Options{}))
	require.ErrorIs(t, err, context.Canceled)
	d := open(t, dir, quick(dispatchnats.Options{}))
	_, err = dispatchnats.Open(ended, d.Conn(), dispatchnats.Options{})
	require.ErrorIs(t, err, context.Canceled)
	var got callbacktest.Recorder
	require.ErrorIs(t, d.Add(ended, "ops", &got, dispatch.EndpointOptions{}), context.Canceled)
	require.ErrorIs(t, d.Dispatch(t.Context(), message("k", 0), "ops"), dispatch.ErrUnknown, "it was not added")
	require.NoError(t, d.Add(t.Context(), "ops", &got, dispatch.EndpointOptions{}))
	require.ErrorIs(t, d.Dispatch(ended, message("k", 0)), context.Canceled)
	_, err = d.Stats(ended)
	require.ErrorIs(t, err, context.Canceled)
	_, err = d.Queues(ended)
	require.ErrorIs(t, err, context.Canceled)
	_, err = d.Dead("ops").Get(ended, 1)
	require.ErrorIs(t, err, context.Canceled)
	_, err = d.Dead("ops").ReplayAll(ended)
	require.ErrorIs(t, err, context.Canceled)
	for _, err := range d.Dead("ops").All(ended) {
		require.ErrorIs(t, err, context.Canceled)
	}
	require.NoError(t, d.Dispatch(t.Context(), message("k", 1)))
	eventually(t, func() bool { return len(got.IDs()) == 1 }, "it does not work")
	_ = d.Remove(ended, "ops") // an error if the call is not quite over
	require.ErrorIs(t, d.Dispatch(t.Context(), message("k", 2), "ops"), dispatch.ErrUnknown)
}
