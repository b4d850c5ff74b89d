package callback_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/alertwire/alertwire/callback"
	"github.com/alertwire/alertwire/callback/callbacktest"
)

// An alert is an event as a host has it: fields of every kind, shared with its
// caches.
type alert struct {
	Hash        string            `json:"hash"`
	Severity    int               `json:"severity"`
	RuleName    string            `json:"rule_name"`
	Tags        []string          `json:"tags"`
	Annotations map[string]string `json:"annotations"`
	Target      *target           `json:"target"`
	Config      any               `json:"config,omitempty"`
	Count       int64             `json:"count,string"`
	*Origin
	Cached string `json:"-"`
	hidden string
}

type target struct {
	Note string `json:"note"`
	Load float64
}

// Origin is exported, because encoding/json sets no embedded pointer to a type
// that is not.
type Origin struct {
	Cluster string `json:"cluster,omitempty"`
	Region  string `json:"-"`
}

func firing() alert {
	return alert{
		Hash: "h1", Severity: 2, RuleName: "CPU <10%", Tags: []string{"a=b", "c=d"},
		Annotations: map[string]string{"summary": "high", "owner": "nobody"},
		Target:      &target{Note: "rack 4", Load: 12.50}, Count: 3, Cached: "kept", hidden: "kept",
		Origin: &Origin{Cluster: "prom-0", Region: "eu"},
	}
}

// answers returns a Caller whose receiver answers with a status and body.
func answers(status int, body string, header ...string) *callbacktest.Recorder {
	h := http.Header{"Content-Type": {"application/json"}}
	for i := 0; i+1 < len(header); i += 2 {
		h.Set(header[i], header[i+1])
	}
	return &callbacktest.Recorder{Answer: func(context.Context, callback.Message, int) (callback.Reply, error) {
		return callback.Reply{Status: status, Header: h, Body: []byte(body), Attempts: 1}, nil
	}}
}

func ExampleUpdate() {
	type event struct {
		Rule        string            `json:"rule"`
		Severity    int               `json:"severity"`
		Annotations map[string]string `json:"annotations"`
	}
	receiver := answers(200, `{"severity": 1, "annotations": {"owner": "team-db"}}`) // stands for a webhook

	before := event{Rule: "CPU", Severity: 2, Annotations: map[string]string{"summary": "CPU is hot"}}
	after, err := callback.Update(context.Background(), receiver, before, callback.UpdateOptions{
		Fields: []string{"severity", "annotations"},
	})
	fmt.Println(after.Severity, after.Annotations, err)
	fmt.Println(before.Severity, before.Annotations)
	// Output:
	// 1 map[owner:team-db summary:CPU is hot] <nil>
	// 2 map[summary:CPU is hot]
}

var changeable = []string{"severity", "rule_name", "tags", "annotations", "target", "config", "count", "cluster"}

func TestUpdateMerges(t *testing.T) {
	with := func(change func(*alert)) alert {
		a := firing()
		change(&a)
		return a
	}
	whole, err := json.Marshal(firing())
	require.NoError(t, err)
	tests := []struct {
		name, reply string
		want        alert
	}{
		{"nothing", ``, firing()},
		{"white space", " \n", firing()},
		{"null", ` null `, firing()},
		{"empty object", `{ }`, firing()},
		{"the event itself", string(whole), firing()},
		{"a number in another form", `{"target":{"note":"rack 4","Load":12.50},"hash":"h1"}`, firing()},
		{"number", `{"severity":1}`, with(func(a *alert) { a.Severity = 1 })},
		{"text", `{"rule_name":"é\n"}`, with(func(a *alert) { a.RuleName = "é\n" })},
		{"list", `{"tags":["x"]}`, with(func(a *alert) { a.Tags = []string{"x"} })},
		{"map", `{"annotations":{"owner":"me"}}`, with(func(a *alert) { a.Annotations["owner"] = "me" })},
		{"object", `{"target":{"note":"rack 5"}}`, with(func(a *alert) { a.Target.Note = "rack 5" })},
		{"null clears", `{"annotations":null,"tags":null,"severity":null,"target":null}`, with(func(a *alert) {
			a.Annotations, a.Tags, a.Severity, a.Target = nil, nil, 0, nil
		})},
		{"a field that was left out", `{"config":{"a":[1]}}`, with(func(a *alert) { a.Config = map[string]any{"a": []any{1.0}} })},
		{"as the tag says", `{"count":"4"}`, with(func(a *alert) { a.Count = 4 })},
		{"embedded", `{"cluster":"prom-1"}`, with(func(a *alert) { a.Origin = &Origin{Cluster: "prom-1", Region: "eu"} })},
		{"one name in several places", `{"annotations":{"a":"a"},"config":{"a":[{"a":1},{"a":"a"}]}}`, with(func(a *alert) {
			a.Annotations["a"] = "a"
			a.Config = map[string]any{"a": []any{map[string]any{"a": 1.0}, map[string]any{"a": "a"}}}
		})},
		{"same as it is, beside a change", `{"hash":"h1","severity":1}`, with(func(a *alert) { a.Severity = 1 })},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			event := firing()
			got, err := callback.Update(t.Context(), answers(200, tt.reply), event, callback.UpdateOptions{Fields: changeable})
			require.NoError(t, err)
			assert.Equal(t, tt.want, got)
			assert.Equal(t, firing(), event, "the event that was given stays as it was")
		})
	}
}

func TestUpdateIsAllOrNothing(t *testing.T) {
	tests := []struct{ name, reply, want string }{
		{"list", `[]`, "not an object"},
		{"text", `"x"`, "not an object"},
		{"page", `<html>no</html>`, "not JSON"},
		{"cut", `{"severity":1,"rule_name":"chan`, "not JSON"},
		{"trailing", `{"severity":1} {}`, "more than one value"},
		{"trailing garbage", `{"severity":1}x`, "more than one value"},
		{"wrong type after a right one", `{"rule_name":"changed","severity":"1"}`, `"severity"`},
		{"wrong type within", `{"annotations":{"a":1}}`, `"annotations"`},
		{"number too large", `{"severity":1e99}`, `"severity"`},
		{"not allowed", `{"severity":1,"hash":"other"}`, `"hash"`},
		{"case", `{"SEVERITY":1}`, "field that the event does not have"},
		{"error page", `{"err":"boom"}`, "field that the event does not have"},
		{"envelope", `{"dat":{"severity":1},"err":""}`, "field that the event does not have"},
		{"unknown beside known", `{"severity":1,"canary-9d":1}`, "field that the event does not have"},
		{"twice", `{"severity":1,"severity":3}`, "twice"},
		{"twice within", `{"annotations":{"a":"1","b":[{}],"a":"2"}}`, "twice"},
		{"twice in a list", `{"tags":["a"],"config":{"x":[1e999,{"y":[],"y":{}}]}}`, "twice"},
		{"drop without leave", `{"drop":true}`, "field that the event does not have"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			event := firing()
			got, err := callback.Update(t.Context(), answers(200, tt.reply), event, callback.UpdateOptions{Fields: changeable})
			require.ErrorIs(t, err, callback.ErrRefused)
			require.ErrorContains(t, err, tt.want)
			var e *callback.Error
			require.ErrorAs(t, err, &e)
			assert.Equal(t, callback.ClassReply, e.Class)
			assert.Equal(t, 200, e.Status)
			assert.NotEmpty(t, e.Snippet)
			assert.NotContains(t, err.Error(), "canary", "the receiver does not write our log")
			assert.Equal(t, firing(), got)
			assert.Equal(t, firing(), event)
		})
	}
}

func TestUpdateAllowsNothingByDefault(t *testing.T) {
	_, err := callback.Update(t.Context(), answers(200, `{"severity":1}`), firing(), callback.UpdateOptions{})
	require.ErrorContains(t, err, `"severity" may not be changed`)
}

func TestUpdateContentType(t *testing.T) {
	for typ, ok := range map[string]bool{
		"application/json; charset=utf-8": true, "application/problem+json": true, "text/plain": true, "": true,
		"text/html": false, "application/octet-stream": false, "; broken": false,
	} {
		_, err := callback.Update(t.Context(), answers(200, `{"severity":1}`, "Content-Type", typ), firing(), callback.UpdateOptions{Fields: changeable})
		assert.Equal(t, ok, err == nil, "%q: %v", typ, err)
	}
	_, err := callback.Update(t.Context(), answers(204, "", "Content-Type", "text/html"), firing(), callback.UpdateOptions{})
	require.NoError(t, err, "what is empty has no type")
}

func TestUpdateDrop(t *testing.T) {
	o := callback.UpdateOptions{AllowDrop: true, Fields: []string{"severity"}}
	got, err := callback.Update(t.Context(), answers(200, ` {"drop": true}`), firing(), o)
	require.ErrorIs(t, err, callback.ErrDropEvent)
	assert.Equal(t, firing(), got)
	for _, reply := range []string{`{"drop":false}`, `{"drop":"true"}`, `{"drop":true,"severity":1}`, `{"Drop":true}`} {
		_, err := callback.Update(t.Context(), answers(200, reply), firing(), o)
		require.ErrorIs(t, err, callback.ErrRefused, reply)
	}
}

func TestUpdateFailsAsTheCallFails(t *testing.T) {
	r := callbacktest.Recorder{Answer: callbacktest.Fail(callbacktest.Failure(500))}
	event := firing()
	got, err := callback.Update(t.Context(), &r, event, callback.UpdateOptions{Fields: changeable})
	require.ErrorIs(t, err, callback.ErrGaveUp)
	assert.Equal(t, event, got)
}
