// N9e-processor is a Nightingale pipeline processor made with alertwire, and a
// small pipeline around it to try it out:
//
//	go run ./examples/n9e-processor -processor callback -settings callback.json < event.json
//
// It reads the settings of Nightingale's own processors as they are, sends the
// event, and prints what goes on through the pipeline. Unlike those it takes a
// status of 500 for a failure, keeps its connections, and bounds what it reads.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	os.Exit(run(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}

// run returns 0 if the event went on or was dropped, 1 if the processor failed,
// and 2 for a mistake in the flags, settings or the event.
func run(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	fs := flag.NewFlagSet("n9e-processor", flag.ContinueOnError)
	fs.SetOutput(stderr)
	fs.Usage = func() {
		fmt.Fprint(stderr, "N9e-processor sends the event on standard input through a processor, and prints it as it goes on.\n\n"+
			"  n9e-processor -settings FILE [-processor callback|event_update] < event.json\n\n")
		fs.PrintDefaults()
	}
	name := fs.String("processor", "callback", "callback or event_update")
	file := fs.String("settings", "", "JSON `file` with the settings, as in Nightingale: url, header, auth_username, timeout, …")
	if err := fs.Parse(args); errors.Is(err, flag.ErrHelp) {
		return 0
	} else if err != nil {
		return 2
	}
	if fs.NArg() > 0 {
		fmt.Fprintf(stderr, "n9e-processor: unexpected argument %q: the event comes on standard input\n", fs.Arg(0))
		return 2
	}
	p, event, err := prepare(*name, *file, stdin)
	if err != nil {
		fmt.Fprintln(stderr, "n9e-processor:", err)
		return 2
	}

	wf, note, err := p.Process(ctx, &WorkflowContext{Event: event})
	if err != nil {
		fmt.Fprintln(stderr, "n9e-processor:", err)
		return 1
	}
	fmt.Fprintln(stderr, note)
	if wf.Event == nil {
		return 0
	}
	out, err := wf.Event.AppendJSON(nil)
	if err != nil {
		fmt.Fprintln(stderr, "n9e-processor:", err)
		return 1
	}
	fmt.Fprintf(stdout, "%s\n", out)
	return 0
}

func prepare(name, file string, stdin io.Reader) (ProcessorV9, *AlertCurEvent, error) {
	p, ok := processors()[name]
	if !ok {
		return nil, nil, fmt.Errorf("-processor: there is no %q", name)
	}
	if file == "" {
		return nil, nil, errors.New("-settings is missing")
	}
	data, err := os.ReadFile(file)
	if err != nil {
		return nil, nil, fmt.Errorf("-settings: %w", err)
	}
	var settings any
	if err := json.Unmarshal(data, &settings); err != nil {
		return nil, nil, fmt.Errorf("-settings: %w", err)
	}
	p, err = p.Init(settings)
	if err != nil {
		return nil, nil, fmt.Errorf("-settings: %w", err)
	}
	body, err := io.ReadAll(stdin)
	if err != nil {
		return nil, nil, err
	}
	event, err := decode(body)
	return p, event, err
}
