package callbackprom_test

import (
	"errors"
	"go/ast"
	"go/parser"
	"go/token"
	"math"
	"strconv"
	"testing"

	"github.com/prometheus/client_golang/prometheus/testutil"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/alertwire/alertwire/callback"
	"github.com/alertwire/alertwire/callback/callbackprom"
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
