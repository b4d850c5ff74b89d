// Netpulse-worker is a worker for network jobs that tells a webhook how each of
// them ended, in the manner of NetPulse:
//
//	go run ./examples/netpulse-worker < jobs.json
//
// It reads a JSON array of jobs, each with NetPulse's WebHook object as it is,
// and runs them against made-up devices. The webhook may name a caller of its
// own: "oneline" sends a line of text.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"strings"
	"syscall"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	os.Exit(run(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}

// run returns 0 if all jobs have succeeded, 1 if one has failed, and 2 for a
// mistake in the flags or jobs, with nothing started.
func run(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	fs := flag.NewFlagSet("netpulse-worker", flag.ContinueOnError)
	fs.SetOutput(stderr)
	fs.Usage = func() {
		fmt.Fprint(stderr, `Netpulse-worker runs the jobs on standard input and tells their webhooks how they ended.

  echo '[{"id":"1","host":"router-1","command":"show version","webhook":{"name":"basic","url":"http://127.0.0.1:8888/webhook"}}]' |
    netpulse-worker

`)
		fs.PrintDefaults()
	}
	workers := fs.Int("workers", 4, "how many jobs are run at a time")
	if err := fs.Parse(args); errors.Is(err, flag.ErrHelp) {
		return 0
	} else if err != nil {
		return 2
	}
	switch {
	case fs.NArg() > 0:
		fmt.Fprintf(stderr, "netpulse-worker: unexpected argument %q: jobs come on standard input\n", fs.Arg(0))
		return 2
	case *workers < 1:
		fmt.Fprintln(stderr, "netpulse-worker: -workers: must be more than zero")
		return 2
	}
	w, err := newWorker(madeUp, slog.New(slog.NewTextHandler(stderr, &slog.HandlerOptions{Level: slog.LevelWarn})))
	if err != nil {
		fmt.Fprintln(stderr, "netpulse-worker:", err)
		return 2
	}
	all, err := readJobs(stdin, w)
	if err != nil {
		fmt.Fprintln(stderr, "netpulse-worker:", err)
		return 2
	}
	failed := w.work(ctx, *workers, all, func(j job, err error) {
		if err != nil {
			fmt.Fprintf(stdout, "%s failed: %v\n", j.ID, err)
			return
		}
		fmt.Fprintf(stdout, "%s completed\n", j.ID)
	})
	if failed > 0 {
		return 1
	}
	return 0
}

// readJobs reads jobs and checks all of them before the first is run.
func readJobs(r io.Reader, w *worker) ([]job, error) {
	var all []job
	dec := json.NewDecoder(r)
	dec.DisallowUnknownFields()
	if err := dec.Decode(&all); errors.Is(err, io.EOF) {
		return nil, errors.New("jobs: nothing on standard input")
	} else if err != nil {
		return nil, fmt.Errorf("jobs: %w", err)
	}
	for _, j := range all {
		if err := w.check(j); err != nil {
			return nil, err
		}
	}
	return all, nil
}

// madeUp is a device that answers everything but "reload".
func madeUp(ctx context.Context, host, command string) (string, error) {
	if err := ctx.Err(); err != nil {
		return "", err
	}
	if strings.HasPrefix(command, "reload") {
		return "", fmt.Errorf("%s refuses to reload", host)
	}
	return fmt.Sprintf("output of %q on %s", command, host), nil
}
