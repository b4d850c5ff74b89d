package embedded_test

import (
	"context"
	"fmt"
	"os"

	"github.com/alertwire/alertwire/callback"
	"github.com/alertwire/alertwire/callback/callbacktest"
	"github.com/alertwire/alertwire/callback/dispatch"
	"github.com/alertwire/alertwire/callback/dispatch/dispatchnats"
	"github.com/alertwire/alertwire/callback/dispatch/dispatchnats/embedded"
)

// What Dispatch has accepted lies on disk, so that the next process delivers
// what this one could not.
func ExampleOpen() {
	dir, err := os.MkdirTemp("", "queue")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)
	ctx := context.Background()
	delivered := make(chan struct{})
	ops := callback.CallerFunc(func(_ context.Context, m callback.Message) (callback.Reply, error) {
		fmt.Println("called with", string(m.Body)) // in a program: a webhook of callback.New
		close(delivered)
		return callback.Reply{Status: 200}, nil
	})

	d, err := embedded.Open(ctx, dir, embedded.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	if err := d.Add(ctx, "ops", ops, dispatch.EndpointOptions{}); err != nil {
		fmt.Println(err)
		return
	}
	msg, err := callback.NewMessage(map[string]string{"alert": "HighCPU"})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println("stored:", d.Dispatch(ctx, msg) == nil)
	<-delivered
	_, err = d.Shutdown(ctx)
	fmt.Println("closed:", err == nil)
	// Unordered output:
	// called with {"alert":"HighCPU"}
	// stored: true
	// closed: true
}

// What an endpoint has refused for good is kept, with its history, until
// somebody replays or drops it.
func ExampleOpen_deadLetters() {
	dir, err := os.MkdirTemp("", "queue")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)
	ctx := context.Background()
	ends := make(chan dispatch.Outcome)
	d, err := embedded.Open(ctx, dir, embedded.Options{Engine: dispatchnats.Options{
		Observe: func(o dispatch.Outcome) { ends <- o },
	}})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer d.Shutdown(ctx)

	r := &callbacktest.Recorder{Answer: callbacktest.Fail(callbacktest.Failure(404), nil)} // broken, and then repaired
	if err := d.Add(ctx, "ops", r, dispatch.EndpointOptions{}); err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println("stored:", d.Dispatch(ctx, callback.Message{ID: "msg_1", Body: []byte(`{"alert":"HighCPU"}`)}) == nil)
	fmt.Println((<-ends).Result)
	for letter, err := range d.Dead("ops").All(ctx) {
		fmt.Println(letter.Message.ID, letter.Attempts, letter.History[0].Status, err)
	}
	n, err := d.Dead("ops").ReplayAll(ctx)
	fmt.Println("replayed:", n, err)
	fmt.Println((<-ends).Result)
	// Output:
	// stored: true
	// failed
	// msg_1 1 404 <nil>
	// replayed: 1 <nil>
	// delivered
}
