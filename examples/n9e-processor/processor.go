package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/alertwire/alertwire/callback"
	"github.com/alertwire/alertwire/payload/nightingale"
)

// mayUpdate are the fields that a receiver of eventUpdate may change. The rest
// of the event belongs to Nightingale.
var mayUpdate = []string{"rule_name", "rule_note", "severity", "tags", "tags_map", "annotations", "runbook_url", "extra_config"}

// A step is a processor of ours: callback or event_update.
type step = callback.Processor[*AlertCurEvent]

// newCallback makes the processor "callback": it sends each event and lets it
// pass as it is. The settings are those of Nightingale's own processor.
//
// Nightingale makes a processor for every event anew. That costs little here:
// Callers with the same settings share their connections.
func newCallback(settings any) (step, error) {
	hook, err := newHook(settings)
	if err != nil {
		return nil, err
	}
	return callback.Notifier(hook, message), nil
}

// newEventUpdate makes the processor "event_update": the receiver answers with
// the event as it wants it to be. Either all of its changes are taken or none.
func newEventUpdate(settings any) (step, error) {
	hook, err := newHook(settings)
	if err != nil {
		return nil, err
	}
	return callback.Updater[*AlertCurEvent](hook, callback.UpdateOptions{Fields: mayUpdate, AllowDrop: true}), nil
}

// newHook makes a Caller of generic settings. Null settings are an error here:
// in Nightingale they crash the first event.
func newHook(settings any) (callback.Caller, error) {
	data, err := json.Marshal(settings)
	if err != nil {
		return nil, err
	}
	if string(data) == "null" {
		return nil, errors.New("the processor has no settings")
	}
	c, err := callback.ParseNightingale(data)
	if err != nil {
		return nil, err
	}
	hook, err := callback.New(c, callback.Options{})
	if err != nil {
		return nil, err
	}
	// A second or so, not a minute: the pipeline waits for us.
	return callback.Decorate(hook, callback.Retry(callback.RetryPolicy{Attempts: 2})), nil
}

func message(e *AlertCurEvent) (callback.Message, error) {
	m, err := callback.NewMessage(e)
	if err != nil {
		return m, err
	}
	m.ID = callback.DeriveID(e.DeliveryID())
	m.Type, m.Key = string(e.Event().Kind), e.Hash
	return m, nil
}

// v9 is a step for Nightingale 9.
type v9 struct {
	make func(settings any) (step, error)
	step step
}

func (p *v9) Init(settings any) (ProcessorV9, error) {
	s, err := p.make(settings)
	if err != nil {
		return nil, err // never a typed nil
	}
	return &v9{p.make, s}, nil
}

func (p *v9) Process(ctx context.Context, wf *WorkflowContext) (*WorkflowContext, string, error) {
	event, err := p.step(ctx, wf.Event)
	if errors.Is(err, callback.ErrDropEvent) {
		wf.Event = nil
		return wf, "the receiver drops the event", nil
	}
	if err != nil {
		return wf, "", err
	}
	if event != wf.Event {
		*wf.Event = *event // in place: the engine keeps its pointer
	}
	return wf, "callback success", nil
}

// v8 is a step for Nightingale 8.
type v8 struct {
	make func(settings any) (step, error)
	step step
}

func (p *v8) Init(settings any) (ProcessorV8, error) {
	s, err := p.make(settings)
	if err != nil {
		return nil, err
	}
	return &v8{p.make, s}, nil
}

func (p *v8) Process(ctx context.Context, event *AlertCurEvent) (*AlertCurEvent, string, error) {
	changed, err := p.step(ctx, event)
	if errors.Is(err, callback.ErrDropEvent) {
		return nil, "the receiver drops the event", nil
	}
	if err != nil {
		return event, "", err
	}
	return changed, "callback success", nil
}

// processors are what a plugin would register, by their names.
func processors() map[string]ProcessorV9 {
	return map[string]ProcessorV9{
		"callback":     &v9{make: newCallback},
		"event_update": &v9{make: newEventUpdate},
	}
}

// decode reads one event, as Nightingale has it.
func decode(data []byte) (*AlertCurEvent, error) {
	m, err := nightingale.Decode(data)
	if err != nil {
		return nil, err
	}
	if len(m.Alerts) != 1 {
		return nil, fmt.Errorf("there are %d events, one is needed", len(m.Alerts))
	}
	return &m.Alerts[0], nil
}
