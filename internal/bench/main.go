// Bench compares alertwire with its peers: the same work, one after the other
// in each round of one run, as process CPU time.
//
//	go run ./internal/bench                    # everything, a quarter of an hour
//	go run ./internal/bench -quick             # a first impression, two minutes at most
//	go run ./internal/bench -only send,sign    # some of it
//
// Each peer is used the way its README says. What counts are the ratios: they
// are taken round by round, and their spread stands beside them. Absolute times
// differ from machine to machine and from hour to hour.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"runtime"
	"slices"
	"strings"
	"time"
)

// groups are what can be asked for with -only.
var groups = []struct {
	name string
	make func(ctx context.Context, quick bool) ([]group, error)
}{
	{"send", sendGroups},
	{"fanout", fanoutGroups},
	{"json", jsonGroups},
	{"sign", signGroups},
	{"limit", limitGroups},
	{"redis", redisGroups},
}

func main() {
	if len(os.Args) == 2 && os.Args[1] == serveCommand {
		serve()
		return
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string) error {
	var names []string
	for _, g := range groups {
		names = append(names, g.name)
	}
	fs := flag.NewFlagSet("bench", flag.ExitOnError)
	quick := fs.Bool("quick", false, "few and short rounds: at most two minutes")
	only := fs.String("only", strings.Join(names, ","), "`groups` to run")
	svg := fs.String("svg", "", "write a chart of the ratios to this `file`")
	if err := fs.Parse(args); err != nil {
		return err
	}
	wanted := strings.Split(*only, ",")
	for _, w := range wanted {
		if !slices.Contains(names, w) {
			return fmt.Errorf("-only: %q is not one of %s", w, strings.Join(names, ", "))
		}
	}

	p := plan{rounds: 12, slice: 200 * time.Millisecond}
	if *quick {
		p = plan{rounds: 5, slice: 25 * time.Millisecond}
	}
	fmt.Printf("%s, %s/%s, %d CPUs, %d rounds of %s a case\n", runtime.Version(), runtime.GOOS, runtime.GOARCH,
		runtime.NumCPU(), p.rounds, p.slice)

	var results []result
	for _, g := range groups {
		if !slices.Contains(wanted, g.name) {
			continue
		}
		made, err := g.make(ctx, *quick)
		if err != nil {
			return fmt.Errorf("%s: %w", g.name, err)
		}
		for _, one := range made {
			r, err := p.measure(ctx, one)
			if err != nil {
				return fmt.Errorf("%s: %w", one.title, err)
			}
			fmt.Print(r.table())
			results = append(results, r)
		}
	}
	fmt.Print(goalsTable(results))
	if *svg != "" {
		return os.WriteFile(*svg, chart(results), 0o644)
	}
	return nil
}
