package wiretest_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/alertwire/alertwire/payload/internal/wiretest"
)

type thing struct {
	Text   string
	Number int64
	Yes    bool
	Raw    json.RawMessage
	When   time.Time
	Next   *thing
	List   []thing
	hidden string
}

func TestBare(t *testing.T) {
	v := thing{Text: "a", Next: &thing{Number: 1, hidden: "h"}, List: []thing{{Yes: true, hidden: "h"}}, When: time.Unix(1, 0), hidden: "h"}
	b := wiretest.Bare(v)
	assert.Equal(t, thing{Text: "a", Next: &thing{Number: 1}, List: []thing{{Yes: true}}, When: time.Unix(1, 0)}, b)
	b.Next.Number, b.List[0].Text = 2, "changed"
	assert.Equal(t, int64(1), v.Next.Number, "no memory is shared")
	assert.Empty(t, v.List[0].Text)
}

func TestLeaves(t *testing.T) {
	v := thing{List: []thing{{}}}
	var paths []string
	for _, leaf := range wiretest.Leaves(&v) {
		paths = append(paths, leaf.Path)
		leaf.Change()
	}
	assert.Equal(t, []string{"Text", "Number", "Yes", "Raw", "When",
		"List[0].Text", "List[0].Number", "List[0].Yes", "List[0].Raw", "List[0].When"}, paths)
	one := thing{Text: " changed", Number: 1, Yes: true, Raw: json.RawMessage(`"changed"`), When: time.Time{}.Add(time.Hour)}
	want := one
	want.List = []thing{one}
	assert.Equal(t, want, v)
}

func TestDiff(t *testing.T) {
	a := `{"a":1.0,"b":{"c":[1,{"d":null}],"e":"x"},"f":[1]}`
	assert.Empty(t, wiretest.Diff([]byte(a), []byte(" "+a)))
	assert.Equal(t, []string{"a", "b.c[1].d", "b.e", "f", "g"},
		wiretest.Diff([]byte(a), []byte(`{"a":1,"b":{"c":[1,{}]},"f":[1,2],"g":null}`)))
}
