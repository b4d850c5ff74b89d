package main

import (
	"context"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/alertwire/alertwire/auth"
	"github.com/alertwire/alertwire/callback"
	"github.com/alertwire/alertwire/callback/dispatch"
	"github.com/alertwire/alertwire/challenge"
	"github.com/alertwire/alertwire/payload"
	"github.com/alertwire/alertwire/payload/alertmanager"
	"github.com/alertwire/alertwire/ratelimit"
)

const (
	token     = "s3cr3t-token"     // what Alertmanager sends in Authorization
	crcSecret = "challenge-secret" // for proving that we own our URL, never for events
)

// A receiver takes alerts in and hands the new ones to the dispatcher.
type receiver struct {
	handler  http.Handler
	screen   *screen
	dedup    ratelimit.Dedup
	calls    *dispatch.Memory
	rejected atomic.Int64
}

func newReceiver(ctx context.Context, services []service, s *screen) (*receiver, error) {
	rcv := &receiver{screen: s, dedup: ratelimit.Dedup{Window: time.Minute}}
	reject := func(*http.Request, error) { rcv.rejected.Add(1) }

	perAddress, err := ratelimit.New(ratelimit.Rate{Events: 100, Per: time.Minute}, ratelimit.Options{})
	if err != nil {
		return nil, err
	}
	inAll, err := ratelimit.New(ratelimit.Rate{Events: 1000, Per: time.Minute}, ratelimit.Options{})
	if err != nil {
		return nil, err
	}
	crc, err := challenge.NewCRC(crcSecret, challenge.CRCOptions{})
	if err != nil {
		return nil, err
	}
	bearer, err := auth.NewBearer(token)
	if err != nil {
		return nil, err
	}
	rcv.calls, err = dispatch.NewMemory(dispatch.MemoryOptions{Observe: s.outcome})
	if err != nil {
		return nil, err
	}
	for _, svc := range services {
		hook, err := callback.New(callback.Config{URL: svc.url, Timeout: 2 * time.Second},
			callback.Options{Name: svc.name, Observe: s.attempt})
		if err != nil {
			return nil, err
		}
		err = rcv.calls.Add(ctx, svc.name, hook, dispatch.EndpointOptions{
			// Of one alert: else its resolution overtakes a firing that is tried again.
			Order: dispatch.Strict,
			// Seconds where a service would take minutes: this is a demonstration.
			Retry:   callback.RetryPolicy{Attempts: 4, Base: 200 * time.Millisecond, Elapsed: 5 * time.Second},
			Breaker: callback.BreakerPolicy{Failures: 8, Cooldown: time.Second},
		})
		if err != nil {
			return nil, err
		}
	}

	// Cheapest check first: how often, is it a handshake, who sent it, what is
	// it. Each step is an http.Handler around the next.
	limit := ratelimit.Enforce(ratelimit.EnforceOptions{OnReject: reject},
		ratelimit.Limit{Name: "address", Limiter: perAddress, Key: ratelimit.RemoteIP},
		ratelimit.Limit{Name: "all", Limiter: inAll, Key: ratelimit.Everyone})
	answer := challenge.Respond(crc, challenge.RespondOptions{OnReject: reject})
	require := auth.Require(bearer, auth.RequireOptions{OnReject: reject})
	accept := payload.Handler(alertmanager.Decode, rcv.accept, payload.HandlerOptions{OnReject: reject})
	rcv.handler = limit(answer(require(accept)))
	return rcv, nil
}

// accept queues each alert that was not seen within the last minute. It answers
// before anything is delivered: Alertmanager waits for us.
func (rcv *receiver) accept(ctx context.Context, m *alertmanager.Message) (any, error) {
	for _, event := range m.Events() {
		event = event.Clone() // it outlives the request
		done, fresh, err := rcv.dedup.Reserve(ctx, event.ID)
		if err != nil {
			return nil, &payload.RetryError{Err: err}
		}
		if !fresh {
			continue
		}
		err = rcv.queue(ctx, event)
		done(err) // an alert that was not queued is not remembered
		if err != nil {
			return nil, &payload.RetryError{Err: err}
		}
	}
	return nil, nil
}

func (rcv *receiver) queue(ctx context.Context, event payload.Event) error {
	msg, err := callback.NewMessage(&event)
	if err != nil {
		return err
	}
	msg.ID = callback.DeriveID(event.Source, event.ID)
	msg.Type, msg.Key, msg.Time = string(event.Kind), event.Key, event.Time
	rcv.screen.call(msg.ID, msg.Type+" "+event.Labels.Get("pod"))
	return rcv.calls.Dispatch(ctx, msg)
}
