package main

import (
	"bytes"
	"context"
	"io"
	"os"
	"time"

	"github.com/alertwire/alertwire/callback/dispatch/dispatchnats"
)

// watch shows the queues again and again, until ctx ends. Where no relay runs it
// looks once and closes the store again, and after a relay has ended it does not
// even do that: the next one must be able to start.
func (p *program) watch(ctx context.Context) error {
	w := watcher{p: p}
	defer w.leave()
	if err := w.look(ctx); err != nil { // a mistake, rather than a relay that restarts
		return err
	}
	wipe := ""
	if isTerminal(p.out) && !p.json {
		wipe = "\x1b[H\x1b[2J"
	}
	for {
		if err := w.print(wipe); err != nil {
			return err
		}
		select {
		case <-time.After(p.every):
		case <-ctx.Done():
			return nil
		}
		if err := w.look(ctx); err != nil {
			w.state = err.Error()
			if p.at.data != "" && !p.at.running() {
				w.state = nobody
			}
		}
		if ctx.Err() != nil {
			return nil
		}
	}
}

// A watcher is what watch has seen.
type watcher struct {
	p     *program
	s     *store // nil while no relay runs
	seen  []dispatchnats.Queue
	at    time.Time // when it was seen
	state string    // why nothing newer was; "" if all is well
}

// look takes a look, unless nothing can have changed.
func (w *watcher) look(ctx context.Context) error {
	if w.s == nil && w.state == nobody && !w.p.at.running() {
		return nil
	}
	if w.s == nil {
		s, err := w.p.at.open(ctx)
		if err != nil {
			return err
		}
		w.s = s
	}
	all, err := w.s.queues(ctx)
	if err == nil {
		w.seen, w.at, w.state = all, time.Now(), ""
		if w.s.idle {
			w.state = nobody
		}
	}
	if err != nil || w.s.idle {
		w.leave()
	}
	return err
}

// leave closes what is open.
func (w *watcher) leave() {
	if w.s != nil {
		w.s.close()
		w.s = nil
	}
}

// print prints what was seen last, at once.
func (w *watcher) print(wipe string) error {
	if w.p.json {
		return w.p.printQueues(w.seen, w.at)
	}
	var b bytes.Buffer
	to := *w.p
	to.out = &b
	b.WriteString(wipe + stamp(w.at))
	switch {
	case w.state == nobody:
		b.WriteString(" (" + nobody + ": this is what there was)")
	case w.state != "":
		b.WriteString(" (" + line(w.state) + ")")
	}
	b.WriteByte('\n')
	if err := to.printQueues(w.seen, time.Now()); err != nil {
		return err
	}
	b.WriteByte('\n')
	_, err := w.p.out.Write(b.Bytes())
	return err
}

// isTerminal reports whether w can be cleared.
func isTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	if !ok || os.Getenv("TERM") == "dumb" {
		return false
	}
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}
