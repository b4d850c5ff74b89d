package embedded_test

import (
	"context"
	"fmt"
	"os"

	"github.com/alertwire/alertwire/callback"
	"github.com/alertwire/alertwire/callback/dispatch"
	"github.com/alertwire/alertwire/callback/dispatch/dispatchnats/embedded"
)

// A tool looks at the dead letters of a service that runs, through its socket.
func ExampleAttach() {
	dir, err := os.MkdirTemp("", "queue")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)
	ctx := context.Background()
	options := embedded.Options{Socket: "service.sock"}

	// In the service:
	over := make(chan struct{})
	options.Engine.Observe = func(dispatch.Outcome) { close(over) }
	d, err := embedded.Open(ctx, dir, options)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer d.Shutdown(ctx)
	refuse := callback.CallerFunc(func(context.Context, callback.Message) (callback.Reply, error) {
		return callback.Reply{}, &callback.Error{Class: callback.ClassClient, Status: 404, Reason: callback.ErrRefused}
	})
	if err := d.Add(ctx, "ops", refuse, dispatch.EndpointOptions{}); err != nil {
		fmt.Println(err)
		return
	}
	if err := d.Dispatch(ctx, callback.Message{ID: "m1", Body: []byte("{}")}); err != nil {
		fmt.Println(err)
		return
	}
	<-over

	// In the tool:
	at, err := embedded.Attach(ctx, dir, options)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer at.Close()
	for letter, err := range at.Dead("ops").All(ctx) {
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println(letter.Message.ID, letter.Attempts, letter.History[0].Status)
	}
	// Output:
	// m1 1 404
}
