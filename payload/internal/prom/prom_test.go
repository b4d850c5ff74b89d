package prom_test

import (
	"regexp"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/alertwire/alertwire/payload"
	"github.com/alertwire/alertwire/payload/internal/prom"
)

func TestUnquoteReceiver(t *testing.T) {
	for _, name := range []string{"", "ops", "ops.team (eu)+1", `back\slash`, `[a]{2}^$|?*`, "имя"} {
		assert.Equal(t, name, prom.UnquoteReceiver(regexp.QuoteMeta(name)))
	}
	assert.Equal(t, `odd\`, prom.UnquoteReceiver(`odd\`))
	assert.Equal(t, `a\b`, prom.UnquoteReceiver(`a\b`))
}

// Annotations that were written as blocks of YAML end in a line end, and may have
// several lines.
func TestTitleAndText(t *testing.T) {
	labels := payload.Labels{{Name: "alertname", Value: "A"}}
	for _, tt := range []struct{ summary, title, description, wantTitle, wantText string }{
		{"", "", "", "A", ""},
		{"s", "t", "d", "s", "d"},
		{" \n", "t\n", "d\n", "t", "d\n"},
		{" \n", "\n", "", "A", ""},
		{"s\n", "t\nu", "", "s", ""},
		{"\ns\r\nmore\n", "", "", "s", "s\r\nmore"},
		{"s\nmore", "", "d", "s", "d"},
		{"", "t\nmore", "", "t", "t\nmore"},
	} {
		annotations := payload.Labels{{Name: "summary", Value: tt.summary}, {Name: "title", Value: tt.title}, {Name: "description", Value: tt.description}}
		assert.Equal(t, tt.wantTitle, prom.Title(labels, annotations), "%+v", tt)
		assert.Equal(t, tt.wantText, prom.Text(annotations), "%+v", tt)
	}
	assert.Equal(t, "a", prom.Title(payload.Labels{{Name: "alertname", Value: "a\nb"}}, nil))
}

func FuzzUnquoteReceiver(f *testing.F) {
	f.Add(`ops.team (eu)+1\`)
	f.Fuzz(func(t *testing.T, name string) {
		if got := prom.UnquoteReceiver(regexp.QuoteMeta(name)); got != name {
			t.Errorf("%q became %q", name, got)
		}
	})
}
