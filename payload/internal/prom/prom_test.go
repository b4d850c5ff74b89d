package prom_test

import (
	"regexp"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/alertwire/alertwire/payload/internal/prom"
)

func TestUnquoteReceiver(t *testing.T) {
	for _, name := range []string{"", "ops", "ops.team (eu)+1", `back\slash`, `[a]{2}^$|?*`, "имя"} {
		assert.Equal(t, name, prom.UnquoteReceiver(regexp.QuoteMeta(name)))
	}
	assert.Equal(t, `odd\`, prom.UnquoteReceiver(`odd\`))
	assert.Equal(t, `a\b`, prom.UnquoteReceiver(`a\b`))
}

func FuzzUnquoteReceiver(f *testing.F) {
	f.Add(`ops.team (eu)+1\`)
	f.Fuzz(func(t *testing.T, name string) {
		if got := prom.UnquoteReceiver(regexp.QuoteMeta(name)); got != name {
			t.Errorf("%q became %q", name, got)
		}
	})
}
