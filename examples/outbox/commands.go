package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/alertwire/alertwire/callback/dispatch"
	"github.com/alertwire/alertwire/callback/dispatch/dispatchnats"
)

const nobody = "no relay is running"

// with returns a command that has the store open.
func with(do func(*program, context.Context, *store) error) func(*program, context.Context) error {
	return func(p *program, ctx context.Context) error {
		s, err := p.at.open(ctx)
		if err != nil {
			return err
		}
		defer s.close()
		return do(p, ctx, s)
	}
}

func (p *program) queues(ctx context.Context, s *store) error {
	all, err := s.queues(ctx)
	if err != nil {
		return err
	}
	if s.idle {
		p.note(nobody)
	}
	return p.printQueues(all, time.Now())
}

func (p *program) dead(ctx context.Context, s *store) error {
	if p.endpoint != "" {
		if _, err := s.queue(ctx, p.endpoint); err != nil {
			return err
		}
	}
	newest, n, err := s.Dead(p.endpoint).Newest(ctx, p.most)
	if err != nil {
		return err
	}
	switch {
	case n == 0:
		p.note("no dead letters")
	case n > len(newest):
		p.note("%d of %d, the newest; -n 0 lists all", len(newest), n)
	}
	return p.printLetters(newest)
}

func (p *program) show(ctx context.Context, s *store) error {
	if _, err := s.queue(ctx, p.endpoint); err != nil {
		return err
	}
	l, err := p.get(ctx, s, p.ids[0])
	if err != nil {
		return err
	}
	return p.printLetter(l)
}

// get returns a letter of the endpoint.
func (p *program) get(ctx context.Context, s *store, id uint64) (dispatchnats.Letter, error) {
	l, err := s.Dead(p.endpoint).Get(ctx, id)
	if errors.Is(err, dispatchnats.ErrNoLetter) {
		err = fmt.Errorf("%q has no dead letter %d", p.endpoint, id)
	}
	return l, err
}

func (p *program) replay(ctx context.Context, s *store) error {
	of, err := p.chosen(ctx, s)
	if err != nil {
		return err
	}
	dead := s.Dead(p.endpoint)
	n, err := p.each(ctx, dead.ReplayAll, dead.Replay)
	if errors.Is(err, dispatch.ErrUnknown) {
		err = fmt.Errorf("%q has no queue: start a relay that has it among its -endpoints, once", p.endpoint)
	}
	if s.idle && n > 0 {
		p.note(nobody + ": what was replayed waits for one")
	}
	if err == nil && n < of {
		p.note("what cannot be decoded is left; drop removes it")
	}
	return p.done("replayed", n, of, err)
}

func (p *program) drop(ctx context.Context, s *store) error {
	of, err := p.chosen(ctx, s)
	if err != nil {
		return err
	}
	if !p.yes {
		return usage("drop: %s of %q would be gone for good: add -yes", letters(of), p.endpoint)
	}
	dead := s.Dead(p.endpoint)
	n, err := p.each(ctx, dead.DropAll, dead.Drop)
	return p.done("dropped", n, of, err)
}

// chosen returns how many letters the command is about. It is an error if one of
// them is not there, before anything is done with the others.
func (p *program) chosen(ctx context.Context, s *store) (int, error) {
	q, err := s.queue(ctx, p.endpoint)
	if err != nil || p.all {
		return q.Dead, err
	}
	for _, id := range p.ids {
		if _, err := p.get(ctx, s, id); err != nil {
			return 0, err
		}
	}
	return len(p.ids), nil
}

// each does what is to be done to all letters, or to those with an ID, and
// returns to how many it was.
func (p *program) each(ctx context.Context, all func(context.Context) (int, error), one func(context.Context, uint64) error) (n int, err error) {
	if p.all {
		return all(ctx)
	}
	for _, id := range p.ids {
		if err := one(ctx, id); err != nil {
			return n, fmt.Errorf("letter %d: %w", id, err)
		}
		n++
	}
	return n, nil
}

// done says what was done, also if there was an error then.
func (p *program) done(what string, n, of int, err error) error {
	if n == 0 && err != nil {
		return err
	}
	return errors.Join(p.printCount(what, n, of), err)
}

func letters(n int) string {
	if n == 1 {
		return "1 dead letter"
	}
	return fmt.Sprintf("%d dead letters", n)
}
