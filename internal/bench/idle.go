package main

import (
	"context"
	"fmt"
	"runtime"
	"time"

	"github.com/alertwire/alertwire/callback"
	"github.com/alertwire/alertwire/callback/dispatch"
	"github.com/alertwire/alertwire/ratelimit"
)

// idleEndpoint returns how many KiB an endpoint takes.
func idleEndpoint(ctx context.Context) (float64, error) {
	const many = 2000
	d, err := dispatch.NewMemory(dispatch.MemoryOptions{})
	if err != nil {
		return 0, err
	}
	before := inUse()
	for i := range many {
		if err := d.Add(ctx, fmt.Sprint("e", i), stands, dispatch.EndpointOptions{}); err != nil {
			return 0, err
		}
	}
	after := inUse()
	_, err = d.Shutdown(ctx) // and so d lives until here
	return (after - before) / many / 1024, err
}

// inUse returns the bytes of heap and stacks.
func inUse() float64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return float64(m.HeapAlloc + m.StackInuse)
}

// plentyOf returns a limit that is never reached.
func plentyOf() (callback.Decorator, error) {
	l, err := ratelimit.New(ratelimit.Rate{Events: plenty, Per: time.Minute}, ratelimit.Options{})
	if err != nil {
		return nil, err
	}
	return callback.Limit("ops", l.Wait), nil
}
