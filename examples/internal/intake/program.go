package intake

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
)

// A Program is a command around a receiver.
type Program struct {
	Name  string
	About string              // the beginning of its help
	Flags func(*flag.FlagSet) // adds flags of its own; may be nil
	Check func() error        // checks them; may be nil
	Open  Opener
	Keeps bool // what Open returns keeps over a restart what it has not delivered
}

// Run runs the program until ctx ends. It returns 0 after a clean stop, 1 if
// something was lost or the program could not listen, and 2 for a mistake in the
// flags or files, with nothing started.
func (p Program) Run(ctx context.Context, args []string, stderr io.Writer) int {
	fs := flag.NewFlagSet(p.Name, flag.ContinueOnError)
	fs.SetOutput(stderr)
	fs.Usage = func() {
		fmt.Fprintf(stderr, "%s\n", p.About)
		fs.PrintDefaults()
	}
	o := Flags(fs)
	if p.Flags != nil {
		p.Flags(fs)
	}
	if err := fs.Parse(args); errors.Is(err, flag.ErrHelp) {
		return 0
	} else if err != nil {
		return 2
	}
	r, err := p.start(ctx, fs, o, slog.New(slog.NewTextHandler(stderr, nil)))
	if err != nil {
		fmt.Fprintf(stderr, "%s: %v\n", p.Name, err)
		return 2
	}
	if err := r.Run(ctx, o.Listen); err != nil {
		fmt.Fprintf(stderr, "%s: %v\n", p.Name, err)
		return 1
	}
	return 0
}

func (p Program) start(ctx context.Context, fs *flag.FlagSet, o *Options, log *slog.Logger) (*Receiver, error) {
	if fs.NArg() > 0 {
		return nil, fmt.Errorf("unexpected argument %q", fs.Arg(0))
	}
	if err := o.Complete(); err != nil {
		return nil, err
	}
	if p.Check != nil {
		if err := p.Check(); err != nil {
			return nil, err
		}
	}
	o.Keeps = p.Keeps
	return New(ctx, *o, p.Open, log)
}
