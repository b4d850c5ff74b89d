package callback_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/alertwire/alertwire/callback"
	"github.com/alertwire/alertwire/callback/callbacktest"
)

// An event with values that are made to get out of their places.
const nasty = `{
	"id": 9007199254740993, "rule_name": "CPU < 10% & rising", "severity": 2, "trigger_value": "6.70", "ratio": 0.25,
	"ok": true, "nothing": null, "empty": "", "big": 123456789012345678901234567890,
	"tags": ["a=b"], "annotations": {"summary": "line one\r\nX-Evil: 1"},
	"tags_map": {"ident": "a&admin=1#frag", "path": "../../etc", "dots": "..", "slash": "a/b c", "host": "evil.example",
		"cr": "x\r\nX-Evil: 1", "pct": "%2e%2e", "uni": "ß", "dash-ed": "d"}
}`

func eventMessage(body string) callback.Message {
	return callback.Message{
		ID: "msg_1", Type: "firing", Key: "k/1", Time: time.Date(2026, 1, 2, 3, 4, 5, 0, time.FixedZone("", 3600)), Body: []byte(body),
	}
}

func TestURLTemplates(t *testing.T) {
	srv := callbacktest.NewServer(t)
	tests := []struct{ url, want string }{
		{"/{{ $event.rule_name }}", "/CPU%20%3C%2010%25%20&%20rising"},
		{"/?i={{ $labels.ident }}&k=v", "/?i=a%26admin%3D1%23frag&k=v"},
		{"?i={{ $labels.ident }}", "/?i=a%26admin%3D1%23frag"},
		{"/p/{{ $labels.slash }}/q?x={{ $labels.slash }}", "/p/a%2Fb%20c/q?x=a%2Fb+c"},
		{"/{{ $event.RuleName | lower }}", "/cpu%20%3C%2010%25%20&%20rising"},
		{"/{{ $event.TriggerValue }}/{{ $value }}", "/6.70/6.70"},
		{"/{{ $event.Id }}?s={{ $event.Severity }}&r={{ $event.ratio }}&o={{ $event.ok }}", "/9007199254740993?s=2&r=0.25&o=true"},
		{"/{{ $event.big }}", "/123456789012345678901234567890"},
		{"/?e={{ $event.empty }}", "/?e="},
		{"/{{ $message.Type }}/{{ .Key }}?t={{ .Time }}", "/firing/k%2F1?t=2026-01-02T02%3A04%3A05Z"},
		{`/{{ $message.Time.Format "2006-01-02T15" }}/{{ .Time.UTC.Format "15:04" }}/{{ .Time.Unix }}/{{ print .Time.UnixMilli }}`, "/2026-01-02T03/02:04/1767319445/1767319445000"},
		{"/{{ $labels.pct }}", "/%252e%252e"},
		{"/{{ $labels.uni }}?q={{ $labels.uni }}&é=1", "/%C3%9F?q=%C3%9F&%C3%A9=1"},
		{"/{{ index $labels \"dash-ed\" }}", "/d"},
		{"/{{ if index $labels \"none\" }}a{{ else }}b{{ end }}", "/b"},
		{"/{{ if eq $event.severity 2 }}warn{{ else if eq $event.severity 1 }}crit{{ end }}", "/warn"},
		{"/{{ with $labels }}{{ .uni }}{{ end }}", "/%C3%9F"},
		{"/{{ default \"none\" (index $labels \"team\") }}", "/none"},
		{"/{{ printf \"%s-%03d\" $labels.uni $event.severity }}", "/%C3%9F-002"},
		{"/{{ printf \"%.1s%5.1f%%|%q|%[1]v\" \"abc\" 2.25 \"d\" }}", "/a%20%202.2%25%7C%22d%22%7Cabc"},
		{"/{{ print \"a\" 1 2 \"b\" $event.severity }}", "/a1%202b2"},
		{"/{{ $labels.host | urlquery }}", "/evil.example"},
		{"/{{/* a comment */}}{{ $x := $labels.uni }}{{ $x | upper }}", "/%C3%9F"},
		{"/{{ gt $event.ratio 0.2 }}", "/true"},
		{"/{{ index $event.tags 0 }}?{{ len $event.tags }}", "/a=b?1"},
		{"/plain?a=b", "/plain?a=b"},
	}
	for _, tt := range tests {
		t.Run(tt.url, func(t *testing.T) {
			n := len(srv.Requests())
			w := hook(t, callback.Config{URL: srv.URL + tt.url, Template: true}, callback.Options{})
			_, err := w.Call(t.Context(), eventMessage(nasty))
			require.NoError(t, err)
			assert.Equal(t, tt.want, srv.Await(n + 1)[n].URI)
		})
	}
}

// JSON has one kind of number: whether a value is compared well must not depend
// on whether it happens to be whole.
func TestTemplatesCompareNumbersOfBothKinds(t *testing.T) {
	srv := callbacktest.NewServer(t)
	n := 0
	for _, tt := range []struct{ condition, yes, no string }{
		{"gt .Value 90.5", `91 90.75 1e3 9007199254740993`, `90 90.5 -1 0`},
		{"gt .Value 90", `90.5 91`, `90 90.0 89.5`},
		{"ge .Value 90", `90 90.0 90.5`, `89.5 89`},
		{"lt 90 .Value", `90.5 91`, `90 90.0`},
		{"le .Value 90.0", `90 89.5`, `91 90.5`},
		{"eq .Value 90", `90 90.0`, `90.5 91`},
		{"eq .Value 1 2.5 3", `1 1.0 2.5 3.0`, `2 4`},
		{"ne .Value 90.0", `91 90.5`, `90 90.0`},
		{"eq .Value .Event.odd", `9007199254740993`, `9007199254740992`},
		{"lt .Event.even .Value", `9007199254740993`, `9007199254740992`},
		{"eq (index .Value 0) 'a'", `"a" "ab"`, `"b" "ba"`},
		{`eq .Value "a" "b"`, `"a" "b"`, `"c" ""`},
		{`lt .Value "b"`, `"a"`, `"b" "c"`},
		{`ne .Value "a"`, `"b"`, `"a"`},
		{"eq .Value true", `true`, `false`},
	} {
		c := callback.Config{URL: srv.URL + "/{{ if " + tt.condition + " }}yes{{ else }}no{{ end }}", Template: true}
		w := hook(t, c, callback.Options{})
		for want, values := range map[string]string{"/yes": tt.yes, "/no": tt.no} {
			for value := range strings.FieldsSeq(values) {
				_, err := w.Call(t.Context(), eventMessage(`{"value": `+value+`, "even": 9007199254740992, "odd": 9007199254740993}`))
				require.NoError(t, err, "%s of %s", tt.condition, value)
				n++
				assert.Equal(t, want, srv.Await(n)[n-1].URI, "%s of %s", tt.condition, value)
			}
		}
	}
	for _, condition := range []string{`gt .Value "a"`, `eq .Value "a"`, `lt .Value true`, `lt true .Value`, `eq .Event.o .Event.o`, `eq .Value`, `gt .Event.o 1`} {
		w := hook(t, callback.Config{URL: srv.URL + "/{{ " + condition + " }}", Template: true}, callback.Options{})
		_, err := w.Call(t.Context(), eventMessage(`{"value": 1, "o": {}}`))
		require.Error(t, err, condition)
		assert.Equal(t, callback.ClassTemplate, failed(t, err).Class)
	}
	w := hook(t, callback.Config{URL: srv.URL + "/{{ eq .Event.n nil }}/{{ eq .Value nil }}", Template: true}, callback.Options{})
	_, err := w.Call(t.Context(), eventMessage(`{"value": 1, "n": null}`))
	require.NoError(t, err)
	assert.Equal(t, "/true/false", srv.Await(n + 1)[n].URI)
}

// An event without labels can be asked for one, whatever it is.
func TestTemplatesAskForLabelsOfAnyEvent(t *testing.T) {
	srv := callbacktest.NewServer(t)
	for i, body := range []string{``, `[]`, `null`, `{}`, `{"labels": null}`, `{"labels": {}}`} {
		w := hook(t, callback.Config{Template: true,
			URL: srv.URL + `/{{ index $labels "team" | default "none" }}{{ if index $labels "team" }}x{{ end }}`,
		}, callback.Options{})
		_, err := w.Call(t.Context(), eventMessage(body))
		require.NoError(t, err, body)
		assert.Equal(t, "/none", srv.Await(i + 1)[i].URI)

		w = hook(t, callback.Config{URL: srv.URL + "/?t={{ $labels.team }}", Template: true}, callback.Options{})
		_, err = w.Call(t.Context(), eventMessage(body))
		require.ErrorContains(t, err, "is not there", body)
	}
}

// Which of two fields goes by one Go name must not be a matter of luck.
func TestGoNamesAreTheSameAlways(t *testing.T) {
	srv := callbacktest.NewServer(t)
	w := hook(t, callback.Config{URL: srv.URL + "/{{ $event.RuleName }}", Template: true}, callback.Options{})
	for i := range 20 {
		_, err := w.Call(t.Context(), eventMessage(`{"rule_name": "a", "rule__name": "b", "ruleName": "c"}`))
		require.NoError(t, err)
		assert.Equal(t, "/a", srv.Await(i + 1)[i].URI)
	}
}

// Fields whose name in Nightingale's struct is not made of that in JSON alone.
func TestNightingaleNames(t *testing.T) {
	srv := callbacktest.NewServer(t)
	event := eventMessage(`{"tags": ["a=b"], "original_tags": ["c=d"], "annotations": {"s": "e"}, "callbacks": ["f"],
		"notify_channels": ["g"], "notify_groups": ["7"], "rule_config": {"h": 8}, "notify_rule_ids": [9], "trigger_values_json": {"i": 10}}`)
	for i, tt := range []struct{ path, want string }{
		{"{{ index $event.TagsJSON 0 }}", "/a=b"},
		{"{{ index $event.OriginalTagsJSON 0 }}", "/c=d"},
		{"{{ $event.AnnotationsJSON.s }}", "/e"},
		{"{{ index $event.CallbacksJSON 0 }}", "/f"},
		{"{{ index $event.NotifyChannelsJSON 0 }}", "/g"},
		{"{{ index $event.NotifyGroupsJSON 0 }}", "/7"},
		{"{{ $event.RuleConfigJson.h }}", "/8"},
		{"{{ index $event.NotifyRuleIds 0 }}", "/9"},
		{"{{ $event.TriggerValuesJson.i }}", "/10"},
	} {
		w := hook(t, callback.Config{URL: srv.URL + "/" + tt.path, Template: true}, callback.Options{})
		_, err := w.Call(t.Context(), event)
		require.NoError(t, err, tt.path)
		assert.Equal(t, tt.want, srv.Await(i + 1)[i].URI)
	}
}

func TestHeaderTemplates(t *testing.T) {
	srv := callbacktest.NewServer(t)
	w := hook(t, callback.Config{URL: srv.URL, Template: true, Headers: map[string]string{
		"X-Rule": "{{ $event.rule_name }}", "X-Label": "a {{ $labels.cr }} ", "X-Plain": "1",
	}}, callback.Options{})
	for range 2 {
		_, err := w.Call(t.Context(), eventMessage(nasty))
		require.NoError(t, err)
	}
	got := srv.Await(2)[1].Header
	assert.Equal(t, "CPU < 10% & rising", got.Get("X-Rule"))
	assert.Equal(t, "a x  X-Evil: 1", got.Get("X-Label"))
	assert.Equal(t, "1", got.Get("X-Plain"))
	assert.Empty(t, got.Get("X-Evil"))
}

// What cannot be filled in is an error of its own class, and nothing is sent.
func TestTemplateFaultsSendNothing(t *testing.T) {
	srv := callbacktest.NewServer(t)
	long := `{"a": "` + strings.Repeat("x", 9000) + `", "labels": {"b": {}}}`
	tests := []struct{ name, url, header, body, want string }{
		{"missing label", "/?a={{ $labels.team }}", "", nasty, "is not there"},
		{"missing field", "/{{ $event.nope.deeper }}", "", nasty, "is not there"},
		{"null in the path", "/{{ $event.nothing }}", "", nasty, "a value is missing"},
		{"null in the query", "/?a={{ $event.nothing }}", "", nasty, "a value is missing"},
		{"empty in the path", "/a/{{ $event.empty }}/b", "", nasty, "empty"},
		{"dots", "/a/{{ $labels.dots }}/b", "", nasty, "leave its folder"},
		{"dots made of two", "/a/.{{ $labels.dot }}/b", "", `{"labels": {"dot": "."}}`, "leave its folder"},
		{"dots with a slash", "/a/{{ $labels.path }}", "", nasty, "leave its folder"},
		{"dots with a backslash", "/{{ $labels.x }}", "", `{"labels": {"x": "..\\a"}}`, "leave its folder"},
		{"object", "/{{ $labels }}", "", nasty, "an object or a list"},
		{"list", "/?a={{ $event.tags }}", "", nasty, "an object or a list"},
		{"long URL", "/{{ $event.a }}", "", long, "too long"},
		{"long header", "/", "{{ $event.a }}", long, "too long"},
		{"missing in a header", "/", "{{ $labels.nope }}", nasty, "template of the header X-H: "},
		{"no JSON", "/{{ $event.a }}", "", "<html>", "is not there"},
		{"a list of events", "/{{ $event.a }}", "", "[{}]", "is not there"},
		{"wide format", `/{{ printf "%999d" 1 }}`, "", nasty, "printf"},
		{"width from a value", `/{{ printf "%*d" 99999999 1 }}`, "", nasty, "printf"},
		{"verb that prints past its bound", `/{{ printf "%w" $event }}`, "", nasty, "printf"},
		{"text that doubles", `/{{ $a := "xxxxxxxx" }}` + strings.Repeat("{{ $a = print $a $a }}", 60) + "{{ len $a }}", "", nasty, "too long"},
		{"format that doubles", `/{{ $a := "xxxxxxxx" }}` + strings.Repeat(`{{ $a = printf "%[1]s%[1]s" $a }}`, 60) + "{{ len $a }}", "", nasty, "too long"},
		{"event over and over", `/{{ printf "` + strings.Repeat("%[1]v", 50) + `" $event | len }}`, "", long, "too long"},
		{"event twice too often", "/{{ print " + strings.Repeat("$event ", 50) + "| len }}", "", long, "too long"},
		{"layout that could double in November", `/{{ $message.Time.Format "` + strings.Repeat("1", 65) + `" }}`, "", nasty, "a format"},
		{"format from the event", "/{{ printf $event.a 1 }}", "", long, "too long"},
		{"comparison of unlike things", "/{{ if eq $event.severity $labels }}a{{ end }}", "", nasty, "of another kind"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			n := len(srv.Requests())
			c := callback.Config{URL: srv.URL + tt.url, Template: true}
			if tt.header != "" {
				c.Headers = map[string]string{"X-H": tt.header}
			}
			_, err := hook(t, c, callback.Options{}).Call(t.Context(), eventMessage(tt.body))
			require.ErrorIs(t, err, callback.ErrRefused)
			require.ErrorContains(t, err, tt.want)
			e := failed(t, err)
			assert.Equal(t, callback.ClassTemplate, e.Class)
			assert.False(t, e.Class.Counts())
			assert.Zero(t, e.Attempts)
			assert.NotContains(t, err.Error(), "{{")
			assert.Len(t, srv.Requests(), n)
		})
	}
}

// Faults that are in the template itself are found by New.
func TestTemplateFaultsFoundByNew(t *testing.T) {
	tests := []struct{ name, url, want string }{
		{"not closed", "/{{ $event.a", "url: not a valid template"},
		{"unknown variable", "/{{ $inputs.a }}", "its variables are"},
		{"unknown function", "/{{ env \"HOME\" }}", "url: not a valid template"},
		{"in the host", "{{ .Key }}", "url: want scheme://host"},
		{"behind the host", ".{{ .Key }}/", "url"},
		{"in the port", ":{{ .Key }}/", "url"},
		{"fragment", "/{{ .Key }}#a", "url: has a fragment"},
		{"loop", "/{{ range $labels }}{{ . }}{{ end }}", "if and with"},
		{"endless loop", "/{{ range 1000000000 }}{{ end }}", "if and with"},
		{"definition", `/{{ define "a" }}{{ end }}{{ .Key }}`, "may not define"},
		{"recursion", `/{{ define "a" }}{{ template "a" }}{{ end }}{{ template "a" }}`, "template"},
		{"call", "/{{ call .Key }}", "the function call"},
		{"html", "/{{ .Key | html }}", "the function html"},
		{"own escaper", "/{{ .Key | _query }}", "the function _query"},
		{"function in brackets", "/{{ print (html .Key) }}", "the function html"},
		{"function in a condition", "/{{ if js .Key }}{{ end }}", "the function js"},
		{"function in a branch", "/{{ with .Key }}{{ . | js }}{{ end }}", "the function js"},
		{"query in one branch", "/{{ if .Key }}?a={{ else }}/b/{{ end }}{{ .Key }}", `the "?" of a URL`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := callback.New(callback.Config{URL: "https://h.example" + tt.url, Template: true}, callback.Options{})
			require.ErrorContains(t, err, tt.want)
		})
	}
	_, err := callback.New(callback.Config{URL: "https://h/", Template: true, Headers: map[string]string{"Cookie": "a={{ .Key }}"}}, callback.Options{})
	require.ErrorContains(t, err, "headers: Cookie")
	_, err = callback.New(callback.Config{URL: "https://h/", Template: true, Headers: map[string]string{"X-A": "{{ c4n4ry }}"}}, callback.Options{})
	require.ErrorContains(t, err, "headers: X-A: not a valid template")
	assert.NotContains(t, err.Error(), "c4n4ry")

	// Without a bound this is a stack overflow, which no recover catches.
	deep := strings.Repeat("{{ if 1 }}", 2_000_000) + strings.Repeat("{{ end }}", 2_000_000)
	_, err = callback.New(callback.Config{URL: "https://h/", Template: true, Headers: map[string]string{"X-A": deep}}, callback.Options{})
	require.ErrorContains(t, err, "headers: X-A: a template longer than")
	wide := "{{ .Key }}" + strings.Repeat("x", 8<<10-len("{{ .Key }}"))
	_, err = callback.New(callback.Config{URL: "https://h/", Template: true, Headers: map[string]string{"X-A": wide}}, callback.Options{})
	require.NoError(t, err, "at the bound")
}

// Whatever a label is, the request goes to the same host, to the same path, with
// the same parameters, and the label comes back out of it as it went in.
func FuzzTemplateValues(f *testing.F) {
	for _, s := range []string{"a", "a&b=c", "../..", "%2e", "#", "?", "\r\nX: y", "//evil.example", "@evil.example", "{{ .Key }}", "\x00", "ß", "a/../b"} {
		f.Add(s)
	}
	var got *http.Request
	client := &http.Client{Transport: roundTripper(func(r *http.Request) (*http.Response, error) {
		got = r
		return &http.Response{StatusCode: 200, Body: http.NoBody}, nil
	})}
	w, err := callback.New(callback.Config{
		URL: "https://h.example/a/{{ .Key }}/b?q={{ .Key }}&z=1", Template: true, Headers: map[string]string{"X-K": "k{{ .Key }}"},
	}, callback.Options{Client: client})
	require.NoError(f, err)
	f.Fuzz(func(t *testing.T, key string) {
		got = nil
		_, err := w.Call(t.Context(), callback.Message{ID: "1", Key: key})
		if err != nil {
			require.Equal(t, callback.ClassTemplate, failed(t, err).Class)
			require.Nil(t, got)
			return
		}
		require.Equal(t, "h.example", got.URL.Host)
		require.Equal(t, "/a/"+key+"/b", got.URL.Path)
		query, err := url.ParseQuery(got.URL.RawQuery)
		require.NoError(t, err)
		require.Equal(t, url.Values{"q": {key}, "z": {"1"}}, query)
		require.NotContains(t, got.Header.Get("X-K"), "\n")
		require.Len(t, strings.Split(got.URL.EscapedPath(), "/"), 4)
	})
}

// A roundTripper is a function that serves as one.
type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }
