package payload_test

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/alertwire/alertwire/payload"
	"github.com/alertwire/alertwire/payload/alertmanager"
	"github.com/alertwire/alertwire/payload/grafana"
	"github.com/alertwire/alertwire/payload/payloadtest"
)

// note is a payload of our own: {"note":"…"}.
type note struct{ text string }

func (n *note) Events() []payload.Event {
	return []payload.Event{{Source: "note", ID: n.text, Title: n.text}}
}

func (n *note) Validate() error {
	if n.text == "" {
		return &payload.FieldError{Format: "note", Field: "note", Reason: "empty"}
	}
	return nil
}

func decodeNote(data []byte) (*note, error) {
	s, err := payload.ShapeOf(data)
	if err != nil {
		return nil, err
	}
	if s.KindOf("note") != "string" {
		return nil, &payload.SyntaxError{Format: "note", Field: "note", Reason: "want a string"}
	}
	return &note{s.Text("note")}, nil
}

func noteFormat() payload.Format {
	return payload.NewFormat("note", func(s payload.Shape) bool { return s.Has("note") }, decodeNote)
}

func TestFormats(t *testing.T) {
	decoded := 0
	counted := payload.NewFormat("counted", func(s payload.Shape) bool { return s.Has("n") }, func([]byte) (*note, error) {
		decoded++
		return &note{}, nil
	})
	formats := payload.Formats{noteFormat(), counted}

	p, err := formats.Decode([]byte(`{"note":"a","n":1}`))
	require.NoError(t, err)
	assert.Equal(t, &note{"a"}, p)
	assert.Zero(t, decoded, "only the first that matches decodes")
	_, err = formats.Decode([]byte(`{"n":1}`))
	require.NoError(t, err)
	assert.Equal(t, 1, decoded)

	p, err = formats.Decode([]byte(`{"note":1}`))
	require.Error(t, err)
	assert.Equal(t, nil, p, "an error comes with a nil Payload, not with a nil pointer in one")
	assert.Equal(t, "note", formats[0].Name())

	var zero payload.Format
	assert.False(t, zero.Match(payload.Shape{}))
	_, err = zero.Decode(nil)
	require.ErrorIs(t, err, payload.ErrFormat)
}

func TestFormatsUnknown(t *testing.T) {
	long := strings.Repeat("x", 100)
	for body, want := range map[string]string{
		`{"a":1,"b":{"c":2}}`: `payload: unknown format: object with "a", "b"`,
		`{}`:                  `payload: unknown format: object`,
		` []`:                 `payload: unknown format: array`,
		`[{"k":"v"}]`:         `payload: unknown format: array with "k"`,
		`"secret"`:            `payload: unknown format: string`,
		`12`:                  `payload: unknown format: number`,
		`true`:                `payload: unknown format: boolean`,
		`null`:                `payload: unknown format: null`,
		`{"` + long + `":1}`:  `payload: unknown format: object with "` + long[:32] + `"`,
		`{"a":1,"b":1,"c":1,"d":1,"e":1,"f":1,"g":1,"h":1,"i":1,"j":1,"k":1,"l":1}`: `payload: unknown format: object with "a", "b", "c", "d", "e", "f", "g", "h", "i", "j", …`,
	} {
		_, err := payload.Formats{noteFormat()}.Decode([]byte(body))
		require.ErrorIs(t, err, payload.ErrFormat)
		assert.Equal(t, want, err.Error())
	}
	var syntax *payload.SyntaxError
	_, err := payload.Formats{noteFormat()}.Decode([]byte(`{"a":}`))
	require.ErrorAs(t, err, &syntax)
	assert.Equal(t, payload.SyntaxError{Field: "a", Offset: 5, Reason: "unexpected character"}, *syntax)
}

func TestRawFormat(t *testing.T) {
	formats := payload.Formats{noteFormat(), payload.RawFormat()}
	body := []byte(` [1, 2]`)
	p, err := formats.Decode(body)
	require.NoError(t, err)
	require.IsType(t, payload.Raw{}, p)
	body[2] = '9'
	b, err := p.(payload.Raw).MarshalJSON()
	require.NoError(t, err)
	assert.Equal(t, ` [1, 2]`, string(b), "the body is copied")
	b, err = p.(payload.Raw).AppendJSON([]byte("x"))
	require.NoError(t, err)
	assert.Equal(t, `x [1, 2]`, string(b))
	assert.Empty(t, p.Events())
	require.NoError(t, p.Validate())
	_, err = payload.RawFormat().Decode([]byte(`[1, 2`))
	require.Error(t, err)
}

func TestShape(t *testing.T) {
	s, err := payload.ShapeOf([]byte(` {"s":"a\u0062","n":1,"b":false,"z":null,"o":{"in":1},"a":[1],"s":"last","":""} `))
	require.NoError(t, err)
	assert.Equal(t, "object", s.Kind())
	assert.Equal(t, 8, s.Len())
	assert.True(t, s.Has())
	assert.True(t, s.Has("s", "n", ""))
	assert.False(t, s.Has("s", "in"))
	for name, want := range map[string]string{"s": "string", "n": "number", "b": "boolean", "z": "null", "o": "object", "a": "array", "x": ""} {
		assert.Equal(t, want, s.KindOf(name), name)
	}
	assert.Equal(t, "last", s.Text("s"))
	assert.Empty(t, s.Text("n"))
	assert.Empty(t, s.Text("x"))

	s, err = payload.ShapeOf([]byte(`[{"a":"\n"},{"b":1},3]`))
	require.NoError(t, err)
	assert.Equal(t, "array", s.Kind())
	assert.Equal(t, 3, s.Len())
	assert.Equal(t, "\n", s.Text("a"))
	assert.False(t, s.Has("b"), "only the first element is looked at")

	many := "{" + strings.Repeat(`"x":1,`, 16) + `"last":"y"}`
	s, err = payload.ShapeOf([]byte(many))
	require.NoError(t, err)
	assert.Equal(t, 17, s.Len())
	assert.Equal(t, "y", s.Text("last"))
	assert.True(t, s.Has("x"))
}

// A body that was cut off anywhere is refused, and nothing worse.
func TestEveryPrefixIsRefused(t *testing.T) {
	bodies := map[string][]byte{
		"values": []byte(`[{"a":["b\u0063",-1.5e+7,true,false,null,{}]},"x"]`),
		"am":     bytes.TrimSpace(payloadtest.Body("alertmanager", "am034-some-alerts-resolved")),
		"graf":   payloadtest.Body("grafana", "all-fields"),
	}
	for name, body := range bodies {
		for n := range body {
			_, err := payload.ShapeOf(body[:n])
			require.Error(t, err, "%s up to %d", name, n)
			_, err = alertmanager.Decode(body[:n])
			require.Error(t, err, "%s up to %d", name, n)
			_, err = grafana.Decode(body[:n])
			require.Error(t, err, "%s up to %d", name, n)
		}
		_, err := payload.ShapeOf(body)
		require.NoError(t, err, name)
	}
}

func TestErrorTexts(t *testing.T) {
	assert.Equal(t, "payload: bad (offset 3)", (&payload.SyntaxError{Offset: 3, Reason: "bad"}).Error())
	assert.Equal(t, "payload: f: a.b: missing", (&payload.FieldError{Format: "f", Field: "a.b", Reason: "missing"}).Error())
	cause := errors.New("cause")
	err := payload.Syntax("f", cause)
	require.ErrorIs(t, err, cause)
	assert.Equal(t, "payload: f: cause", err.Error())
	require.NoError(t, payload.Syntax("f", nil))
	require.ErrorIs(t, &payload.RetryError{Err: cause}, cause)
	require.ErrorIs(t, &payload.Rejection{Err: cause}, cause)
}
