package embedded_test

import (
	"context"
	"fmt"
	"log"
	"os"
	"path/filepath"

	"github.com/alertwire/alertwire/callback"
	"github.com/alertwire/alertwire/callback/dispatch"
	"github.com/alertwire/alertwire/callback/dispatch/dispatchnats"
	"github.com/alertwire/alertwire/callback/dispatch/dispatchnats/embedded"
)

// A second process gives messages to the endpoints of the first, and a tool
// counts what there is. With a connection to servers of NATS it is the same.
func ExampleDial() {
	dir, err := os.MkdirTemp("", "queue")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	ctx := context.Background()

	// In the process that calls the endpoints:
	first, err := embedded.Open(ctx, dir, embedded.Options{Socket: "service.sock"})
	if err != nil {
		log.Fatal(err)
	}
	defer first.Shutdown(ctx)
	called, answer := make(chan string), make(chan struct{})
	ops := callback.CallerFunc(func(_ context.Context, m callback.Message) (callback.Reply, error) {
		called <- m.ID
		<-answer
		return callback.Reply{Status: 200}, nil
	})
	if err := first.Add(ctx, "ops", ops, dispatch.EndpointOptions{}); err != nil {
		log.Fatal(err)
	}

	// In the second process:
	nc, err := embedded.Dial(filepath.Join(dir, "service.sock"))
	if err != nil {
		log.Fatal(err)
	}
	defer nc.Close()
	second, err := dispatchnats.Open(ctx, nc, dispatchnats.Options{})
	if err != nil {
		log.Fatal(err)
	}
	defer second.Shutdown(ctx)
	fmt.Println("stored:", second.Dispatch(ctx, callback.Message{ID: "m1", Body: []byte("{}")}, "ops") == nil)
	fmt.Println("called with", <-called)

	// In the tool, which delivers nothing:
	tool, err := dispatchnats.Attach(ctx, nc, dispatchnats.Options{})
	if err != nil {
		log.Fatal(err)
	}
	queues, err := tool.Queues(ctx)
	for _, q := range queues {
		fmt.Println(q.Endpoint, "waits:", q.Waiting, "in hand:", q.InHand, err)
	}
	close(answer)
	// Output:
	// stored: true
	// called with m1
	// ops waits: 0 in hand: 1 <nil>
}
