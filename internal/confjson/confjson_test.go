package confjson_test

import (
	"encoding/json"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/alertwire/alertwire/internal/confjson"
)

type tlsPart struct {
	CAFile   string `json:"ca_file,omitempty"`
	Insecure bool   `json:"insecure_skip_verify,omitempty"`
}

type policy struct {
	Base  time.Duration   `json:"base,omitempty"`
	Waits []time.Duration `json:"waits,omitempty"`
}

func (p *policy) UnmarshalJSON(data []byte) error {
	type plain policy
	return confjson.Decode(data, (*plain)(p))
}

func (p policy) MarshalJSON() ([]byte, error) {
	type plain policy
	return confjson.Encode(plain(p))
}

type config struct {
	URL     string            `json:"url"`
	Timeout time.Duration     `json:"timeout,omitempty"`
	Headers map[string]string `json:"headers,omitempty"`
	Allow   []netip.Prefix    `json:"allow,omitempty"`
	Ports   []int             `json:"ports,omitempty"`
	Pair    []string          `json:"pair,omitempty"`
	TLS     tlsPart           `json:"tls,omitzero"`
	More    *tlsPart          `json:"more,omitempty"`
	Retry   policy            `json:"retry,omitzero"`
	Ratio   float64           `json:"ratio,omitempty"`
	Raw     json.RawMessage   `json:"raw,omitempty"`
	Any     any               `json:"any,omitempty"`
	Bytes   []byte            `json:"bytes,omitempty"`
	Skipped func()            `json:"-"`
}

func TestDecode(t *testing.T) {
	var c config
	err := confjson.Decode([]byte(` {
		"url": "https://h/", "timeout": "1m30s", "headers": {"A": "1"}, "allow": ["10.0.0.0/8"],
		"ports": [80, 443], "pair": null, "tls": {"ca_file": "f", "insecure_skip_verify": true}, "more": {"ca_file": "g"},
		"retry": {"base": "2s", "waits": ["1s", "500ms"]}, "ratio": 1.5, "raw": {"x": [1]}, "any": {"y": 2}, "bytes": "aGk="
	} `), &c)
	require.NoError(t, err)
	assert.Equal(t, config{
		URL: "https://h/", Timeout: 90 * time.Second, Headers: map[string]string{"A": "1"},
		Allow: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}, Ports: []int{80, 443},
		TLS: tlsPart{CAFile: "f", Insecure: true}, More: &tlsPart{CAFile: "g"},
		Retry: policy{Base: 2 * time.Second, Waits: []time.Duration{time.Second, time.Second / 2}},
		Ratio: 1.5, Raw: json.RawMessage(`{"x": [1]}`), Any: map[string]any{"y": 2.0}, Bytes: []byte("hi"),
	}, c)
}

func TestDecodeRefuses(t *testing.T) {
	tests := []struct{ name, text, want string }{
		{"unknown key", "{\n\"url\": \"u\",\n\"metod\": \"POST\"}", `line 3: unknown key "metod"`},
		{"unknown nested key", "{\"tls\":\n{\n\"ca\": 1}}", `line 3: tls: unknown key "ca"`},
		{"unknown key in a part that reads itself", "{\n\"retry\": {\n\"bas\": 1}}", `line 3: retry: unknown key "bas"`},
		{"another case", `{"URL": "u"}`, `line 1: unknown key "URL" (it is spelled "url")`},
		{"a field that is no key", `{"Skipped": 1}`, `unknown key "Skipped"`},
		{"twice", "{\"url\": \"u\",\n\"url\": \"v\"}", `line 2: key "url" is given twice`},
		{"twice in a map", `{"headers": {"a": "1", "a": "2"}}`, `line 1: headers: key "a" is given twice`},
		{"duration as a number", "{\n\n\"timeout\": 10}", `line 3: timeout: want a duration`},
		{"duration without unit", `{"timeout": "10"}`, `timeout: want a duration`},
		{"duration in a list", "{\"retry\": {\"waits\": [\"1s\",\n\n3]}}", `line 3: retry.waits[1]: want a duration`},
		{"text for a number", `{"ports": ["80"]}`, `ports[0]: want a whole number, got a text`},
		{"fraction", `{"ports": [1.5]}`, `ports[0]: want a whole number, got a number`},
		{"number for a text", `{"url": 1}`, `url: want a text, got a number`},
		{"number in a map", `{"headers": {"X-A": 1}}`, `headers.X-A: want a text, got a number`},
		{"odd key in a path", `{"headers": {"X\nA": 1}}`, `headers."X\nA": want a text`},
		{"list for a map", `{"headers": []}`, `headers: want an object, got a list`},
		{"object for a list", `{"ports": {}}`, `ports: want a list, got an object`},
		{"text for a flag", `{"tls": {"insecure_skip_verify": "yes"}}`, `tls.insecure_skip_verify: want true or false, got a text`},
		{"number for a float", `{"ratio": true}`, `ratio: want a number, got true or false`},
		{"not a prefix", `{"allow": ["10.0.0.1"]}`, `allow[0]: want a prefix such as 10.0.0.0/8, got a text`},
		{"list at the top", `[]`, `line 1: want an object, got a list`},
		{"trailing text", "{}\n{}", `line 2: more than one value`},
		{"trailing junk", "{}\nx", `line 2`},
		{"no JSON", "{\n\"url\": x}", `line 2: invalid JSON`},
		{"cut off", "{\n\"url\": ", `ends too early`},
		{"empty", "", `line 1: empty`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var c config
			err := confjson.Decode([]byte(tt.text), &c)
			require.ErrorContains(t, err, tt.want)
			var e *confjson.Error
			require.ErrorAs(t, err, &e)
		})
	}
}

func TestErrorsRepeatNoValues(t *testing.T) {
	const canary = "c4n4ry"
	for _, text := range []string{
		`{"timeout": "` + canary + `"}`, `{"allow": ["` + canary + `"]}`, `{"ports": ["` + canary + `"]}`,
		`{"bytes": "` + canary + `!"}`, `{"url": "` + canary + `" x}`, `{"tls": "` + canary + `"}`,
	} {
		var c config
		err := confjson.Decode([]byte(text), &c)
		require.Error(t, err, text)
		assert.NotContains(t, err.Error(), canary)
	}
	err := confjson.Decode([]byte(`{"`+strings.Repeat("k", 1<<20)+`": 1}`), new(config))
	require.Error(t, err)
	assert.Less(t, len(err.Error()), 200)
}

func TestDecodeNeedsAPointer(t *testing.T) {
	require.Error(t, confjson.Decode([]byte(`{}`), config{}))
	require.Error(t, confjson.Decode([]byte(`{}`), (*config)(nil)))
}

func TestDecodeLeavesWhatIsAbsent(t *testing.T) {
	c := config{URL: "before", Timeout: time.Second}
	require.NoError(t, confjson.Decode([]byte(`{"timeout": null, "pair": ["a"]}`), &c))
	assert.Equal(t, config{URL: "before", Timeout: time.Second, Pair: []string{"a"}}, c)
}

func TestEncode(t *testing.T) {
	c := config{
		URL: "u", Timeout: 1500 * time.Millisecond, Headers: map[string]string{"b": "2", "a": "1"},
		Allow: []netip.Prefix{netip.MustParsePrefix("fd00::/8")}, More: &tlsPart{CAFile: "f"},
		Retry: policy{Waits: []time.Duration{time.Minute}}, Bytes: []byte("hi"), Any: []any{1, nil},
	}
	text, err := confjson.Encode(c)
	require.NoError(t, err)
	assert.Equal(t, `{"url":"u","timeout":"1.5s","headers":{"a":"1","b":"2"},"allow":["fd00::/8"],`+
		`"more":{"ca_file":"f"},"retry":{"waits":["1m0s"]},"any":[1,null],"bytes":"aGk="}`, string(text))

	text, err = confjson.Encode(struct {
		P *policy
		M map[string]time.Duration
		L []time.Duration
		I any
	}{})
	require.NoError(t, err)
	assert.Equal(t, `{"P":null,"M":null,"L":null,"I":null}`, string(text))

	_, err = confjson.Encode(struct{ C chan int }{make(chan int)})
	require.Error(t, err)
	_, err = confjson.Encode([]map[string]chan int{{"a": nil}})
	require.Error(t, err)
}

// What was decoded comes back the same after it was encoded; and whatever
// encoding/json would refuse for its syntax is refused.
func FuzzDecode(f *testing.F) {
	f.Add([]byte(`{"url": "u", "timeout": "1s", "retry": {"waits": ["1s"]}, "headers": {"a": "b"}}`))
	f.Add([]byte(`{"allow": ["10.0.0.0/8"], "ports": [1], "any": null, "raw": [1, {}], "bytes": "aGk="}`))
	f.Add([]byte(`{"more": {}, "tls": {"ca_file": "\u0041"}} `))
	f.Add([]byte(`{"url": "0", "timeout": "0s", "retry": {"waits": []}}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		var first config
		if confjson.Decode(text, &first) != nil {
			return
		}
		require.True(t, json.Valid(text))
		if len(first.Retry.Waits) == 0 {
			// An empty list is left out, as encoding/json does: a part that has
			// nothing else comes back as zero, and then is left out itself.
			first.Retry.Waits = nil
		}
		encoded, err := confjson.Encode(first)
		require.NoError(t, err)
		var second config
		require.NoError(t, confjson.Decode(encoded, &second))
		again, err := confjson.Encode(second)
		require.NoError(t, err)
		require.Equal(t, string(encoded), string(again))
	})
}

// Editors put a byte order mark in front of a file.
func TestDecodeByteOrderMark(t *testing.T) {
	var c config
	require.NoError(t, confjson.Decode([]byte("\ufeff{\"url\": \"u\"}"), &c))
	assert.Equal(t, "u", c.URL)
	err := confjson.Decode([]byte("\ufeff{\n\"metod\": 1}"), &c)
	require.EqualError(t, err, `line 2: unknown key "metod"`)
	require.ErrorContains(t, confjson.Decode([]byte("\ufeff"), &c), "empty")
	require.ErrorContains(t, confjson.Decode([]byte("\ufeff\ufeff{}"), &c), "invalid JSON")
}
