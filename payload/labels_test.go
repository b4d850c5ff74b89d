package payload_test

import (
	"encoding/json"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/alertwire/alertwire/payload"
)

func TestLabels(t *testing.T) {
	var none payload.Labels
	assert.Empty(t, none.Get("a"))
	assert.Empty(t, none.Map())
	assert.NotNil(t, none.Map())
	assert.Nil(t, none.Clone())
	assert.Equal(t, payload.Labels{{"a", "1"}}, none.With("a", "1"))

	l := payload.Labels{{"b", "1"}, {"a", ""}, {"b", "2"}}
	value, ok := l.Lookup("a")
	assert.True(t, ok, "an empty label is there")
	assert.Empty(t, value)
	_, ok = l.Lookup("c")
	assert.False(t, ok)
	assert.Equal(t, "2", l.Get("b"), "the last of a name counts")
	assert.Equal(t, map[string]string{"a": "", "b": "2"}, l.Map())
	assert.Equal(t, l.Map(), maps.Collect(l.All()))
	for name := range l.All() {
		assert.Equal(t, "b", name)
		break
	}
	assert.Equal(t, payload.Labels{{"a", ""}, {"b", "2"}}, l.Sorted())
	assert.Equal(t, payload.Labels{{"a", "1"}, {"b", "2"}}, payload.LabelsOf(map[string]string{"b": "2", "a": "1"}))

	changed := l.With("b", "3")
	assert.Equal(t, "3", changed.Get("b"))
	assert.Equal(t, "2", l.Get("b"), "With must not change its receiver")
	assert.Len(t, l.With("c", "4"), 4)
	clone := l.Clone()
	clone[0].Value = "changed"
	assert.Equal(t, "1", l[0].Value)
}

func TestLabelsJSON(t *testing.T) {
	b, err := json.Marshal(payload.Labels{{"b", "1\n"}, {"a", "2"}})
	require.NoError(t, err)
	assert.Equal(t, `{"b":"1\n","a":"2"}`, string(b))
	b, err = json.Marshal(payload.Labels(nil))
	require.NoError(t, err)
	assert.Equal(t, `{}`, string(b))

	l := payload.Labels{{"old", "x"}}
	require.NoError(t, json.Unmarshal([]byte(` {"b":"1","a":"2"}`), &l))
	assert.Equal(t, payload.Labels{{"b", "1"}, {"a", "2"}}, l)
	var syntax *payload.SyntaxError
	require.ErrorAs(t, json.Unmarshal([]byte(`{"b":1}`), &l), &syntax)
	assert.Equal(t, payload.SyntaxError{Format: "labels", Field: "b", Offset: 5, Reason: "want a string, found a number"}, *syntax)
	assert.Len(t, l, 2, "an error leaves the labels alone")
}

func TestWithSetsALabelInItsPlace(t *testing.T) {
	labels := payload.Labels{{Name: "a", Value: "1"}, {Name: "b", Value: "2"}, {Name: "a", Value: "3"}}
	before := slices.Clone(labels)
	assert.Equal(t, payload.Labels{{Name: "a", Value: "1"}, {Name: "b", Value: "x"}, {Name: "a", Value: "3"}}, labels.With("b", "x"))
	assert.Equal(t, payload.Labels{{Name: "a", Value: "1"}, {Name: "b", Value: "2"}, {Name: "a", Value: "x"}}, labels.With("a", "x"), "the last counts")
	assert.Equal(t, payload.Labels{{Name: "a", Value: "x"}, {Name: "b", Value: "2"}}, labels[:2].With("a", "x"), "the first place")
	assert.Equal(t, append(before[:3:3], payload.Label{Name: "c", Value: "x"}), labels.With("c", "x"))
	assert.Equal(t, before, labels)
}

func TestLabelsInALog(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	log := slog.New(slog.NewTextHandler(&b, nil))
	log.Info("seen", "labels", payload.Labels{{Name: "alertname", Value: "Disk full"}, {Name: "job", Value: "db"}})
	assert.Contains(t, b.String(), ` labels.alertname="Disk full" labels.job=db`)
}
