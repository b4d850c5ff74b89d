package main

import (
	"context"

	"github.com/alertwire/alertwire/payload/nightingale"
)

// What follows stands for the types of Nightingale that a processor meets, so
// that this program builds without importing Nightingale. In a real plugin they
// are models.AlertCurEvent, models.WorkflowContext and ctx.Context, and init
// registers the processors with models.RegisterProcessor.

// AlertCurEvent is an event as it goes through a pipeline.
type AlertCurEvent = nightingale.AlertEvent

// WorkflowContext is what a pipeline hands from node to node.
type WorkflowContext struct {
	Event    *AlertCurEvent    `json:"event"`
	Inputs   map[string]string `json:"inputs"`
	Vars     map[string]any    `json:"vars"`
	Metadata map[string]string `json:"metadata"`
}

// A ProcessorV9 is a processor since version 9.0: it changes the event inside the
// workflow context, because the engine goes on with the one it has, and drops it
// by setting it to nil.
type ProcessorV9 interface {
	Init(settings any) (ProcessorV9, error)
	Process(ctx context.Context, wf *WorkflowContext) (*WorkflowContext, string, error)
}

// A ProcessorV8 is a processor of versions 8.0 to 8.5: it returns the event, or
// nil to drop it.
type ProcessorV8 interface {
	Init(settings any) (ProcessorV8, error)
	Process(ctx context.Context, event *AlertCurEvent) (*AlertCurEvent, string, error)
}
