package callbackprom_test

import (
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"math"
	"strconv"
	"testing"

	"github.com/prometheus/client_golang/prometheus/testutil"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/alertwire/alertwire/auth"
	"github.com/alertwire/alertwire/callback"
	"github.com/alertwire/alertwire/callback/callbackprom"
	"github.com/alertwire/alertwire/challenge"
	"github.com/alertwire/alertwire/payload"
	"github.com/alertwire/alertwire/ratelimit"
)

var errFailed = errors.New("failed")

// Whoever fills in an Attempt of their own can bring neither text that is no
// label, which makes the client library panic, nor labels without end.
func TestClassesAreBounded(t *testing.T) {
	metrics, registry := newMetrics(t, callbackprom.Options{})
	for _, class := range []callback.Class{"", "made up", "\xff", callback.ClassOther} {
		metrics.Observe(t.Context(), callback.Attempt{Endpoint: "ops", Class: class, Err: errFailed})
	}
	for i := range 100 {
		metrics.Observe(t.Context(), callback.Attempt{Endpoint: "ops", Class: callback.Class(strconv.Itoa(i)), Err: errFailed})
	}
	n, err := testutil.GatherAndCount(registry, "alertwire_callback_attempts_total")
	require.NoError(t, err)
	assert.Equal(t, 1, n)
}

func TestEveryClassIsALabel(t *testing.T) {
	classes := classesOf(t, "../class.go")
	require.Greater(t, len(classes), 20)
	metrics, registry := newMetrics(t, callbackprom.Options{})
	for _, class := range classes {
		metrics.Observe(t.Context(), callback.Attempt{Endpoint: "ops", Class: class, Err: errFailed})
	}
	n, err := testutil.GatherAndCount(registry, "alertwire_callback_attempts_total")
	require.NoError(t, err)
	assert.Equal(t, len(classes), n)
}

// classesOf returns the constants of type Class in a file.
func classesOf(t *testing.T, file string) (all []callback.Class) {
	t.Helper()
	f, err := parser.ParseFile(token.NewFileSet(), file, nil, 0)
	require.NoError(t, err)
	ast.Inspect(f, func(n ast.Node) bool {
		spec, ok := n.(*ast.ValueSpec)
		if !ok {
			return true
		}
		if typ, ok := spec.Type.(*ast.Ident); ok && typ.Name == "Class" {
			text, err := strconv.Unquote(spec.Values[0].(*ast.BasicLit).Value)
			require.NoError(t, err)
			all = append(all, callback.Class(text))
		}
		return false
	})
	return all
}

// Every reason that a receiver may see, also as a hook or a middleware wraps it.
func TestReasons(t *testing.T) {
	tests := []struct {
		err  error
		want string
	}{
		{auth.ErrMissing, "missing"},
		{auth.ErrMalformed, "malformed"},
		{auth.ErrMismatch, "mismatch"},
		{auth.ErrStale, "stale"},
		{auth.ErrBodyShape, "body_shape"},
		{auth.ErrTooLarge, "too_large"},
		{challenge.ErrMalformed, "malformed"},
		{challenge.ErrUnverified, "mismatch"},
		{fmt.Errorf("%w: %w", challenge.ErrUnverified, auth.ErrStale), "stale"},
		{challenge.ErrMethod, "method"},
		{challenge.ErrTooLarge, "too_large"},
		{ratelimit.ErrLimited, "limited"},
		{ratelimit.ErrOversize, "oversize"},
		{ratelimit.ErrInFlight, "in_flight"},
		{ratelimit.ErrInvalid, "invalid"},
		{payload.ErrFormat, "format"},
		{payload.ErrInvalid, "invalid"},
		{new(payload.SyntaxError), "syntax"},
		{new(payload.FieldError), "invalid"},
		{&payload.Rejection{Status: 500}, "unavailable"},
		{&payload.Rejection{Status: 499}, "request"},
		{errFailed, "other"},
		{nil, "other"},
	}
	for _, tt := range tests {
		metrics, registry := newMetrics(t, callbackprom.Options{})
		metrics.Rejected("gate")(nil, tt.err)
		if tt.err != nil {
			metrics.Rejected("gate")(nil, fmt.Errorf("gate: %w", tt.err))
		}
		families, err := registry.Gather()
		require.NoError(t, err)
		for _, f := range families {
			if f.GetName() == "alertwire_rejected_requests_total" {
				require.Len(t, f.GetMetric(), 1, "%v", tt.err)
				assert.Equal(t, tt.want, f.GetMetric()[0].GetLabel()[1].GetValue(), "%v", tt.err)
			}
		}
	}
}

// Whether a connection was open before is known of an answer only.
func TestConnectionsAreThoseOfAnswers(t *testing.T) {
	metrics, registry := newMetrics(t, callbackprom.Options{})
	metrics.Observe(t.Context(), callback.Attempt{Endpoint: "ops", Class: callback.ClassRefused, Err: errFailed})
	n, err := testutil.GatherAndCount(registry, "alertwire_callback_connections_total")
	require.NoError(t, err)
	assert.Zero(t, n)
	metrics.Observe(t.Context(), callback.Attempt{Endpoint: "ops", Status: 500, Class: callback.ClassServer, Err: errFailed})
	n, err = testutil.GatherAndCount(registry, "alertwire_callback_connections_total")
	require.NoError(t, err)
	assert.Equal(t, 1, n)
}

func TestNamespaces(t *testing.T) {
	for namespace, good := range map[string]bool{
		"": true, "relay": true, "Relay_2": true, "_x": true,
		"2relay": false, "my-relay": false, "my relay": false, "a:b": false, "a.b": false, "ü": false, "\xff": false, "a\n": false,
	} {
		_, err := callbackprom.New(callbackprom.Options{Namespace: namespace})
		assert.Equal(t, good, err == nil, "%q: %v", namespace, err)
	}
}

func TestBuckets(t *testing.T) {
	for _, tt := range []struct {
		buckets []float64
		good    bool
	}{
		{nil, true}, {[]float64{1}, true}, {[]float64{1, 2}, true}, {[]float64{1, math.Inf(1)}, true},
		{[]float64{1, 1}, false}, {[]float64{2, 1}, false}, {[]float64{math.NaN()}, false}, {[]float64{1, math.NaN()}, false}, {[]float64{math.NaN(), 1}, false},
	} {
		_, err := callbackprom.New(callbackprom.Options{Buckets: tt.buckets})
		assert.Equal(t, tt.good, err == nil, "%v: %v", tt.buckets, err)
	}
}
