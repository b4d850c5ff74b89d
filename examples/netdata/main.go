// Netdata receives the webhook notifications of Netdata Cloud.
//
//	go run ./examples/netdata -token-file token -challenge-secret-file secret
//
// It proves that the URL is ours when Netdata asks (CRC), shows the token of the
// test notification, and demands a bearer token, a password or Netdata's client
// certificate: in its own TLS (-tls-cert, -client-ca), or as nginx passes it on
// (-client-ca, -proxies).
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
	"syscall"
	"time"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	os.Exit(run(ctx, os.Args[1:], os.Stdout, os.Stderr))
}

// run returns 0 after a clean stop, 1 if the program could not listen, and 2 for
// a mistake in the flags or files, with nothing started.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	fs := flag.NewFlagSet("netdata", flag.ContinueOnError)
	fs.SetOutput(stderr)
	fs.Usage = func() {
		fmt.Fprint(stderr, "Netdata receives notifications of Netdata Cloud at POST /netdata and prints them.\n\n"+
			"  netdata -token-file FILE -challenge-secret-file FILE [flags]\n\n")
		fs.PrintDefaults()
	}
	var f flags
	f.add(fs)
	if err := fs.Parse(args); errors.Is(err, flag.ErrHelp) {
		return 0
	} else if err != nil {
		return 2
	}
	log := slog.New(slog.NewTextHandler(stderr, nil))
	o, err := f.options()
	if err == nil && fs.NArg() > 0 {
		err = fmt.Errorf("unexpected argument %q", fs.Arg(0))
	}
	var h http.Handler
	if err == nil {
		h, err = (&receiver{stdout, log}).handler(o)
	}
	if err != nil {
		fmt.Fprintln(stderr, "netdata:", err)
		return 2
	}
	if err := serve(ctx, f.listen, h, o, log); err != nil {
		fmt.Fprintln(stderr, "netdata:", err)
		return 1
	}
	return 0
}

func serve(ctx context.Context, listen string, h http.Handler, o options, log *slog.Logger) error {
	l, err := new(net.ListenConfig).Listen(ctx, "tcp", listen)
	if err != nil {
		return err
	}
	srv := &http.Server{Handler: h, TLSConfig: o.tls, ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 30 * time.Second}
	ended := make(chan error, 1)
	go func() {
		if o.tls != nil {
			ended <- srv.ServeTLS(l, "", "")
			return
		}
		ended <- srv.Serve(l)
	}()
	log.Info("listening", slog.String("address", l.Addr().String()), slog.Bool("tls", o.tls != nil))
	select {
	case err := <-ended:
		return err
	case <-ctx.Done():
		stop, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
		defer cancel()
		return srv.Shutdown(stop)
	}
}
