// Quickstart shows the main job of alertwire in one go: real Alertmanager
// requests come in over HTTP, are checked, and each new alert is carried to
// three endpoints, of which one is healthy, one is overloaded for a while and
// one is down.
//
//	go run ./examples/quickstart
//
// Everything happens on loopback, within seconds, and the program ends by
// itself: with status 0 if the numbers of all packages agree at the end.
package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"time"
)

func main() {
	ctx, cancel := context.WithTimeout(context.Background(), 25*time.Second)
	defer cancel()
	if err := run(ctx, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "quickstart:", err)
		os.Exit(1)
	}
}

// run is the whole story, in the order in which it happens.
func run(ctx context.Context, out io.Writer) error {
	s := newScreen(out)

	// The services that want to be called: services.go.
	services, stop, err := startServices()
	if err != nil {
		return err
	}
	defer stop()

	// The receiver, made of the five packages: receiver.go.
	rcv, err := newReceiver(ctx, services, s)
	if err != nil {
		return err
	}
	url, stopReceiver, err := serve(rcv.handler)
	if err != nil {
		return err
	}
	defer stopReceiver()

	// Requests as Alertmanager 0.34 sent them: replay.go.
	sent, err := replay(ctx, url+"/webhook", s)
	if err != nil {
		return err
	}

	// What was accepted is being delivered meanwhile. Shutdown waits for the rest.
	left, err := rcv.calls.Shutdown(ctx)
	if err != nil {
		return fmt.Errorf("%d callbacks were left: %w", len(left), err)
	}

	// The numbers: report.go.
	return report(ctx, rcv, sent, s)
}
