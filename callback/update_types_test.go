package callback_test

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/alertwire/alertwire/callback"
	"github.com/alertwire/alertwire/callback/callbacktest"
)

func TestUpdateOverTheWire(t *testing.T) {
	long := `{"rule_name":"` + strings.Repeat("x", 200_000) + `"}`
	tests := []struct {
		name string
		step http.HandlerFunc
		want error
	}{
		{"longer than another reply", callbacktest.JSON(long), nil},
		{"no content", callbacktest.Status(204), nil},
		{"too long", callbacktest.JSON(`{"rule_name":"` + strings.Repeat("x", 2<<20) + `"}`), callback.ErrRefused},
		{"ends early", callbacktest.CloseMidBody(), callback.ErrGaveUp},
		{"an error page of JSON", callbacktest.Answer(500, `{"severity":1}`), callback.ErrGaveUp},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			srv := callbacktest.NewServer(t, tt.step)
			hook, err := callback.New(callback.Config{URL: srv.URL}, callback.Options{})
			require.NoError(t, err)
			event := firing()
			got, err := callback.Update(t.Context(), hook, event, callback.UpdateOptions{
				Fields: changeable, Message: callback.Message{ID: "msg_1", Type: "firing"},
			})
			require.ErrorIs(t, err, tt.want)
			if tt.want != nil {
				assert.Equal(t, event, got)
			}
			req := srv.Await(1)[0]
			assert.Equal(t, "msg_1", req.Header.Get("Webhook-Id"))
			sent, err := callback.NewMessage(event)
			require.NoError(t, err)
			assert.Equal(t, sent.Body, req.Body)
		})
	}
}

// What the receiver says must not reach the caches of the host, which the event
// shares with everybody. The race detector watches.
func TestUpdateWritesToNothingShared(t *testing.T) {
	event := firing()
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			reply := `{"tags":["z=9"],"annotations":{"owner":"x"},"target":{"note":"other"},"config":{"k":{"z":2}}}`
			got, err := callback.Update(t.Context(), answers(200, reply), event, callback.UpdateOptions{Fields: changeable})
			if assert.NoError(t, err) {
				assert.Equal(t, "other", got.Target.Note)
			}
		})
		wg.Go(func() { assert.Equal(t, firing(), event) })
	}
	wg.Wait()
}

func TestUpdateOfOtherTypes(t *testing.T) {
	o := callback.UpdateOptions{Fields: []string{"severity", "labels", "nested"}}
	reply := answers(200, `{"severity":1,"labels":{"team":"db"}}`)

	p := &struct {
		Severity int               `json:"severity"`
		Labels   map[string]string `json:"labels"`
	}{Severity: 2, Labels: map[string]string{"a": "b"}}
	gotP, err := callback.Update(t.Context(), reply, p, o)
	require.NoError(t, err)
	assert.NotSame(t, p, gotP)
	assert.Equal(t, 2, p.Severity)
	assert.Len(t, p.Labels, 1)
	assert.Equal(t, map[string]string{"a": "b", "team": "db"}, gotP.Labels)

	m := map[string]any{"severity": 2, "n": int64(7), "labels": map[string]any{"a": "b"}}
	gotM, err := callback.Update(t.Context(), reply, m, o)
	require.NoError(t, err)
	assert.Equal(t, map[string]any{"severity": 1.0, "n": int64(7), "labels": map[string]any{"a": "b", "team": "db"}}, gotM)
	assert.Equal(t, 2, m["severity"])

	var i any = m
	gotI, err := callback.Update(t.Context(), reply, i, o)
	require.NoError(t, err)
	assert.Equal(t, gotM, gotI)

	raw := json.RawMessage(`{"unknown":[1.0,  2],"severity":2,"labels":{}}`)
	gotR, err := callback.Update(t.Context(), reply, raw, o)
	require.NoError(t, err)
	assert.JSONEq(t, `{"unknown":[1.0,2],"severity":1,"labels":{"team":"db"}}`, string(gotR))
	assert.Contains(t, string(gotR), "[1.0,  2]", "what nobody changed keeps its bytes")

	_, err = callback.Update(t.Context(), reply, []int{1}, o)
	require.ErrorContains(t, err, "is not an object")
	_, err = callback.Update(t.Context(), reply, (*alert)(nil), o)
	require.ErrorContains(t, err, "is not an object")
	_, err = callback.Update(t.Context(), reply, func() {}, o)
	require.ErrorContains(t, err, "encode")
	_, err = callback.Update(t.Context(), answers(200, `{"nested":1}`), firing(), o)
	require.ErrorContains(t, err, `no field "nested"`)
}

// The ID of what the receiver did not touch must not become another, because
// something beside it changes.
func TestUpdateKeepsTheDigitsOfNumbers(t *testing.T) {
	const id, most = 9007199254740993, 1 << 53
	event := map[string]any{"labels": map[string]any{"id": int64(id), "most": int64(most), "team": "a", "load": 0.5}}
	got, err := callback.Update(t.Context(), answers(200, `{"labels":{"team":"b","ids":[18446744073709551616,-1,1e3]}}`), event,
		callback.UpdateOptions{Fields: []string{"labels"}})
	require.NoError(t, err)
	assert.Equal(t, map[string]any{"labels": map[string]any{
		"id": json.Number("9007199254740993"), "most": float64(most), "team": "b", "load": 0.5,
		"ids": []any{18446744073709551616.0, -1.0, 1000.0},
	}}, got)
	_, err = callback.Update(t.Context(), answers(200, `{"labels":{"n":1e999}}`), event, callback.UpdateOptions{Fields: []string{"labels"}})
	require.ErrorContains(t, err, `"labels" does not fit`)
	got, err = callback.Update(t.Context(), answers(200, `{"labels":null}`), event, callback.UpdateOptions{Fields: []string{"labels"}})
	require.NoError(t, err)
	assert.Equal(t, map[string]any{"labels": nil}, got)
}

// It is the same for numbers in the maps and values of any that a struct holds.
func TestUpdateKeepsTheDigitsOfNumbersInAStruct(t *testing.T) {
	type inner struct {
		Extra map[string]any `json:"extra"`
	}
	type embedded struct {
		Note any `json:"note"`
	}
	type event struct {
		embedded
		Labels map[string]any `json:"labels"`
		Value  any            `json:"value"`
		List   []any          `json:"list"`
		Inner  *inner         `json:"inner"`
		Many   []inner        `json:"many"`
		ByName map[string]any `json:"by_name"`
		Bytes  []byte         `json:"bytes"`
		Text   json.Number    `json:"text"`
	}
	const id, exact = 9007199254740993, json.Number("9007199254740993")
	e := event{Labels: map[string]any{"id": int64(id)}, Inner: &inner{map[string]any{"id": int64(id)}}, ByName: map[string]any{"id": int64(id)}}
	o := callback.UpdateOptions{Fields: []string{"labels", "value", "list", "inner", "many", "bytes", "text", "note"}}
	got, err := callback.Update(t.Context(), answers(200, `{"labels":{"n":1},"value":9007199254740993,"list":[1.5,9007199254740993,{"a":2}],
		"inner":{"extra":{"n":null}},"many":[{"extra":{"a":[9007199254740993]}}],"bytes":"aGk=","text":3,"note":[9007199254740993,1]}`), e, o)
	require.NoError(t, err)
	assert.Equal(t, event{
		embedded: embedded{[]any{exact, 1.0}},
		Labels:   map[string]any{"id": exact, "n": 1.0}, Value: exact, List: []any{1.5, exact, map[string]any{"a": 2.0}},
		Inner: &inner{map[string]any{"id": exact, "n": nil}}, Many: []inner{{map[string]any{"a": []any{exact}}}},
		ByName: map[string]any{"id": int64(id)}, Bytes: []byte("hi"), Text: "3",
	}, got)
	assert.Equal(t, map[string]any{"id": int64(id)}, e.Inner.Extra)
	_, err = callback.Update(t.Context(), answers(200, `{"inner":{"extra":{"n":1e999}}}`), e, o)
	require.ErrorContains(t, err, `"inner" does not fit`)
}

func TestUpdateWithoutACaller(t *testing.T) {
	_, err := callback.Update(t.Context(), nil, firing(), callback.UpdateOptions{})
	require.ErrorIs(t, err, callback.ErrRefused)
}

func FuzzUpdate(f *testing.F) {
	for _, reply := range []string{
		`{"severity":1}`, `{"annotations":{"a":"b"},"tags":null}`, `null`, `{"severity":"1","rule_name":"x"}`,
		`{"hash":"h1","target":{"Load":1e2}}`, `{"drop":true}`, `{"severity":1,"severity":2}`, `{"config":{"a":{"b":[]}}}`,
	} {
		f.Add(reply)
	}
	o := callback.UpdateOptions{Fields: []string{"severity", "annotations", "tags", "config"}, AllowDrop: true}
	f.Fuzz(func(t *testing.T, reply string) {
		event := firing()
		got, err := callback.Update(t.Context(), answers(200, reply), event, o)
		if !assert.ObjectsAreEqual(firing(), event) {
			t.Errorf("%q wrote to the event", reply)
		}
		if err != nil && !assert.ObjectsAreEqual(firing(), got) {
			t.Errorf("%q was refused and changed something", reply)
		}
		fixed := got
		fixed.Severity, fixed.Annotations, fixed.Tags, fixed.Config = event.Severity, event.Annotations, event.Tags, event.Config
		if !assert.ObjectsAreEqual(event, fixed) {
			t.Errorf("%q changed what it may not", reply)
		}
		var e *callback.Error
		if err != nil && !errors.Is(err, callback.ErrDropEvent) && !errors.As(err, &e) {
			t.Errorf("%q: %v", reply, err)
		}
	})
}

func TestUpdateOfACutReplyIsAnError(t *testing.T) {
	cut := callbacktest.Recorder{Answer: func(context.Context, callback.Message, int) (callback.Reply, error) {
		return callback.Reply{Status: 200, Body: []byte(`{"severity":1}`), Truncated: true}, nil
	}}
	got, err := callback.Update(t.Context(), &cut, firing(), callback.UpdateOptions{Fields: changeable})
	require.ErrorContains(t, err, "too long", "although what is there can be read")
	assert.Equal(t, firing(), got)
}
