package main

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/bytedance/sonic"
	gojson "github.com/goccy/go-json"
	"github.com/prometheus/alertmanager/notify/webhook"

	"github.com/alertwire/alertwire/payload"
	"github.com/alertwire/alertwire/payload/alertmanager"
)

// repeat makes a bench of a function.
func repeat(name string, ours bool, f func() error) bench {
	return bench{name: name, ours: ours, op: func(_ context.Context, n int) error {
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
		decode, encode := decodeGroup(n), encodeGroup(n)
		if n == 1000 {
			peers := []string{"encoding/json", "goccy/go-json", "sonic, ConfigStd"}
			decode.headlines = []headline{{work: "decode 1,000 Alertmanager alerts", ours: "alertwire", theirs: peers}}
			encode.headlines = []headline{{work: "encode 1,000 Alertmanager alerts", ours: "alertwire, buffer given", theirs: peers}}
		}
		groups = append(groups, decode, encode)
	}
	small, err := smallGroups()
	return append(groups, small...), err
}

func decodeGroup(n int) group {
	data := wire(n)
	unknown := []byte(strings.NewReplacer(`"generatorURL"`, `"generatorURI"`, `"fingerprint"`, `"finger_print"`).Replace(string(data)))
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
			repeat("alertwire, a fifth of the members unknown", true, func() error { _, err := alertmanager.Decode(unknown); return err }),
			repeat("alertwire, shape only", true, func() error { _, err := payload.ShapeOf(data); return err }),
			repeat("goccy/go-json", false, into(func(b []byte, v any) error { return gojson.Unmarshal(b, v) })),
			repeat("sonic, ConfigStd", false, into(sonic.ConfigStd.Unmarshal)),
		},
		goals: []goal{
			{"alertwire", cost, "encoding/json", 0.30}, {"alertwire, shape only", cost, "encoding/json", 0.08}, {"alertwire, shape only", allocs, "", 3},
			{"alertwire, a fifth of the members unknown", cost, "alertwire", 1.10},
		},
	}
}

func encodeGroup(n int) group {
	typed, own := message(n), theirs(n)
	raw := wire(n)
	came, err := alertmanager.Decode(raw)
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
			repeat("alertwire, the bytes that came", true, func() error { buf = append(buf[:0], came.Raw()...); return nil }),
			repeat("a copy of the bytes", false, func() error { buf = append(buf[:0], raw...); return nil }),
			repeat("goccy/go-json", false, into(func(v any) ([]byte, error) { return gojson.Marshal(v) })),
			repeat("sonic, ConfigStd", false, into(sonic.ConfigStd.Marshal)),
		},
		goals: []goal{
			{"alertwire, buffer given", cost, "encoding/json", 0.30}, {"alertwire, buffer given", allocs, "", 0},
			{"alertwire, the bytes that came", cost, "a copy of the bytes", 1.5},
		},
	}
}
