package line_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/alertwire/alertwire/payload/internal/line"
)

func TestFirst(t *testing.T) {
	for text, want := range map[string]string{
		"": "", " \n\t": "", "one": "one", "one\n": "one", "\r\n one \r\ntwo": "one", "one\rtwo": "one", "one\n\ntwo": "one", "a  b": "a  b",
		"\u00a0one\u2003": "one", "one \n two": "one",
	} {
		assert.Equal(t, want, line.First(text), "%q", text)
	}
}

func TestFirstAllocatesNothing(t *testing.T) {
	assert.Zero(t, testing.AllocsPerRun(100, func() { line.First(" one\ntwo\n") }))
}
