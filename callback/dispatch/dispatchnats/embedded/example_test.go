package embedded_test

import (
	"context"
	"fmt"
	"os"

	"github.com/alertwire/alertwire/callback"
	"github.com/alertwire/alertwire/callback/dispatch"
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
