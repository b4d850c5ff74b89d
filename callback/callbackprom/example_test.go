package callbackprom_test

import (
	"context"
	"fmt"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/alertwire/alertwire/callback"
	"github.com/alertwire/alertwire/callback/callbackprom"
)

func ExampleNew() {
	metrics, err := callbackprom.New(callbackprom.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	registry := prometheus.NewRegistry()
	registry.MustRegister(metrics)

	hook, err := callback.New(callback.Config{URL: "http://127.0.0.1:1/hook"}, // nobody listens there
		callback.Options{Name: "ops", Observe: metrics.Observe})
	if err != nil {
		fmt.Println(err)
		return
	}
	msg, _ := callback.NewMessage([]byte(`{}`))
	_, _ = hook.Call(context.Background(), msg)

	families, _ := registry.Gather()
	for _, f := range families {
		if f.GetName() == "alertwire_callback_attempts_total" {
			m := f.GetMetric()[0]
			fmt.Println(m.GetLabel()[0].GetValue(), m.GetLabel()[1].GetValue(), m.GetCounter().GetValue())
		}
	}
	// Output:
	// refused ops 1
}
