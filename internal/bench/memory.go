package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"runtime/debug"
	"strconv"
	"strings"

	"github.com/alertwire/alertwire/callback"
	"github.com/alertwire/alertwire/callback/dispatch"
	"github.com/alertwire/alertwire/callback/dispatch/dispatchnats/embedded"
)

const memoryCommand = "-memory-child"

// memoryGroup weighs a process that does nothing but keep messages on disk.
func memoryGroup() group {
	const waiting, peak, more = "10,000 messages wait", "the most until then", "10 more endpoints"
	var seen [3]float64
	gauge := func(i int, ask bool) func(context.Context) (float64, error) {
		return func(ctx context.Context) (float64, error) {
			if ask || seen[i] == 0 {
				var err error
				if seen, err = askMemory(ctx); err != nil {
					return 0, err
				}
			}
			return seen[i], nil
		}
	}
	if runtime.GOOS != "linux" {
		return group{title: "Memory of the embedded engine", note: "Not measured: it reads /proc.", unit: "MiB"}
	}
	return group{
		title: "Memory of the embedded engine",
		note:  "Resident memory of a process of its own, bodies of 4 KiB, no fsync.",
		unit:  "MiB",
		cases: []bench{
			{name: waiting, ours: true, gauge: gauge(0, true)},
			{name: peak, ours: true, gauge: gauge(1, false)},
			{name: more, ours: true, gauge: gauge(2, false)},
		},
		goals:  []goal{{waiting, mebibytes, "", 120}, {more, mebibytes, "", 1}},
		rounds: 3,
	}
}

// askMemory runs the process and returns what it reports.
func askMemory(ctx context.Context) (seen [3]float64, err error) {
	dir, err := os.MkdirTemp("", "alertwire-bench-")
	if err != nil {
		return seen, err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	cmd := exec.CommandContext(ctx, os.Args[0], memoryCommand, dir)
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err == nil {
		_, err = fmt.Sscan(string(out), &seen[0], &seen[1], &seen[2])
	}
	return seen, err
}

// reportMemory is that process.
func reportMemory(dir string) {
	ctx := context.Background()
	d, err := embedded.Open(ctx, dir, embedded.Options{NoSync: true})
	check(err)
	add := func(name string) {
		check(d.Add(ctx, name, stands, dispatch.EndpointOptions{Queue: 20_000}))
	}
	add("ops")
	data := body(4096)
	check(produce(10_000, func(int) error { return d.Dispatch(ctx, callback.Message{Body: data}, "ops") }))
	waiting, peak := resident("VmRSS:"), resident("VmHWM:")
	const more = 200
	debug.FreeOSMemory()
	before := resident("VmRSS:")
	for n := range more {
		add(strconv.Itoa(n))
	}
	debug.FreeOSMemory()
	fmt.Println(waiting, peak, (resident("VmRSS:")-before)/(more/10))
}

// resident returns a line of /proc/self/status in MiB.
func resident(name string) float64 {
	data, err := os.ReadFile("/proc/self/status")
	check(err)
	for line := range strings.Lines(string(data)) {
		if rest, ok := strings.CutPrefix(line, name); ok {
			kib, err := strconv.ParseFloat(strings.Fields(rest)[0], 64)
			check(err)
			return kib / 1024
		}
	}
	check(fmt.Errorf("no %s in /proc/self/status", name))
	return 0
}
