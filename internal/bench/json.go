package main

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/bytedance/sonic"
	gojson "github.com/goccy/go-json"
	"github.com/prometheus/alertmanager/notify/webhook"

	"github.com/alertwire/alertwire/payload"
	"github.com/alertwire/alertwire/payload/alertmanager"
)

// repeat makes a bench of a function.
func repeat(name string, ours bool, f func() error) bench {
	return bench{name, ours, func(_ context.Context, n int) error {
		for range n {
			if err := f(); err != nil {
				return err
			}
		}
		return nil
	}}
}

func jsonGroups(context.Context, bool) ([]group, error) {
	var groups []group
	for _, n := range []int{10, 1000} {
		groups = append(groups, decodeGroup(n), encodeGroup(n))
	}
	return groups, nil
}

func decodeGroup(n int) group {
	data := wire(n)
	into := func(unmarshal func([]byte, any) error) func() error {
		return func() error {
			var m webhook.Message
			return unmarshal(data, &m)
		}
	}
	return group{
		title: fmt.Sprintf("Decode an Alertmanager message of %d alerts (%d bytes)", n, len(data)),
		note:  "Peers decode into Alertmanager's own type. alertwire keeps unknown fields and the bytes besides.",
		cases: []bench{
			repeat("encoding/json", false, into(json.Unmarshal)),
			repeat("alertwire", true, func() error { _, err := alertmanager.Decode(data); return err }),
			repeat("alertwire, shape only", true, func() error { _, err := payload.ShapeOf(data); return err }),
			repeat("goccy/go-json", false, into(func(b []byte, v any) error { return gojson.Unmarshal(b, v) })),
			repeat("sonic, standard settings", false, into(sonic.ConfigStd.Unmarshal)),
		},
		goals: []goal{{"alertwire", "encoding/json", 0.30}, {"alertwire, shape only", "encoding/json", 0.08}},
	}
}

func encodeGroup(n int) group {
	typed, own := message(n), theirs(n)
	came, err := alertmanager.Decode(wire(n))
	if err != nil {
		panic(err)
	}
	var buf []byte
	into := func(marshal func(any) ([]byte, error)) func() error {
		return func() error { _, err := marshal(own); return err }
	}
	return group{
		title: fmt.Sprintf("Encode an Alertmanager message of %d alerts", n),
		cases: []bench{
			repeat("encoding/json", false, into(json.Marshal)),
			repeat("alertwire, buffer given", true, func() (err error) { buf, err = typed.AppendJSON(buf[:0]); return err }),
			repeat("alertwire", true, func() error { _, err := typed.AppendJSON(nil); return err }),
			repeat("alertwire, unchanged since it came", true, func() (err error) { buf, err = came.AppendJSON(buf[:0]); return err }),
			repeat("goccy/go-json", false, into(func(v any) ([]byte, error) { return gojson.Marshal(v) })),
			repeat("sonic, standard settings", false, into(sonic.ConfigStd.Marshal)),
		},
		goals: []goal{{"alertwire, buffer given", "encoding/json", 0.30}},
	}
}
