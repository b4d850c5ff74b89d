package main

import (
	"context"
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/alertwire/alertwire/callback"
	"github.com/alertwire/alertwire/callback/dispatch"
)

// A screen tells a person what happens, a line at a time: "in" is what comes to
// the receiver, "out" is what it calls.
type screen struct {
	out   io.Writer
	begin time.Time

	mu    sync.Mutex        // calls are reported from several goroutines
	names map[string]string // of messages, by ID
}

func newScreen(out io.Writer) *screen {
	return &screen{out: out, begin: time.Now(), names: make(map[string]string)}
}

func (s *screen) printf(format string, args ...any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	fmt.Fprintf(s.out, format, args...)
}

func (s *screen) clock() string { return fmt.Sprintf("%5.2fs", time.Since(s.begin).Seconds()) }

func (s *screen) incoming(what string, status int, answer string) {
	s.printf("%s  in   %s\n%12s %d %s\n", s.clock(), what, "", status, answer)
}

// call gives the message with that ID a name that a person understands.
func (s *screen) call(id, name string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.names[id] = name
}

func (s *screen) name(id string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.names[id]
}

// attempt is told by package callback of every request it made.
func (s *screen) attempt(_ context.Context, a callback.Attempt) {
	if a.Err == nil {
		return // outcome tells of it
	}
	what := string(a.Class)
	if a.Status != 0 {
		what = fmt.Sprint("status ", a.Status)
	}
	if a.Wait > 0 {
		what += fmt.Sprintf(", asks us to wait %s", a.Wait)
	}
	s.printf("%s  out  %-9s %-15s attempt %d: %s\n", s.clock(), a.Endpoint, s.name(a.MessageID), a.Number, what)
}

// outcome is told by package dispatch what became of every message.
func (s *screen) outcome(o dispatch.Outcome) {
	s.printf("%s  out  %-9s %-15s %s, attempts: %d\n", s.clock(), o.Endpoint, s.name(o.Message.ID), o.Result, o.Attempts)
}

// report prints the numbers, and returns an error if they do not add up.
func report(ctx context.Context, rcv *receiver, sent int, s *screen) error {
	stats, err := rcv.calls.Stats(ctx)
	if err != nil {
		return err
	}
	s.printf("\n")
	var accepted, delivered, retried, failed uint64
	for _, e := range stats {
		s.printf("%-9s accepted %d, delivered %d, failed %d, calls %d, retried %d\n",
			e.Name, e.Accepted, e.Delivered, e.Failed, e.Calls, e.Retried)
		if accepted != 0 && e.Accepted != accepted {
			return fmt.Errorf("%s accepted %d alerts, others %d", e.Name, e.Accepted, accepted)
		}
		accepted = e.Accepted
		delivered += e.Delivered
		retried += e.Retried
		failed += e.Failed
	}
	duplicates, rejected := rcv.dedup.Duplicates(), uint64(rcv.rejected.Load())
	s.printf("\nCounted in alerts; a rejected request counts as one, delivered and failed in callbacks.\n")
	s.printf("summary received=%d accepted=%d duplicates=%d rejected=%d delivered=%d retried=%d failed=%d\n",
		sent, accepted, duplicates, rejected, delivered, retried, failed)

	switch {
	case uint64(sent) != accepted+duplicates+rejected:
		return fmt.Errorf("%d came in, but %d were accounted for", sent, accepted+duplicates+rejected)
	case accepted*uint64(len(stats)) != delivered+failed:
		return fmt.Errorf("%d callbacks were due, but %d were accounted for", accepted*uint64(len(stats)), delivered+failed)
	case delivered == 0 || retried == 0 || failed == 0:
		return fmt.Errorf("one of the three services was not what it should be")
	}
	return nil
}
