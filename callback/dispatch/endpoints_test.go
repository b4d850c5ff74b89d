package dispatch_test

import (
	"encoding/json"
	"fmt"
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
    rate: {events: 20, per: 1m}
    retry: {attempts: 6, cap: 5m}
    breaker: {cooldown: 10s}
`), &got))
	want, err := dispatch.ParseEndpoints([]byte(`[{"name":"ops","format":"raw",
		"callback":{"url":"https://ops.example.com/hook","timeout":"5s"},
		"endpoint":{"concurrency":4,"order":"strict","full":"drop_oldest","rate":{"events":20,"per":"1m"},
		"retry":{"attempts":6,"cap":"5m"},"breaker":{"cooldown":"10s"}}}]`))
	require.NoError(t, err)
	assert.Equal(t, want, got)
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
