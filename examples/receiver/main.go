// Receiver is the webhook endpoint of the OnCallM document: it takes the alerts
// of Alertmanager and its relatives in, calls back any number of endpoints for
// them, and shows on a page what became of it.
//
//	go run ./examples/receiver -token-file token -endpoints endpoints.json
//
// It is best effort: what it has accepted is delivered as long as the process
// lives, and SIGTERM gives it 20 seconds to deliver what is queued. The program
// relay beside it has the same flags and keeps its queue on disk.
package main

import (
	"context"
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

func run(ctx context.Context, args []string, stderr io.Writer) int {
	return intake.Program{
		Name: "receiver",
		About: `Receiver takes the webhooks of systems that alert in, and calls back endpoints for them.

  receiver -token-file FILE -endpoints FILE [flags]

POST /webhook takes alerts, GET / and /report/… show them, GET /metrics counts them, GET /health is for probes.
Whoever reaches the port can read the pages: keep it on loopback, or put a proxy with a login in front.
`,
		Open: func(_ context.Context, _ *slog.Logger, outcome func(dispatch.Outcome)) (dispatch.Dispatcher, error) {
			return dispatch.NewMemory(dispatch.MemoryOptions{Observe: outcome})
		},
	}.Run(ctx, args, stderr)
}
