// Flashduty receives the pushes of a Flashduty incident webhook, alert webhook
// or custom action.
//
//	go run ./examples/flashduty -secret-file secret
//
// It shows the three things that a receiver of Flashduty needs: the answer comes
// at once, whatever the work takes, because Flashduty waits for a second; a push
// that comes twice is worked on once; and one that was overtaken by a newer push
// about the same incident is dropped, since each push has the full state.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/signal"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/alertwire/alertwire/auth"
	"github.com/alertwire/alertwire/payload"
	"github.com/alertwire/alertwire/payload/flashduty"
	"github.com/alertwire/alertwire/ratelimit"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	os.Exit(run(ctx, os.Args[1:], os.Stdout, os.Stderr))
}

// run returns 0 after a clean stop, 1 if the program could not listen, and 2 for
// a mistake in the flags or files, with nothing started.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	fs := flag.NewFlagSet("flashduty", flag.ContinueOnError)
	fs.SetOutput(stderr)
	fs.Usage = func() {
		fmt.Fprint(stderr, "Flashduty receives pushes at POST /flashduty and prints what is new in them.\n\n  flashduty -secret-file FILE [flags]\n\n")
		fs.PrintDefaults()
	}
	listen := fs.String("listen", "127.0.0.1:8002", "`address` to listen on")
	header := fs.String("header", "X-Flashduty-Secret", "`name` of the static header that is set in Flashduty")
	secretFile := fs.String("secret-file", "", "`file` with the value of that header: Flashduty signs nothing")
	workers := fs.Int("workers", 4, "how many pushes are worked on at a time")
	queue := fs.Int("queue", 10_000, "how many pushes may wait; beyond that the answer is 503")
	if err := fs.Parse(args); errors.Is(err, flag.ErrHelp) {
		return 0
	} else if err != nil {
		return 2
	}
	log := slog.New(slog.NewTextHandler(stderr, nil))

	secret, err := readSecret(*secretFile)
	switch {
	case fs.NArg() > 0:
		err = fmt.Errorf("unexpected argument %q", fs.Arg(0))
	case *workers < 1:
		err = errors.New("-workers: must be more than zero")
	case *queue < 1:
		err = errors.New("-queue: must be more than zero")
	}
	if err != nil {
		fmt.Fprintln(stderr, "flashduty:", err)
		return 2
	}
	r, err := newReceiver(*header, secret, *queue, func(_ context.Context, p *flashduty.Push) {
		fmt.Fprintln(stdout, describe(p))
	}, log)
	if err != nil {
		fmt.Fprintln(stderr, "flashduty:", err)
		return 2
	}
	if err := r.serve(ctx, *listen, *workers); err != nil {
		fmt.Fprintln(stderr, "flashduty:", err)
		return 1
	}
	return 0
}

func readSecret(file string) (auth.Secret, error) {
	if file == "" {
		return "", errors.New("-secret-file is missing: without it anybody may push")
	}
	data, err := os.ReadFile(file)
	if err != nil {
		return "", fmt.Errorf("-secret-file: %w", err)
	}
	secret := auth.Secret(strings.TrimSpace(string(data)))
	if secret == "" {
		return "", fmt.Errorf("-secret-file: %s is empty", file)
	}
	return secret, nil
}

// describe says in a line what a push is about.
func describe(p *flashduty.Push) string {
	e := p.Events()[0]
	return fmt.Sprintf("%s %s %s %q", e.Time.UTC().Format(time.RFC3339), e.Kind, e.Key, e.Title)
}

// A receiver answers pushes at once and works on them later.
type receiver struct {
	handler http.Handler
	queue   *payload.Queue[*flashduty.Push]
	latest  payload.Latest
	log     *slog.Logger
}

func newReceiver(header string, secret auth.Secret, size int, work func(context.Context, *flashduty.Push), log *slog.Logger) (*receiver, error) {
	key, err := auth.NewHeader(header, secret)
	if err != nil {
		return nil, err
	}
	r := &receiver{log: log}
	r.queue = payload.NewQueue(size, func(ctx context.Context, p *flashduty.Push) {
		// Here and not before it is queued: a push that is refused because the
		// queue is full must not make an older one of the same incident stale.
		if !r.latest.Pass(p.Key(), p.EventTime.Time()) {
			log.Info("overtaken by a newer push", slog.String("key", p.Key()))
			return
		}
		work(ctx, p)
	})
	repeats := &ratelimit.Dedup{Window: 24 * time.Hour}
	h := payload.Handler(flashduty.Decode, r.queue.Accept, payload.HandlerOptions{Once: repeats.Reserve, OnReject: r.rejected})
	mux := http.NewServeMux()
	mux.Handle("/flashduty", auth.Require(key, auth.RequireOptions{OnReject: r.rejected})(h))
	r.handler = mux
	return r, nil
}

func (r *receiver) rejected(req *http.Request, reason error) {
	r.log.Warn("push rejected", slog.String("remote", req.RemoteAddr), slog.Any("reason", reason))
}

// serve answers until ctx ends, and then works off what waits.
func (r *receiver) serve(ctx context.Context, listen string, workers int) error {
	l, err := new(net.ListenConfig).Listen(ctx, "tcp", listen)
	if err != nil {
		return err
	}
	var wg sync.WaitGroup
	for range workers {
		wg.Go(func() { _ = r.queue.Run(context.WithoutCancel(ctx)) }) // ends when the queue is closed and empty
	}
	srv := &http.Server{Handler: r.handler, ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 30 * time.Second}
	ended := make(chan error, 1)
	go func() { ended <- srv.Serve(l) }()
	r.log.Info("listening", slog.String("address", l.Addr().String()))

	var broken error
	select {
	case broken = <-ended:
	case <-ctx.Done():
		stop, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
		defer cancel()
		broken = srv.Shutdown(stop)
	}
	r.queue.Close()
	wg.Wait()
	return broken
}
