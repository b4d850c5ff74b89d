package auth_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/alertwire/alertwire/auth"
)

const canary = "c4nary-s3cret"

func TestSecretPrintsNothing(t *testing.T) {
	s := auth.Secret(canary)
	nested := struct {
		S auth.Secret
		M map[auth.Secret]auth.Secret
		L []auth.Secret
		P *auth.Secret
	}{S: s, M: map[auth.Secret]auth.Secret{s: s}, L: []auth.Secret{s}, P: &s}

	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "% x", "%d", "%T %[1]v", "%20s"} {
		for _, v := range []any{s, &s, nested, &nested} {
			out := fmt.Sprintf(verb, v)
			assert.NotContains(t, out, canary, "verb %s of %T", verb, v)
			assert.NotContains(t, out, fmt.Sprintf("%x", canary), "verb %s of %T", verb, v)
		}
		assert.Equal(t, "[redacted]", fmt.Sprintf("%v", s))
	}
	assert.Equal(t, "[redacted]", fmt.Sprint(s))
	assert.Equal(t, "[redacted]", fmt.Sprintf("%#v", s))
}

// Also where a format does not fit its arguments.
func TestSecretPrintsNothingByMistake(t *testing.T) {
	s := auth.Secret(canary)
	for _, format := range []string{"", "%z", "%!", "%[2]v", "%s %s", "%*d", "%.*f", "%.3s", "%-40v", "%+q", "%c", "%U", "%t", "%e"} {
		assert.NotContains(t, fmt.Sprintf(format, s), canary, format)
		assert.NotContains(t, fmt.Errorf(format, s).Error(), canary, format)
	}
}

func TestSecretIsMarshalledRedacted(t *testing.T) {
	s := auth.Secret(canary)
	data, err := json.Marshal([]any{s, &s, struct{ S auth.Secret }{s}, map[string]auth.Secret{"k": s}})
	require.NoError(t, err)
	assert.JSONEq(t, `["[redacted]","[redacted]",{"S":"[redacted]"},{"k":"[redacted]"}]`, string(data))

	text, err := s.MarshalText()
	require.NoError(t, err)
	assert.Equal(t, "[redacted]", string(text))

	yaml, err := s.MarshalYAML()
	require.NoError(t, err)
	assert.Equal(t, "[redacted]", yaml)

	var out bytes.Buffer
	for _, h := range []slog.Handler{slog.NewTextHandler(&out, nil), slog.NewJSONHandler(&out, nil)} {
		slog.New(h).Info("configured", "secret", s, "pointer", &s, "group", slog.GroupValue(slog.Any("s", s)),
			"struct", struct{ S auth.Secret }{s})
	}
	assert.NotContains(t, out.String(), canary)
}

func TestSecretUnmarshalsPlainly(t *testing.T) {
	var s auth.Secret
	require.NoError(t, json.Unmarshal([]byte(`"`+canary+`"`), &s))
	assert.Equal(t, canary, string(s))
}

// A configuration that was marshalled and read back has the placeholder where
// the secrets were. It must not become everybody's password.
func TestPlaceholderIsNoSecret(t *testing.T) {
	const placeholder = "[redacted]"
	_, err := auth.NewBearer(placeholder)
	require.ErrorIs(t, err, auth.ErrEmptySecret)
	_, err = auth.NewBasic("user", placeholder, auth.BasicOptions{AllowEmptyPassword: true})
	require.ErrorIs(t, err, auth.ErrEmptySecret)
	_, err = auth.NewHMAC(auth.GitHub(), auth.HMACOptions{Secrets: []auth.Secret{placeholder}})
	require.ErrorIs(t, err, auth.ErrEmptySecret)
}

func ExampleSecret() {
	config := struct {
		URL   string
		Token auth.Secret
	}{"https://hooks.example.com", "s3cret"}

	fmt.Printf("%+v\n", config)
	fmt.Println(string(config.Token))
	// Output:
	// {URL:https://hooks.example.com Token:[redacted]}
	// s3cret
}
