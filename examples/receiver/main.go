// Receiver is the webhook endpoint of the OnCallM document: it takes the alerts
// of Alertmanager in and calls back any number of endpoints for them.
//
//	go run ./examples/receiver -token-file token -endpoints endpoints.json
//
// It is best effort: what it has accepted is delivered as long as the process
// lives, and SIGTERM gives it 20 seconds to deliver what is queued.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"syscall"

	"github.com/alertwire/alertwire/callback/dispatch"
	"github.com/alertwire/alertwire/examples/internal/intake"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	os.Exit(run(ctx, os.Args[1:], os.Stderr))
}

// Exit statuses: 0 after a clean stop, 1 if something was left undelivered or
// the program could not listen, 2 for a mistake in the flags or files.
func run(ctx context.Context, args []string, stderr io.Writer) int {
	fs := flag.NewFlagSet("receiver", flag.ContinueOnError)
	fs.SetOutput(stderr)
	fs.Usage = func() {
		fmt.Fprint(stderr, "Receiver takes the webhooks of Alertmanager in and calls back endpoints for them.\n\n"+
			"  receiver -token-file FILE -endpoints FILE [flags]\n\n")
		fs.PrintDefaults()
	}
	o := intake.Flags(fs)
	if err := fs.Parse(args); errors.Is(err, flag.ErrHelp) {
		return 0
	} else if err != nil {
		return 2
	}
	log := slog.New(slog.NewTextHandler(stderr, nil))

	r, err := build(ctx, fs, o, log)
	if err != nil {
		fmt.Fprintln(stderr, "receiver:", err)
		return 2
	}
	if err := r.Run(ctx, o.Listen); err != nil {
		fmt.Fprintln(stderr, "receiver:", err)
		return 1
	}
	return 0
}

// build checks everything before anything is started.
func build(ctx context.Context, fs *flag.FlagSet, o *intake.Options, log *slog.Logger) (*intake.Receiver, error) {
	if fs.NArg() > 0 {
		return nil, fmt.Errorf("unexpected argument %q", fs.Arg(0))
	}
	if err := o.Complete(); err != nil {
		return nil, err
	}
	endpoints, err := intake.LoadEndpoints(o.Endpoints)
	if err != nil {
		return nil, err
	}
	if len(endpoints) == 0 {
		log.Warn("no endpoints: alerts are accepted and go nowhere; see -endpoints")
	}
	calls, err := dispatch.NewMemory(dispatch.MemoryOptions{Observe: intake.LogOutcome(log)})
	if err != nil {
		return nil, err
	}
	if err := intake.AddEndpoints(ctx, endpoints, calls, log); err != nil {
		return nil, err
	}
	return intake.New(*o, endpoints, calls, log)
}
