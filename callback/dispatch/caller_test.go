package dispatch_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/alertwire/alertwire/callback"
	"github.com/alertwire/alertwire/callback/callbacktest"
	"github.com/alertwire/alertwire/callback/dispatch"
)

func ExampleNewMemory() {
	var receiver callbacktest.Recorder // stands for a webhook
	ctx := context.Background()

	d, err := dispatch.NewMemory(dispatch.MemoryOptions{})
	if err != nil {
		fmt.Println(err)
		return
	}
	err = d.Add(ctx, "ops", &receiver, dispatch.EndpointOptions{Order: dispatch.Strict})
	fmt.Println(err)

	fmt.Println(d.Dispatch(ctx, callback.Message{ID: "msg_1", Key: "cpu"}))
	undelivered, err := d.Shutdown(ctx)
	fmt.Println(len(undelivered), err, receiver.IDs())

	stats, err := d.Stats(ctx)
	fmt.Println(stats[0].Name, stats[0].Accepted, stats[0].Delivered, err)
	// Output:
	// <nil>
	// <nil>
	// 0 <nil> [msg_1]
	// ops 1 1 <nil>
}

func ExampleCaller() {
	var receiver callbacktest.Recorder // stands for a webhook
	ctx := context.Background()
	d, _ := dispatch.NewMemory(dispatch.MemoryOptions{})
	_ = d.Add(ctx, "ops", &receiver, dispatch.EndpointOptions{})

	notify := callback.Notifier[string](dispatch.Caller(d, "ops"), nil) // returns at once
	event, err := notify(ctx, "CPU is hot")
	fmt.Println(event, err)

	_, _ = d.Shutdown(ctx)
	fmt.Println(string(receiver.Messages()[0].Body))
	// Output:
	// CPU is hot <nil>
	// "CPU is hot"
}

func TestCallerTellsWhoRefused(t *testing.T) {
	d := newMemory(t, dispatch.MemoryOptions{})
	_, err := dispatch.Caller(d, "nobody").Call(t.Context(), message("msg_1", ""))
	require.ErrorIs(t, err, callback.ErrDropped)
	require.ErrorIs(t, err, dispatch.ErrUnknown)
	var e *callback.Error
	require.ErrorAs(t, err, &e)
	assert.Equal(t, callback.ClassDropped, e.Class)
	assert.Equal(t, "msg_1", e.MessageID)
}

func TestCallerHeedsTheContext(t *testing.T) {
	d := newMemory(t, dispatch.MemoryOptions{})
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := dispatch.Caller(d).Call(ctx, message("msg_1", ""))
	require.ErrorIs(t, err, context.Canceled)
	assert.NotErrorIs(t, err, callback.ErrDropped)
}
