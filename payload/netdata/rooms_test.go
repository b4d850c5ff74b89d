package netdata_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/alertwire/alertwire/payload/internal/wiretest"
	"github.com/alertwire/alertwire/payload/netdata"
)

// Every shape of rooms is read, and keeps its shape when one is changed, added
// or taken away.
func TestRooms(t *testing.T) {
	rename := func(r netdata.Rooms) netdata.Rooms { r[0].Name = "new"; return r }
	move := func(r netdata.Rooms) netdata.Rooms { r[0].URL = "new"; return r }
	grow := func(r netdata.Rooms) netdata.Rooms { return append(r, netdata.Room{Name: "c", URL: "3"}) }
	shrink := func(r netdata.Rooms) netdata.Rooms { return r[1:] }
	none := func(netdata.Rooms) netdata.Rooms { return nil }
	two := netdata.Rooms{{Name: "a", URL: "1"}, {Name: "b", URL: "2"}}
	tests := []struct {
		name, text                           string
		want                                 netdata.Rooms
		renamed, moved, grown, shrunk, empty string
	}{
		{"URLs by name", `{ "a":"1", "b":"2" }`, two,
			`{"new":"1","b":"2"}`, `{"a":"new","b":"2"}`, `{"a":"1","b":"2","c":"3"}`, `{"b":"2"}`, `{}`},
		{"objects by name", `{"a":{"url":"1","id":1.0}, "b":{"url":"2"}}`, two,
			`{"new":{"url":"1","id":1.0},"b":{"url":"2"}}`, `{"a":{"url":"new","id":1.0},"b":{"url":"2"}}`,
			`{"a":{"url":"1","id":1.0},"b":{"url":"2"},"c":{"name":"c","url":"3"}}`, `{"b":{"url":"2"}}`, `{}`},
		{"objects with their names", `{"a":{"name":"a","url":"1"},"b":{"name":"b","url":"2","x":[ ]}}`, two,
			`{"new":{"name":"new","url":"1"},"b":{"name":"b","url":"2","x":[ ]}}`, `{"a":{"name":"a","url":"new"},"b":{"name":"b","url":"2","x":[ ]}}`,
			`{"a":{"name":"a","url":"1"},"b":{"name":"b","url":"2","x":[ ]},"c":{"name":"c","url":"3"}}`, `{"b":{"name":"b","url":"2","x":[ ]}}`, `{}`},
		{"objects by id", `{"7":{"name":"a","url":"1"},"8":{"name":"b","url":"2"}}`, two,
			`{"new":{"name":"new","url":"1"},"8":{"name":"b","url":"2"}}`, `{"7":{"name":"a","url":"new"},"8":{"name":"b","url":"2"}}`,
			`{"7":{"name":"a","url":"1"},"8":{"name":"b","url":"2"},"c":{"name":"c","url":"3"}}`, `{"8":{"name":"b","url":"2"}}`, `{}`},
		{"nulls by name", `{"a":null,"b":"2"}`, netdata.Rooms{{Name: "a"}, {Name: "b", URL: "2"}},
			`{"new":null,"b":"2"}`, `{"a":"new","b":"2"}`, `{"a":null,"b":"2","c":"3"}`, `{"b":"2"}`, `{}`},
		{"list of objects", `[{"url":"1","name":"a","id":1.0}, {"name":"b","url":"2"}]`, two,
			`[{"url":"1","name":"new","id":1.0},{"name":"b","url":"2"}]`, `[{"url":"new","name":"a","id":1.0},{"name":"b","url":"2"}]`,
			`[{"url":"1","name":"a","id":1.0},{"name":"b","url":"2"},{"name":"c","url":"3"}]`, `[{"name":"b","url":"2"}]`, `{}`},
		{"list of names", `["a", "b"]`, netdata.Rooms{{Name: "a"}, {Name: "b"}},
			`["new","b"]`, `[{"name":"a","url":"new"},"b"]`, `["a","b",{"name":"c","url":"3"}]`, `["b"]`, `{}`},
		{"a mixture", `{"a":{"url":"1"},"b":"2"}`, two,
			`{"new":{"url":"1"},"b":"2"}`, `{"a":{"url":"new"},"b":"2"}`, `{"a":{"url":"1"},"b":"2","c":{"name":"c","url":"3"}}`, `{"b":"2"}`, `{}`},
		{"equal names", `{"a":"1","a":"2"}`, netdata.Rooms{{Name: "a", URL: "1"}, {Name: "a", URL: "2"}},
			`{"new":"1","a":"2"}`, `{"a":"new","a":"2"}`, `{"a":"1","a":"2","c":"3"}`, `{"a":"2"}`, `{}`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			body := func(rooms string) string { return `{"alert":"n","rooms":` + rooms + `,"x":1}` }
			a := read(t, body(tt.text)).Alert
			require.Equal(t, tt.want, wiretest.Bare(a.Rooms))
			assert.Equal(t, body(tt.text), encode(t, a))
			for _, change := range []struct {
				do   func(netdata.Rooms) netdata.Rooms
				want string
			}{{rename, tt.renamed}, {move, tt.moved}, {grow, tt.grown}, {shrink, tt.shrunk}, {none, tt.empty}} {
				a := read(t, body(tt.text)).Alert
				a.Rooms = change.do(a.Rooms)
				assert.Equal(t, body(change.want), encode(t, a))
			}
		})
	}
}

func TestRoomsOfOtherAlerts(t *testing.T) {
	shapes := []string{`{"a":"1"}`, `{"a":{"url":"1"}}`, `{"a":null}`, `[{"name":"a","url":"1"}]`, `["a"]`, `null`, `[]`, `{}`}
	for _, from := range shapes {
		for _, to := range shapes {
			a, b := read(t, `{"alert":"n","rooms":`+from+`}`).Alert, read(t, `{"alert":"n","rooms":`+to+`}`).Alert
			b.Rooms = a.Rooms
			again := read(t, encode(t, b)).Alert
			assert.Equal(t, len(a.Rooms), len(again.Rooms), "%s to %s", from, to)
			for i := range a.Rooms {
				assert.Equal(t, wiretest.Bare(a.Rooms[i]), wiretest.Bare(again.Rooms[i]), "%s to %s", from, to)
			}
			b.Rooms = append(b.Rooms, a.Rooms...)
			assert.Len(t, read(t, encode(t, b)).Alert.Rooms, 2*len(a.Rooms))
		}
	}
}

func TestRoomsMadeInGo(t *testing.T) {
	a := &netdata.Alert{Rooms: netdata.Rooms{{Name: "All \"nodes\"", URL: "u"}, {Name: "b"}}}
	assert.Contains(t, encode(t, a), `"rooms":{"All \"nodes\"":"u","b":""},"family"`)
	a.CapitalRooms = true
	assert.Contains(t, encode(t, a), `"Rooms":{"All \"nodes\"":"u","b":""},"family"`)
	a.Form = netdata.Nested
	assert.Contains(t, encode(t, a), `"rooms":{"All \"nodes\"":"u","b":""}}`)

	// The setting does not touch what came.
	b := read(t, `{"alert":"n","rooms":{"a":"1"},"Rooms":5}`).Alert
	b.CapitalRooms = true
	assert.Equal(t, `{"alert":"n","rooms":{"a":"1"},"Rooms":5}`, encode(t, b))
}
