package dispatchnats_test

import (
	"context"
	"fmt"
	"log"
	"net/http"
	"os/signal"
	"syscall"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/alertwire/alertwire/callback"
	"github.com/alertwire/alertwire/callback/dispatch"
	"github.com/alertwire/alertwire/callback/dispatch/dispatchnats"
)

// A service that shares its queue with its replicas, through a NATS cluster. The
// examples of package embedded run without one.
func ExampleOpen() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	nc, err := nats.Connect("nats://nats-1:4222,nats://nats-2:4222,nats://nats-3:4222", nats.MaxReconnects(-1))
	if err != nil {
		log.Fatal(err)
	}
	defer nc.Close()
	d, err := dispatchnats.Open(ctx, nc, dispatchnats.Options{Prefix: "alerts", Replicas: 3})
	if err != nil {
		log.Fatal(err)
	}
	pager, err := callback.New(callback.Config{URL: "https://pager.example.com/hook"}, callback.Options{})
	if err != nil {
		log.Fatal(err)
	}
	err = d.Add(ctx, "pager", pager, dispatch.EndpointOptions{Concurrency: 8, Order: dispatch.Latest})
	if err != nil {
		log.Fatal(err)
	}
	http.HandleFunc("POST /alerts", func(w http.ResponseWriter, r *http.Request) {
		msg, err := callback.NewMessage(map[string]string{"alert": "HighCPU", "status": "firing"})
		if err == nil {
			msg.Key = "HighCPU"
			err = d.Dispatch(r.Context(), msg) // returns once a quorum has it
		}
		if err != nil {
			w.WriteHeader(http.StatusServiceUnavailable) // the sender tries again
		}
	})
	go func() { log.Print(http.ListenAndServe("127.0.0.1:8001", nil)) }()

	<-ctx.Done()
	within, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	if _, err := d.Shutdown(within); err != nil {
		log.Print(err) // what was cut off stays in the queue
	}
}

// Replay what an endpoint has refused while it was broken.
func ExampleDispatcher_Dead() {
	ctx := context.Background()
	var d *dispatchnats.Dispatcher // of Open
	for letter, err := range d.Dead("pager").All(ctx) {
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(letter.ID, letter.Message.Key, letter.Reason, letter.Attempts)
	}
	n, err := d.Dead("pager").ReplayAll(ctx)
	fmt.Println(n, err)
}
