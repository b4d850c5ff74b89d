// Outbox is for the operator of relay: it lists the queues and the dead letters,
// shows why one died, and replays or drops it.
//
//	go run ./examples/outbox -data /var/lib/relay queues
//	go run ./examples/outbox -nats nats://127.0.0.1:4222 dead pager
//
// With -data it asks the relay that runs there, through its socket, and opens
// the store itself when none does. With -nats it asks the cluster.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	os.Exit(run(ctx, os.Args[1:], os.Stdout, os.Stderr))
}

const about = `Outbox shows what relay has queued, and sees to its dead letters: the messages that it gave up.

  outbox -data DIR COMMAND [flags]
  outbox -nats URL COMMAND [flags]

  queues                           what is queued for each endpoint
  watch                            the same, again and again
  dead [ENDPOINT]                  the dead letters, the newest last
  show ENDPOINT ID                 one of them, with its history, headers and body
  replay ENDPOINT ID... | -all     queues them again, as if they had just come
  drop ENDPOINT ID... | -all       removes them for good; asks for -yes

Flags may stand anywhere. The exit status is 1 for what did not work, and 2 for a mistake in the command.

`

// A program is one run of outbox.
type program struct {
	at      place
	json    bool
	all     bool
	yes     bool
	secrets bool
	most    int // letters that are listed
	body    int // bytes that are shown
	every   time.Duration

	endpoint string
	ids      []uint64
	out, err io.Writer
}

// A command is one of those of the help.
type command struct {
	flags []string // beside those that all have
	args  func(p *program, args []string) error
	run   func(p *program, ctx context.Context) error
}

var everywhere = []string{"data", "nats", "prefix", "socket", "json"}

func commands() map[string]command {
	return map[string]command{
		"queues": {nil, (*program).noArgs, with((*program).queues)},
		"watch":  {[]string{"every"}, (*program).noArgs, (*program).watch},
		"dead":   {[]string{"n"}, (*program).maybeEndpoint, with((*program).dead)},
		"show":   {[]string{"body", "secrets"}, (*program).oneLetter, with((*program).show)},
		"replay": {[]string{"all"}, (*program).someLetters, with((*program).replay)},
		"drop":   {[]string{"all", "yes"}, (*program).someLetters, with((*program).drop)},
	}
}

// A mistake is one in the command.
type mistake string

func (m mistake) Error() string { return string(m) }

func usage(format string, args ...any) error { return mistake(fmt.Sprintf(format, args...)) }

// run returns 0, 1 if something did not work, and 2 for a mistake in the command.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	p := &program{out: stdout, err: stderr}
	fs := flag.NewFlagSet("outbox", flag.ContinueOnError)
	fs.SetOutput(stderr)
	fs.Usage = func() {
		fmt.Fprint(stderr, about)
		fs.PrintDefaults()
	}
	p.flags(fs)
	words, err := parse(fs, args)
	switch {
	case errors.Is(err, flag.ErrHelp):
		return 0
	case err != nil:
		return 2
	}
	c, err := p.command(fs, words)
	if err == nil {
		err = c.run(p, ctx)
	}
	if err == nil {
		return 0
	}
	fmt.Fprintf(stderr, "outbox: %s\n", line(strings.ReplaceAll(err.Error(), "\n", "; ")))
	var m mistake
	if errors.As(err, &m) {
		return 2
	}
	return 1
}

func (p *program) flags(fs *flag.FlagSet) {
	fs.StringVar(&p.at.data, "data", "", "`directory` of a relay on this machine, as its flag -data")
	fs.StringVar(&p.at.nats, "nats", "", "`URL` of a NATS cluster, as its flag -nats")
	fs.StringVar(&p.at.prefix, "prefix", "", "beginning of the `names` of its streams, as its flag -prefix")
	fs.StringVar(&p.at.socket, "socket", "relay.sock", "Unix `socket` of relay, in the directory of -data, as its flag -socket")
	fs.BoolVar(&p.json, "json", false, "print JSON, one object on each line")
	fs.BoolVar(&p.all, "all", false, "replay or drop every letter that there is")
	fs.BoolVar(&p.yes, "yes", false, "do drop")
	fs.BoolVar(&p.secrets, "secrets", false, "show headers that look like a secret, too")
	fs.IntVar(&p.most, "n", 100, "`number` of letters that dead lists; 0 for all")
	fs.IntVar(&p.body, "body", 4096, "most `bytes` of a body that show prints; -json prints all")
	fs.DurationVar(&p.every, "every", 2*time.Second, "`time` between two looks of watch")
}

// parse returns what is not a flag. Flags may stand behind it, and behind "--"
// there are none.
func parse(fs *flag.FlagSet, args []string) (words []string, err error) {
	for {
		if err := fs.Parse(args); err != nil {
			return nil, err
		}
		rest := fs.Args()
		if len(rest) == 0 {
			return words, nil
		}
		if end := len(args) - len(rest); end > 0 && args[end-1] == "--" {
			return append(words, rest...), nil
		}
		words, args = append(words, rest[0]), rest[1:]
	}
}

// command returns the command that the words name, once all is well with them.
func (p *program) command(fs *flag.FlagSet, words []string) (command, error) {
	if len(words) == 0 {
		return command{}, usage("what? one of queues, watch, dead, show, replay, drop; -h helps")
	}
	name := words[0]
	c, ok := commands()[name]
	if !ok {
		return c, usage("there is no command %q; -h helps", name)
	}
	var err error
	fs.Visit(func(f *flag.Flag) {
		if !slices.Contains(everywhere, f.Name) && !slices.Contains(c.flags, f.Name) {
			err = usage("-%s is not for %s", f.Name, name)
		}
	})
	switch {
	case err != nil:
		return c, err
	case (p.at.data == "") == (p.at.nats == ""):
		return c, usage("one of -data and -nats is needed")
	case p.most < 0, p.body < 0:
		return c, usage("-n and -body must not be negative")
	case p.every <= 0:
		return c, usage("-every must be more than nothing")
	}
	if err := c.args(p, words[1:]); err != nil {
		return c, fmt.Errorf("%s: %w", name, err)
	}
	return c, nil
}

func (p *program) noArgs(args []string) error {
	if len(args) > 0 {
		return usage("unexpected argument %q", args[0])
	}
	return nil
}

func (p *program) maybeEndpoint(args []string) error {
	if len(args) > 0 {
		p.endpoint, args = args[0], args[1:]
	}
	return p.noArgs(args)
}

func (p *program) oneLetter(args []string) error {
	if len(args) != 2 {
		return usage("an endpoint and the ID of a letter are needed; dead lists them")
	}
	return p.letters(args)
}

func (p *program) someLetters(args []string) error {
	switch {
	case len(args) == 0:
		return usage("an endpoint is needed, and IDs of letters or -all; dead lists them")
	case len(args) == 1 && !p.all:
		return usage("IDs of letters or -all are needed; dead lists them")
	case len(args) > 1 && p.all:
		return usage("either IDs or -all")
	}
	return p.letters(args)
}

// letters reads the name of an endpoint and IDs.
func (p *program) letters(args []string) error {
	p.endpoint = args[0]
	for _, arg := range args[1:] {
		id, err := strconv.ParseUint(arg, 10, 64)
		if err != nil || id == 0 {
			return usage("%q is not the ID of a letter", arg)
		}
		if !slices.Contains(p.ids, id) {
			p.ids = append(p.ids, id)
		}
	}
	return nil
}
