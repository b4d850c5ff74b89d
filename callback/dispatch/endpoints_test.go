package dispatch_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/assert/yaml"
	"github.com/stretchr/testify/require"

	"github.com/alertwire/alertwire/callback"
	"github.com/alertwire/alertwire/callback/dispatch"
)

func ExampleParseEndpoints() {
	endpoints, err := dispatch.ParseEndpoints([]byte(`[
	  {"name": "ops", "format": "raw",
	   "callback": {"url": "https://ops.example.com/hook", "timeout": "5s"},
	   "endpoint": {"concurrency": 4, "order": "strict", "retry": {"attempts": 6, "cap": "5m"}}}
	]`))
	fmt.Println(err)
	for _, e := range endpoints {
		fmt.Println(e.Name, e.Format, e.Callback.Timeout, e.Options.Order, e.Options.Retry.Cap)
	}
	// Output:
	// <nil>
	// ops raw 5s strict 5m0s
}

func TestParseEndpointsReadsEveryOption(t *testing.T) {
	got, err := dispatch.ParseEndpoints([]byte(`[{"name":"a","callback":{"url":"http://127.0.0.1/"},"endpoint":{
		"concurrency":3,"queue":10,"order":"latest","full":"drop_oldest",
		"rate":{"events":20,"per":"1m","burst":5},
		"retry":{"waits":["10s","30s"]},
		"breaker":{"failures":3,"cooldown":"1m"}}},
		{"name":"b","callback":{"url":"http://127.0.0.1/"}}]`))
	require.NoError(t, err)
	require.Len(t, got, 2)
	assert.Equal(t, dispatch.EndpointOptions{
		Concurrency: 3, Queue: 10, Order: dispatch.Latest, Full: dispatch.DropOldest,
		Rate:    dispatch.Rate{Events: 20, Per: time.Minute, Burst: 5},
		Retry:   callback.RetryPolicy{Waits: []time.Duration{10 * time.Second, 30 * time.Second}},
		Breaker: callback.BreakerPolicy{Failures: 3, Cooldown: time.Minute},
	}, got[0].Options)
	assert.Equal(t, dispatch.EndpointOptions{}, got[1].Options)

	text, err := json.Marshal(got)
	require.NoError(t, err)
	again, err := dispatch.ParseEndpoints(text)
	require.NoError(t, err)
	assert.Equal(t, got, again)
}

func TestEndpointsAreTheSameInYAML(t *testing.T) {
	var got []dispatch.Endpoint
	require.NoError(t, yaml.Unmarshal([]byte(`
- name: ops
  format: raw
  callback: {url: "https://ops.example.com/hook", timeout: 5s}
  endpoint:
    concurrency: 4
    order: strict
    full: drop_oldest
    rate: {events: 20, per: 1m, burst: 5}
    retry: {attempts: 6, cap: 5m}
    breaker: {cooldown: 10s}
`), &got))
	want, err := dispatch.ParseEndpoints([]byte(`[{"name":"ops","format":"raw",
		"callback":{"url":"https://ops.example.com/hook","timeout":"5s"},
		"endpoint":{"concurrency":4,"order":"strict","full":"drop_oldest","rate":"20/1m burst 5",
		"retry":{"attempts":6,"cap":"5m"},"breaker":{"cooldown":"10s"}}}]`))
	require.NoError(t, err)
	assert.Equal(t, want, got)
}

// A misspelt setting must not be one that is not set, whoever reads it.
func TestEndpointsAreReadStrictlyEverywhere(t *testing.T) {
	tests := []struct{ name, json, yaml, wantJSON, wantYAML string }{
		{
			"key of an endpoint", `{"name":"a",` + "\n" + `"callbak":{}}`, "name: a\ncallbak: {}",
			`line 2: unknown key "callbak"`, `line 2: unknown key "callbak"`,
		}, {
			"key in another case", `{"Name":"a"}`, "Name: a",
			`line 1: unknown key "Name" (it is spelled "name")`, `line 1: unknown key "Name" (it is spelled "name")`,
		}, {
			"option", `{"endpoint":` + "\n" + `{"queu":1}}`, "endpoint:\n  queu: 1",
			`line 2: endpoint: unknown key "queu"`, `line 2: endpoint: unknown key "queu"`,
		}, {
			"part of a rate", `{"endpoint":` + "\n" + `{"rate":{"event":1}}}`, "endpoint:\n  rate: {event: 1}",
			`line 2: endpoint.rate: unknown key "event"`, `line 2: endpoint.rate: unknown key "event"`,
		}, {
			"rate", `{"endpoint":` + "\n" + `{"rate":"20 a minute"}}`, "endpoint:\n  rate: 20 a minute",
			`line 2: endpoint.rate: dispatch: rate: want the form`, `line 2: endpoint.rate: dispatch: rate: want the form`,
		}, {
			"key of the retry", `{"endpoint":{"retry":` + "\n" + `{"wait":[]}}}`, "endpoint:\n  retry:\n    wait: []",
			`line 2: endpoint.retry: unknown key "wait"`, `line 3: endpoint.retry: unknown key "wait"`,
		}, {
			"key of the callback", `{"callback":` + "\n" + `{"uri":"x"}}`, "callback:\n  uri: x",
			`line 2: callback: unknown key "uri"`, `line 2: callback: unknown key "uri"`,
		}, {
			"value", `{"endpoint":` + "\n" + `{"queue":"many"}}`, "endpoint:\n  queue: many",
			`line 2: endpoint.queue: want a whole number, got a text`, `line 2: endpoint.queue: want a whole number, got a text`,
		}, {
			"order", `{"endpoint":` + "\n" + `{"order":"lates"}}`, "endpoint:\n  order: lates",
			`line 2: endpoint.order: `, `line 2: endpoint.order: `,
		}, {
			"twice", `{"name":"a",` + "\n" + `"name":"b"}`, "name: a\nname: b",
			`line 2: key "name" is given twice`, `line 2: key "name" is given twice`,
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var e dispatch.Endpoint
			require.ErrorContains(t, json.Unmarshal([]byte(tt.json), &e), tt.wantJSON)
			require.ErrorContains(t, yaml.Unmarshal([]byte(tt.yaml), &e), tt.wantYAML)
		})
	}
	for _, v := range []any{new(dispatch.Endpoint), new(dispatch.EndpointOptions), new(dispatch.Rate)} {
		require.ErrorContains(t, json.Unmarshal([]byte("{\n\"x\":1}"), v), `line 2: unknown key "x"`)
		require.ErrorContains(t, yaml.Unmarshal([]byte("\nx: 1"), v), `line 2: unknown key "x"`)
	}
}

// A handler that writes JSON would marshal an Endpoint, URL and all.
func TestEndpointsAreLoggedWithoutSecrets(t *testing.T) {
	const canary = "c4nary"
	e := dispatch.Endpoint{Name: "ops", Callback: callback.Config{
		URL: "https://u:" + canary + "@h.example/" + canary, Headers: map[string]string{"X-Key": canary},
	}}
	var log bytes.Buffer
	slog.New(slog.NewJSONHandler(&log, nil)).Info("added", "endpoint", e)
	slog.New(slog.NewTextHandler(&log, nil)).Info("added", "endpoint", e)
	fmt.Fprintf(&log, "%v %+v", e, e)
	assert.NotContains(t, log.String(), canary)
	assert.Contains(t, log.String(), `{"name":"ops","format":"","callback":"POST https://h.example"}`)
}

func TestParseEndpointsNamesThePlace(t *testing.T) {
	// Each text is wrapped in a list, on its third line.
	const ok = `{"name":"a","callback":{"url":"http://127.0.0.1/"}}`
	tests := []struct {
		name, text string
		want       []string
	}{
		{"unknown key", `{"name":"b","callbak":{}}`, []string{"line 3", "[1]", `"callbak"`}},
		{"unknown option", `{"name":"b","endpoint":{"queu":1}}`, []string{"line 3", "[1].endpoint", `"queu"`}},
		{"unknown key of the callback", `{"name":"b","callback":{"uri":"x"}}`, []string{"line 3", "[1].callback", `"uri"`}},
		{"unknown key of the retry", `{"name":"b","endpoint":{"retry":{"wait":[]}}}`, []string{"line 3", "[1].endpoint.retry", `"wait"`}},
		{"no name", `{"callback":{}}`, []string{"line 3", "[1].name", "missing"}},
		{"name twice", ok, []string{"line 3", "[1].name", `"a"`, "[0]"}},
		{"order", `{"name":"b","endpoint":{"order":"lates"}}`, []string{"line 3", "[1].endpoint.order", "latest"}},
		{"order is no text", `{"name":"b","endpoint":{"order":1}}`, []string{"line 3", "[1].endpoint.order", "latest"}},
		{"full", `{"name":"b","endpoint":{"full":"drop"}}`, []string{"line 3", "[1].endpoint.full", "drop_oldest"}},
		{"negative", `{"name":"b","endpoint":{"queue":-1}}`, []string{"line 3", "[1].endpoint", "queue"}},
		{"half a rate", `{"name":"b","endpoint":{"rate":{"events":1}}}`, []string{"line 3", "[1].endpoint", "rate: per"}},
		{"number for a duration", `{"name":"b","endpoint":{"breaker":{"cooldown":30}}}`, []string{"line 3", "breaker.cooldown"}},
		{"syntax", `{"name":"b",}`, []string{"line 3"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := dispatch.ParseEndpoints([]byte("[\n" + ok + ",\n" + tt.text + "\n]"))
			for _, want := range append(tt.want, "dispatch: endpoints: ") {
				require.ErrorContains(t, err, want)
			}
		})
	}
	for _, text := range []string{"", "null", "{}", "[", "[] []"} {
		_, err := dispatch.ParseEndpoints([]byte(text))
		require.ErrorContains(t, err, "dispatch: endpoints: ", text)
	}
	none, err := dispatch.ParseEndpoints([]byte(" [] "))
	require.NoError(t, err)
	assert.Empty(t, none)
}

func FuzzParseEndpoints(f *testing.F) {
	f.Add([]byte(`[{"name":"a","format":"raw","callback":{"url":"http://127.0.0.1/"},"endpoint":{"rate":{"events":1,"per":"1s"}}}]`))
	f.Add([]byte(`[{"name":"a","endpoint":{"order":"strict","full":"drop_oldest","retry":{"waits":["1s"]}}}]`))
	f.Fuzz(func(t *testing.T, data []byte) {
		endpoints, err := dispatch.ParseEndpoints(data)
		if err != nil {
			return
		}
		names := map[string]bool{}
		for _, e := range endpoints {
			if e.Name == "" || names[e.Name] || e.Options.Validate() != nil {
				t.Errorf("accepted: %+v", e)
			}
			names[e.Name] = true
		}
	})
}
