package payload_test

import (
	"encoding/json"
	"log/slog"
	"reflect"
	"strings"
	"testing"
	"time"
	"unsafe"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/alertwire/alertwire/payload"
)

func TestEventJSON(t *testing.T) {
	e := payload.Event{
		Source: "alertmanager", ID: "1", Key: "k", Kind: payload.KindFiring, Severity: payload.SeverityWarning, Title: "t", Text: "x",
		Time: time.Date(2026, 1, 2, 3, 4, 5, 6, time.UTC), Labels: payload.Labels{{"a", "b"}}, Annotations: payload.Labels{}, URL: "u",
	}
	const want = `{"source":"alertmanager","id":"1","key":"k","kind":"firing","severity":"warning","title":"t","text":"x",` +
		`"time":"2026-01-02T03:04:05.000000006Z","labels":{"a":"b"},"annotations":{},"url":"u"}`
	b, err := json.Marshal(e)
	require.NoError(t, err)
	assert.Equal(t, want, string(b))

	var back payload.Event
	require.NoError(t, json.Unmarshal(b, &back))
	assert.Equal(t, e, back)

	b, err = (&payload.Event{Source: "s", Kind: payload.KindTest}).AppendJSON([]byte("> "))
	require.NoError(t, err)
	assert.Equal(t, `> {"source":"s","kind":"test","title":"","labels":{},"annotations":{}}`, string(b))

	var syntax *payload.SyntaxError
	require.ErrorAs(t, json.Unmarshal([]byte(`{"time":"soon"}`), &back), &syntax)
	assert.Equal(t, "payload: event: time: not an RFC 3339 time (offset 8)", syntax.Error())
}

// The clone of an event must not keep the body alive that the event is from.
func TestEventCloneSharesNothing(t *testing.T) {
	body := strings.Repeat("body", 20)
	at := func(i int) string { return body[i : i+4] }
	e := payload.Event{
		Source: at(0), ID: at(1), Key: at(2), Kind: payload.Kind(at(3)), Severity: payload.Severity(at(4)), Title: at(5), Text: at(6),
		Labels: payload.Labels{{at(7), at(8)}}, Annotations: payload.Labels{{at(9), at(10)}}, URL: at(11),
	}
	clone := e.Clone()
	assert.Equal(t, e, clone)
	from := uintptr(unsafe.Pointer(unsafe.StringData(body)))
	for _, s := range stringsIn(reflect.ValueOf(clone)) {
		p := uintptr(unsafe.Pointer(unsafe.StringData(s)))
		assert.False(t, from <= p && p < from+uintptr(len(body)), "%q is part of the body", s)
	}
}

func stringsIn(v reflect.Value) (all []string) {
	switch v.Kind() {
	case reflect.String:
		all = append(all, v.String())
	case reflect.Struct:
		for i := range v.NumField() {
			if v.Type().Field(i).IsExported() {
				all = append(all, stringsIn(v.Field(i))...)
			}
		}
	case reflect.Slice:
		for i := range v.Len() {
			all = append(all, stringsIn(v.Index(i))...)
		}
	}
	return all
}

func TestParseSeverity(t *testing.T) {
	for word, want := range map[string]payload.Severity{
		"critical": payload.SeverityCritical, "CRITICAL": payload.SeverityCritical, "page": payload.SeverityCritical, "error": payload.SeverityCritical,
		"Warning": payload.SeverityWarning, "warn": payload.SeverityWarning,
		"Info": payload.SeverityInfo, "notice": payload.SeverityInfo, "none": payload.SeverityInfo,
		"": "", "purple": "", "1": "",
	} {
		assert.Equal(t, want, payload.ParseSeverity(word), word)
	}
}

func TestID(t *testing.T) {
	assert.Len(t, payload.ID(), 32)
	assert.Equal(t, payload.ID("a", "b"), payload.ID("a", "b"))
	assert.NotEqual(t, payload.ID("a", "b"), payload.ID("ab", ""))
	assert.NotEqual(t, payload.ID("a", "b"), payload.ID("a", "b", ""))
	assert.NotEqual(t, payload.ID(strings.Repeat("x", 1000)), payload.ID(strings.Repeat("x", 1001)))
}

func TestEventInALog(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	slog.New(slog.NewTextHandler(&b, nil)).Info("seen", "event", payload.Event{
		Source: "netdata", ID: "1", Key: "k", Kind: payload.KindFiring, Severity: payload.SeverityInfo, Title: "a title",
		Text: "a long text", Labels: payload.Labels{{Name: "who", Value: "somebody"}},
	})
	assert.Contains(t, b.String(), ` event.source=netdata event.id=1 event.key=k event.kind=firing event.severity=info event.title="a title"`)
	assert.NotContains(t, b.String(), "long")
	assert.NotContains(t, b.String(), "somebody")
}
