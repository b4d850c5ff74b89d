package nightingale_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/alertwire/alertwire/payload"
	"github.com/alertwire/alertwire/payload/nightingale"
)

func labels(pairs ...string) payload.Labels {
	var l payload.Labels
	for i := 0; i < len(pairs); i += 2 {
		l = append(l, payload.Label{Name: pairs[i], Value: pairs[i+1]})
	}
	return l
}

func TestLabels(t *testing.T) {
	tests := []struct {
		name string
		e    nightingale.AlertEvent
		want payload.Labels
	}{
		{"the map", nightingale.AlertEvent{TagsMap: labels("a", "1"), Tags: []string{"b=2"}}, labels("a", "1")},
		{"the tags", nightingale.AlertEvent{Tags: []string{"b=2", "a=x=y"}}, labels("b", "2", "a", "x=y")},
		{"an empty map", nightingale.AlertEvent{TagsMap: payload.Labels{}, Tags: []string{" b = 2 "}}, labels("b", "2")},
		{"what is no tag", nightingale.AlertEvent{Tags: []string{"", "torn", "a="}}, labels("a", "")},
		{"after the database", nightingale.AlertEvent{Tags: []string{""}}, nil},
		{"none", nightingale.AlertEvent{}, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) { assert.Equal(t, tt.want, tt.e.Labels()) })
	}
}

func TestSetLabels(t *testing.T) {
	e := decodeOne(t, "event-firing")
	e.SetLabels(e.Labels().With("team", "db").With("env", "dev"))
	assert.Equal(t, []string{"rulename=CPU", "ident=host-01", "env=dev", "team=db"}, e.Tags)
	assert.Equal(t, labels("env", "dev", "ident", "host-01", "rulename", "CPU", "team", "db"), e.TagsMap)
	assert.Equal(t, e.TagsMap, e.Labels())

	e.SetLabels(labels(" a=b ", " 1 ", "", "lost", "k", "x=y", "k", "z"))
	assert.Equal(t, labels("a_b", "1", "k", "z"), e.TagsMap)
	assert.Equal(t, []string{"a_b=1", "k=z"}, e.Tags)

	e.SetLabels(nil)
	assert.Empty(t, e.Tags)
	assert.Empty(t, e.TagsMap)
}

// Whatever labels are set, both forms say the same, and Nightingale, which goes
// by the tags, reads them.
func FuzzSetLabels(f *testing.F) {
	f.Add("a", "b", "c=d", "e")
	f.Add(" ", "=", "a", "\u00a0x")
	f.Fuzz(func(t *testing.T, a, b, c, d string) {
		var e nightingale.AlertEvent
		e.SetLabels(labels(a, b, c, d, b, a))
		byTags := nightingale.AlertEvent{Tags: e.Tags}
		require.Equal(t, e.TagsMap.Map(), byTags.Labels().Map())
	})
}

// Encoding keeps tags and tags_map in step, and leaves alone what it did not
// come to change.
func TestTagsFollowEachOther(t *testing.T) {
	const both = `"tags":["b=2","x","a=1"],"tags_map":{"a":"1","b":"2"}`
	tests := []struct {
		name       string
		body, want string // without rule_name
		change     func(*nightingale.AlertEvent)
	}{
		{"unchanged", both, both, func(*nightingale.AlertEvent) {}},
		{"tags changed", both, `"tags":["b=3","c=4"],"tags_map":{"b":"3","c":"4"}`,
			func(e *nightingale.AlertEvent) { e.Tags = []string{"b=3", "c=4"} }},
		{"a tag less", both, `"tags":["b=2"],"tags_map":{"b":"2"}`, func(e *nightingale.AlertEvent) { e.Tags = e.Tags[:1] }},
		{"a label less", both, `"tags":["a=1"],"tags_map":{"a":"1"}`, func(e *nightingale.AlertEvent) { e.TagsMap = e.TagsMap[:1] }},
		{"tags changed in place", both, `"tags":["b=9","x","a=1"],"tags_map":{"a":"1","b":"9"}`,
			func(e *nightingale.AlertEvent) { e.Tags[0] = "b=9" }},
		{"map changed", both, `"tags":["b=7","a=1","c=3"],"tags_map":{"a":"1","b":"7","c":"3"}`,
			func(e *nightingale.AlertEvent) { e.TagsMap = labels("a", "1", "b", "7", "c", "3") }},
		{"map emptied", both, `"tags":null,"tags_map":null`, func(e *nightingale.AlertEvent) { e.TagsMap = nil }},
		{"tags emptied", both, `"tags":null,"tags_map":null`, func(e *nightingale.AlertEvent) { e.Tags = nil }},
		{"both changed alike", both, `"tags":["c=1"],"tags_map":{"c":"1"}`,
			func(e *nightingale.AlertEvent) { e.Tags, e.TagsMap = []string{"c=1"}, labels("c", "1") }},
		{"both changed, in disagreement", both, `"tags":["c=1"],"tags_map":{"c":"1"}`,
			func(e *nightingale.AlertEvent) { e.Tags, e.TagsMap = []string{"c=1"}, labels("d", "2") }},
		{"came in disagreement", `"tags":["a=1"],"tags_map":{"a":"2"}`, `"tags":["a=1"],"tags_map":{"a":"2"}`,
			func(e *nightingale.AlertEvent) {}},
		{"came with tags alone", `"tags":["a=1"]`, `"tags":["a=1"]`, func(*nightingale.AlertEvent) {}},
		{"came with the map alone", `"tags_map":{"a":"1"}`, `"tags_map":{"a":"1"}`, func(*nightingale.AlertEvent) {}},
		{"came in disagreement, tags changed", `"tags":["a=1"],"tags_map":{"a":"2"}`, `"tags":["a=3"],"tags_map":{"a":"3"}`,
			func(e *nightingale.AlertEvent) { e.Tags[0] = "a=3" }},
		{"the same tag twice", `"tags":["a=1","a=1"],"tags_map":{"a":"1","b":"2"}`, `"tags":["a=1","a=1","c=3"],"tags_map":{"a":"1","c":"3"}`,
			func(e *nightingale.AlertEvent) { e.Tags = append(e.Tags, "c=3") }},
		{"the same name twice", `"tags":["a=1","a=2"],"tags_map":{"a":"2"}`, `"tags":["a=1","a=2"],"tags_map":{"a":"2"}`,
			func(*nightingale.AlertEvent) {}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			body, want := `{"rule_name":"r",`+tt.body+`}`, `{"rule_name":"r",`+tt.want+`}`
			m := decode(t, []byte(body))
			tt.change(&m.Alerts[0])
			before := madeEvent(&m.Alerts[0])
			assert.Equal(t, want, encode(t, m))
			assert.Equal(t, before, madeEvent(&m.Alerts[0]), "encoding changes nothing in Go")

			m = decode(t, []byte("["+body+","+body+"]"))
			tt.change(&m.Alerts[1])
			assert.Equal(t, "["+body+","+want+"]", encode(t, m))
			assert.Equal(t, before, madeEvent(&m.Alerts[1]), "nor in a list")
		})
	}
}

func TestTagsOfEventsMadeInGo(t *testing.T) {
	text := encode(t, &nightingale.AlertEvent{Tags: []string{"b=2", "a=1"}})
	assert.Contains(t, text, `"tags":["b=2","a=1"],"tags_map":{"a":"1","b":"2"}`)
	text = encode(t, &nightingale.AlertEvent{TagsMap: labels("b", "2", "a", "1")})
	assert.Contains(t, text, `"tags":["b=2","a=1"],"tags_map":{"b":"2","a":"1"}`)
}

// More labels than are compared one by one.
func TestManyTags(t *testing.T) {
	for _, n := range []int{64, 65, 5000} {
		var e nightingale.AlertEvent
		for i := range n {
			e.Tags = append(e.Tags, fmt.Sprintf("name%04d=%d", i, i))
		}
		text := encode(t, &e)
		again := decode(t, []byte(text))
		require.Len(t, again.Alerts[0].TagsMap, n)
		assert.Equal(t, text, encode(t, again))
		again.Alerts[0].Tags[n-1] = "last=1"
		assert.Contains(t, encode(t, again), `"last":"1"`)
		again.Alerts[0].Tags = again.Alerts[0].Tags[:n-1]
		assert.NotContains(t, encode(t, again), fmt.Sprintf(`"name%04d":`, n-1))
	}
}

func TestSyncTags(t *testing.T) {
	before := &nightingale.AlertEvent{Tags: []string{"a=1"}, TagsMap: labels("a", "1")}

	after := &nightingale.AlertEvent{Tags: []string{"a=2", "b=1"}, TagsMap: labels("a", "1")}
	after.SyncTags(before)
	assert.Equal(t, labels("a", "2", "b", "1"), after.TagsMap)

	after = &nightingale.AlertEvent{Tags: []string{"a=1"}, TagsMap: labels("b", "2")}
	after.SyncTags(before)
	assert.Equal(t, []string{"b=2"}, after.Tags)

	after = &nightingale.AlertEvent{TagsMap: labels("b", "2")}
	after.SyncTags(nil)
	assert.Equal(t, []string{"b=2"}, after.Tags)
}
