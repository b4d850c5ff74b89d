package callback_test

import (
	"encoding/json"
	"math"
	"testing"
	"time"

	"github.com/alertwire/alertwire/callback"
	"github.com/alertwire/alertwire/callback/callbacktest"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/assert/yaml"
	"github.com/stretchr/testify/require"
)

func TestRetryPolicyValidate(t *testing.T) {
	waits := []time.Duration{time.Second}
	for _, p := range []callback.RetryPolicy{
		{}, {Attempts: 1}, {Factor: 1}, {Waits: []time.Duration{0}}, {Statuses: []int{100, 599}}, {Waits: waits, Cap: 1},
	} {
		assert.NoError(t, p.Validate(), "%+v", p)
	}
	for field, p := range map[string]callback.RetryPolicy{
		"attempts": {Attempts: -1},
		"base":     {Base: -1},
		"factor":   {Factor: 0.99},
		"cap":      {Cap: -1},
		"elapsed":  {Elapsed: -1},
		"waits":    {Waits: []time.Duration{1, -1}},
		"exclude":  {Waits: waits, Base: 1},
		"600":      {Statuses: []int{600}},
		"99":       {Statuses: []int{99}},
	} {
		assert.ErrorContains(t, p.Validate(), field)
	}
	assert.ErrorContains(t, callback.RetryPolicy{Factor: math.NaN()}.Validate(), "factor")
}

func TestAPolicyThatMakesNoSenseSendsNothing(t *testing.T) {
	for name, d := range map[string]callback.Decorator{
		"retry":    callback.Retry(callback.RetryPolicy{Base: -1}),
		"breaker":  callback.Breaker(callback.BreakerPolicy{Failures: -1}),
		"bulkhead": callback.Bulkhead(0),
		"limit":    callback.Limit("k", nil),
	} {
		t.Run(name, func(t *testing.T) {
			var r callbacktest.Recorder
			_, err := d(&r).Call(t.Context(), callback.Message{})
			require.ErrorIs(t, err, callback.ErrRefused)
			assert.ErrorContains(t, err, name)
			assert.Empty(t, r.Messages())
		})
	}
}

func TestPoliciesAreTheSameInJSONAndYAML(t *testing.T) {
	retry := callback.RetryPolicy{
		Attempts: 6, Base: 500 * time.Millisecond, Factor: 1.5, Cap: time.Minute,
		Elapsed: time.Hour, Statuses: []int{404},
	}
	listed := callback.RetryPolicy{Waits: []time.Duration{10 * time.Second, 2 * time.Minute}}
	breaker := callback.BreakerPolicy{Failures: 3, Cooldown: time.Minute, Cap: time.Hour}

	same(t, retry, `{"attempts":6,"base":"500ms","factor":1.5,"cap":"1m0s","elapsed":"1h0m0s","statuses":[404]}`)
	same(t, listed, `{"waits":["10s","2m0s"]}`)
	same(t, breaker, `{"failures":3,"cooldown":"1m0s","cap":"1h0m0s"}`)
	same(t, callback.BreakerPolicy{Off: true}, `{"off":true}`)
}

// same checks that v and text are the same configuration. JSON is YAML, too.
func same[T any](t *testing.T, v T, text string) {
	t.Helper()
	got, err := json.Marshal(v)
	require.NoError(t, err)
	assert.Equal(t, text, string(got))
	var fromJSON, fromYAML T
	require.NoError(t, json.Unmarshal([]byte(text), &fromJSON))
	assert.Equal(t, v, fromJSON)
	require.NoError(t, yaml.Unmarshal([]byte(text), &fromYAML))
	assert.Equal(t, v, fromYAML)
}

func TestPoliciesRefuseWhatTheyDoNotKnow(t *testing.T) {
	var retry callback.RetryPolicy
	require.ErrorContains(t, json.Unmarshal([]byte(`{"attempt":3}`), &retry), `"attempt"`)
	require.ErrorContains(t, json.Unmarshal([]byte(`{"base":5}`), &retry), "duration")
	var breaker callback.BreakerPolicy
	require.ErrorContains(t, json.Unmarshal([]byte("{\n\"cool\":\"3s\"}"), &breaker), "line 2")
}
