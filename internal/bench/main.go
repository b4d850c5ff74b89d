// Bench compares alertwire with its peers: the same work, one after the other
// in each round of one run, as process CPU time.
//
//	go run ./internal/bench                    # everything, ten minutes on two quiet cores
//	go run ./internal/bench -quick             # a first impression, two minutes at most
//	go run ./internal/bench -only send,sign    # some of it
//	go run ./internal/bench -svg chart.svg -md table.md
//
// Each peer is used the way its README says. What counts are the ratios: they
// are taken round by round, and their spread stands beside them. Absolute times
// differ from machine to machine and from hour to hour.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"runtime"
	"runtime/pprof"
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
	{"overhead", overheadGroups},
	{"json", jsonGroups},
	{"sign", signGroups},
	{"limit", limitGroups},
	{"redis", redisGroups},
	{"durable", durableGroups},
}

func main() {
	if child() {
		return
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// child does the work of a process that this program has started, and reports
// whether it is one.
func child() bool {
	switch {
	case len(os.Args) == 2 && os.Args[1] == serveCommand:
		serve()
	case len(os.Args) == 3 && os.Args[1] == memoryCommand:
		reportMemory(os.Args[2])
	default:
		return false
	}
	return true
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
	md := fs.String("md", "", "write the table of README to this `file`")
	profile := fs.String("cpuprofile", "", "write a CPU profile of the run to this `file`")
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
		p = plan{rounds: 5, slice: 20 * time.Millisecond, most: 3 * time.Second}
	}
	machine := fmt.Sprintf("%s, %s/%s, %d CPUs", runtime.Version(), runtime.GOOS, runtime.GOARCH, runtime.NumCPU())
	fmt.Printf("%s, %d rounds of %s a case\n", machine, p.rounds, p.slice)

	if *profile != "" {
		f, err := os.Create(*profile)
		if err != nil {
			return err
		}
		defer f.Close()
		if err := pprof.StartCPUProfile(f); err != nil {
			return err
		}
		defer pprof.StopCPUProfile()
	}
	var results []result
	var failed []error // what cannot be measured leaves the others
	for _, g := range groups {
		if !slices.Contains(wanted, g.name) {
			continue
		}
		made, err := g.make(ctx, *quick)
		if err != nil {
			failed = append(failed, fmt.Errorf("%s: %w", g.name, err))
			continue
		}
		for _, one := range made {
			r, err := p.measure(ctx, one)
			if err != nil {
				if ctx.Err() != nil {
					return err
				}
				failed = append(failed, fmt.Errorf("%s: %w", one.title, err))
				continue
			}
			fmt.Print(r.table())
			results = append(results, r)
		}
	}
	fmt.Print(goalsTable(results))
	table := summary(machine, results)
	fmt.Print("\n### For README\n\n", table)
	if *md != "" {
		if err := os.WriteFile(*md, []byte(table), 0o644); err != nil {
			return err
		}
	}
	if *svg != "" {
		if err := os.WriteFile(*svg, chart(machine, results), 0o644); err != nil {
			return err
		}
	}
	return errors.Join(failed...)
}
