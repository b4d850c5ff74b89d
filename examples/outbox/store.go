package main

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"path/filepath"
	"strings"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/alertwire/alertwire/callback/dispatch/dispatchnats"
	"github.com/alertwire/alertwire/callback/dispatch/dispatchnats/embedded"
)

const openWithin = 10 * time.Second

// A place is where the queues are.
type place struct {
	data, nats, prefix, socket string
}

// A store has the queues.
type store struct {
	*dispatchnats.Operator
	idle  bool // nobody works it off: there is no relay
	close func()
}

// open finds the store. It makes none.
func (p place) open(ctx context.Context) (*store, error) {
	ctx, stop := context.WithTimeout(ctx, openWithin)
	defer stop()
	if p.data != "" {
		return p.openDir(ctx)
	}
	return p.openCluster(ctx)
}

func (p place) openDir(ctx context.Context) (*store, error) {
	at, err := embedded.Attach(ctx, p.data, embedded.Options{
		Engine: dispatchnats.Options{Prefix: p.prefix}, Socket: p.socket,
	})
	switch {
	case errors.Is(err, embedded.ErrInUse):
		return nil, fmt.Errorf("-data %s: a process has it that cannot be reached: is its -socket another one?", p.data)
	case errors.Is(err, embedded.ErrOwner):
		return nil, fmt.Errorf("-data %s belongs to another user, who could not read what is written here: run outbox as that user", p.data)
	case err != nil:
		return nil, fmt.Errorf("-data %s: %w", p.data, err)
	}
	return &store{at.Operator, !at.Elsewhere(), at.Close}, nil
}

func (p place) openCluster(ctx context.Context) (*store, error) {
	nc, err := nats.Connect(p.nats, nats.Name("outbox"), nats.NoReconnect())
	var bad *url.Error
	if errors.As(err, &bad) {
		err = errors.New("not a URL") // what is wrong with it may be a part of the password
	}
	if err != nil {
		return nil, fmt.Errorf("-nats: %w", err)
	}
	at, err := dispatchnats.Attach(ctx, nc, dispatchnats.Options{Prefix: p.prefix})
	if err != nil {
		nc.Close()
		return nil, fmt.Errorf("-nats: %w", err)
	}
	return &store{at, false, nc.Close}, nil
}

// running reports whether a relay has the directory now.
func (p place) running() bool {
	path := p.socket
	if !filepath.IsAbs(path) {
		path = filepath.Join(p.data, path)
	}
	nc, err := embedded.Dial(path)
	if err != nil {
		return false
	}
	nc.Close()
	return true
}

// queues returns the queues of all endpoints.
func (s *store) queues(ctx context.Context) ([]dispatchnats.Queue, error) {
	all, err := s.Queues(ctx)
	if s.idle {
		for i := range all { // who had it in hand is no more
			all[i].Waiting, all[i].InHand = all[i].Waiting+all[i].InHand, 0
		}
	}
	return all, err
}

// queue returns the queue of an endpoint, or an error that names those that
// there are.
func (s *store) queue(ctx context.Context, endpoint string) (dispatchnats.Queue, error) {
	all, err := s.queues(ctx)
	if err != nil {
		return dispatchnats.Queue{}, err
	}
	var names []string
	for _, q := range all {
		if q.Endpoint == endpoint {
			return q, nil
		}
		names = append(names, q.Endpoint)
	}
	if len(names) == 0 {
		return dispatchnats.Queue{}, fmt.Errorf("there is no endpoint %q, nor any other", endpoint)
	}
	return dispatchnats.Queue{}, fmt.Errorf("there is no endpoint %q, only %s", endpoint, strings.Join(names, ", "))
}
