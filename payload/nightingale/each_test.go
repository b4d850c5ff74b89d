package nightingale_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/alertwire/alertwire/payload"
	"github.com/alertwire/alertwire/payload/nightingale"
)

func TestEach(t *testing.T) {
	const good = `{"rule_name":"a","severity":1}`
	big := `{"rule_name":"` + strings.Repeat("x", 100) + `"}`
	bad := func(field string, offset int64, reason string) *payload.SyntaxError {
		return &payload.SyntaxError{Format: "nightingale", Field: field, Offset: offset, Reason: reason}
	}
	tests := []struct {
		name, body string
		max        int
		want       []*payload.SyntaxError // nil for an event
	}{
		{"object", good, 0, []*payload.SyntaxError{nil}},
		{"bad object", `{"severity":"1"}`, 0, []*payload.SyntaxError{bad("severity", 12, "want a number, found a string")}},
		{"big object", big, 100, []*payload.SyntaxError{bad("", 0, "longer than 100 bytes")}},
		{"no object", `7`, 0, []*payload.SyntaxError{bad("", 0, "want an object, found a number")}},
		{"empty array", ` [] `, 0, nil},
		{"array", "[" + good + " , " + good + "]", 0, []*payload.SyntaxError{nil, nil}},
		{"one bad", "[" + good + `, {"severity":"1"},` + good + "]", 0,
			[]*payload.SyntaxError{nil, bad("[1].severity", 45, "want a number, found a string"), nil}},
		{"one big", "[" + good + "," + big + "," + good + "]", 100,
			[]*payload.SyntaxError{nil, bad("[1]", 32, "longer than 100 bytes"), nil}},
		{"as long as may be", "[" + big + "]", len(big), []*payload.SyntaxError{nil}},
		{"one longer", "[" + big + "]", len(big) - 1, []*payload.SyntaxError{bad("[0]", 1, "longer than 115 bytes")}},
		{"null", "[null," + good + "]", 0, []*payload.SyntaxError{bad("[0]", 1, "want an object, found null"), nil}},
		{"cut off", "[" + good + `,{"rule_na`, 0, []*payload.SyntaxError{nil, bad("[1]", 41, "unexpected end")}},
		{"cut off between", "[" + good, 0, []*payload.SyntaxError{nil, bad("", 31, "unexpected end")}},
		{"cut off within a character", "[" + good + `,{"rule_name":"` + "规"[:2], 0, []*payload.SyntaxError{nil, bad("[1]", 48, "unexpected end")}},
		{"one not UTF-8", "[" + good + `,{"rule_name":"` + "\xff" + `"},` + good + "]", 0, []*payload.SyntaxError{nil, bad("[1]", 46, "invalid UTF-8"), nil}},
		{"something behind", "[" + good + "] 1", 0, []*payload.SyntaxError{nil, bad("", 33, "something after the value")}},
		{"empty", "", 0, []*payload.SyntaxError{bad("", 0, "want an object, found the end")}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var got []*payload.SyntaxError
			for e, err := range nightingale.Each([]byte(tt.body), tt.max) {
				if err == nil {
					require.NotNil(t, e)
					assert.NotEmpty(t, e.RuleName)
					got = append(got, nil)
					continue
				}
				assert.Nil(t, e)
				var bad *payload.SyntaxError
				require.ErrorAs(t, err, &bad)
				got = append(got, bad)
			}
			assert.Equal(t, tt.want, got)
		})
	}
}

func TestEachStops(t *testing.T) {
	n := 0
	for range nightingale.Each([]byte(`[{},{},{}] and no JSON`), 0) {
		n++
		if n == 2 {
			break
		}
	}
	assert.Equal(t, 2, n)
}
