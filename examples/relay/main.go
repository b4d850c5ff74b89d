// Relay is the durable form of receiver: it has the same flags, and what it has
// accepted is on disk before it answers.
//
//	go run ./examples/relay -token-file token -endpoints endpoints.json -data /var/lib/relay
//	go run ./examples/relay -token-file token -endpoints endpoints.json -nats nats://127.0.0.1:4222
//
// With -data it keeps its queue in a directory of one machine, with -nats in a
// NATS cluster that any number of relays share. An endpoint may ask for another
// format than what came ("format": alertmanager, nightingale, slack or raw) and
// for a rate ("endpoint": {"rate": …}).
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"net/url"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/alertwire/alertwire/callback/dispatch"
	"github.com/alertwire/alertwire/callback/dispatch/dispatchnats"
	"github.com/alertwire/alertwire/callback/dispatch/dispatchnats/embedded"
	"github.com/alertwire/alertwire/examples/internal/intake"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	os.Exit(run(ctx, os.Args[1:], os.Stderr))
}

func run(ctx context.Context, args []string, stderr io.Writer) int {
	var e engine
	return intake.Program{
		Name: "relay",
		About: `Relay takes the webhooks of systems that alert in, and calls back endpoints for them, from a queue on disk.

  relay -token-file FILE -endpoints FILE -data DIR [flags]
  relay -token-file FILE -endpoints FILE -nats URL [flags]

POST /webhook answers 200 once the alert is on disk, and 503 while it cannot be. What waits survives restarts and
crashes; delivery is at least once, and the header webhook-id tells a repeat.
`,
		Flags: e.flags,
		Check: e.check,
		Open:  e.open,
		Keeps: true,
	}.Run(ctx, args, stderr)
}

// An engine is where the queue is.
type engine struct {
	data, nats, prefix, socket string
	replicas                   int
}

func (e *engine) flags(fs *flag.FlagSet) {
	fs.StringVar(&e.data, "data", "", "`directory` for the queue, on this machine; one relay at a time")
	fs.StringVar(&e.nats, "nats", "", "`URL` of a NATS 2.12+ cluster with JetStream, instead of -data")
	fs.StringVar(&e.prefix, "prefix", "", "beginning of the `names` of our streams in NATS")
	fs.StringVar(&e.socket, "socket", "relay.sock", "Unix `socket` for outbox, in the directory of -data; \"\" for none")
	fs.IntVar(&e.replicas, "replicas", 0, "`number` of servers of the cluster that keep each message; 3 survive the loss of one")
}

func (e *engine) check() error {
	switch {
	case (e.data == "") == (e.nats == ""):
		return errors.New("one of -data and -nats is needed")
	case e.data != "" && e.replicas != 0:
		return errors.New("-replicas is for -nats")
	}
	return nil
}

func (e *engine) open(ctx context.Context, log *slog.Logger, outcome func(dispatch.Outcome)) (dispatch.Dispatcher, error) {
	o := dispatchnats.Options{Prefix: e.prefix, Replicas: e.replicas, Observe: outcome, Logger: log}
	if e.data != "" {
		d, err := openDir(ctx, e.data, embedded.Options{Engine: o, Logger: log, Socket: e.socket})
		if errors.Is(err, embedded.ErrSocket) {
			return nil, fmt.Errorf("-socket: %w", err)
		}
		if err != nil {
			return nil, fmt.Errorf("-data: %w", err)
		}
		return d, nil
	}
	nc, err := nats.Connect(e.nats, nats.Name("relay"), nats.MaxReconnects(-1), nats.RetryOnFailedConnect(true),
		nats.DisconnectErrHandler(func(_ *nats.Conn, err error) {
			if err != nil { // nil: we have closed it
				log.Warn("NATS is away: alerts are refused until it is back", slog.Any("error", err))
			}
		}),
		nats.ReconnectHandler(func(*nats.Conn) { log.Info("NATS is back") }))
	var bad *url.Error
	if errors.As(err, &bad) {
		err = errors.New("not a URL") // what is wrong with it may be a part of the password
	}
	if err != nil {
		return nil, fmt.Errorf("-nats: %w", err)
	}
	if !nc.IsConnected() {
		log.Warn("NATS is not there: waiting for it")
	}
	d, err := dispatchnats.Open(ctx, nc, o)
	if err != nil {
		nc.Close()
		return nil, fmt.Errorf("-nats: %w", err)
	}
	return cluster{d, nc}, nil
}

// openDir opens a store, and waits a moment for an outbox that looks into it.
func openDir(ctx context.Context, dir string, o embedded.Options) (*embedded.Dispatcher, error) {
	for wait := 100 * time.Millisecond; ; wait *= 2 {
		d, err := embedded.Open(ctx, dir, o)
		if !errors.Is(err, embedded.ErrInUse) || wait > 2*time.Second {
			return d, err
		}
		select {
		case <-time.After(wait):
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		}
	}
}

// A cluster closes the connection when the dispatcher is shut down.
type cluster struct {
	*dispatchnats.Dispatcher
	nc *nats.Conn
}

func (c cluster) Shutdown(ctx context.Context) ([]dispatch.Undelivered, error) {
	defer c.nc.Close()
	return c.Dispatcher.Shutdown(ctx)
}
