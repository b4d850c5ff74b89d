package callback

import (
	"bytes"
	"encoding/json"
	"errors"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"text/template"
)

// A view is what templates see of a message.
type view struct {
	ID, Type, Key string
	Time          moment
	Event         any
	Labels        any
	Value         any
}

// apply fills the templates in for m, and sets URL and headers of r. Nothing is
// set if anything is wrong.
func (t *templates) apply(r *http.Request, m *Message) error {
	v := viewOf(m)
	u := r.URL
	if t.rest != nil {
		text, err := execute(t.rest, v, maxURL-len(t.origin))
		if err == nil {
			u, err = t.parse(text)
		}
		if err != nil {
			return templateError("the URL", err)
		}
	}
	values := make([]string, len(t.headers))
	for i, h := range t.headers {
		text, err := execute(h.value, v, maxHeaderValue)
		if err != nil {
			return templateError("the header "+h.name, err)
		}
		values[i] = strings.TrimSpace(text)
	}
	r.URL = u
	for i, h := range t.headers {
		r.Header[h.name] = values[i : i+1 : i+1]
	}
	return nil
}

// parse returns the URL with the given path and query, and makes sure that it
// is still in the place that the configuration says.
func (t *templates) parse(rest string) (*url.URL, error) {
	u, err := url.Parse(t.origin + strings.TrimSpace(rest))
	if err != nil || u.Scheme+"://"+u.Host != t.origin || u.User != nil {
		return nil, errResult
	}
	isSeparator := func(r rune) bool { return r == '/' || r == '\\' }
	for segment := range strings.FieldsFuncSeq(u.Path, isSeparator) {
		if segment == "." || segment == ".." {
			return nil, errDots
		}
	}
	u.RawQuery = encodeQuery(u.RawQuery)
	return u, nil
}

// templateError says what is wrong with a template. The error of text/template
// is kept, but not its text, which repeats the template.
func templateError(what string, err error) error {
	reason := errValue("a value that it uses is not there, or is of another kind")
	errors.As(err, &reason)
	return &cause{"template of " + what + ": " + string(reason), err}
}

// execute returns the text that t makes of v, which has at most limit bytes.
func execute(t *template.Template, v *view, limit int) (string, error) {
	w := boundedWriter{left: limit}
	if err := t.Execute(&w, v); err != nil {
		return "", err
	}
	return w.b.String(), nil
}

type boundedWriter struct {
	b    strings.Builder
	left int
}

func (w *boundedWriter) Write(p []byte) (int, error) {
	if w.left -= len(p); w.left < 0 {
		return 0, errLong
	}
	return w.b.Write(p)
}

// viewOf decodes the body of m, if it is JSON. Labels are there always, so that a
// template can ask for one of an event that has none.
func viewOf(m *Message) *view {
	v := &view{ID: m.ID, Type: m.Type, Key: m.Key, Time: moment{m.Time}, Labels: map[string]any{}}
	d := json.NewDecoder(bytes.NewReader(m.Body))
	d.UseNumber()
	var event any
	if d.Decode(&event) != nil {
		return v
	}
	v.Event = numbers(event)
	object, ok := v.Event.(map[string]any)
	if !ok {
		return v
	}
	if labels := firstOf(object, "tags_map", "labels", "commonLabels"); labels != nil {
		v.Labels = labels
	}
	v.Value = firstOf(object, "trigger_value", "value")
	addGoNames(object)
	return v
}

// firstOf returns the first member of object that is there and not null.
func firstOf(object map[string]any, names ...string) any {
	for _, name := range names {
		if v := object[name]; v != nil {
			return v
		}
	}
	return nil
}

// addGoNames makes the members of an object findable under the names that the
// fields of a Go struct would have, and those of Nightingale do have.
func addGoNames(object map[string]any) {
	names := make(map[string]any, len(object))
	for _, name := range slices.Sorted(maps.Keys(object)) { // of two that become one, the same wins always
		names[goName(name)] = object[name]
	}
	for _, name := range []string{"tags", "original_tags", "annotations", "callbacks", "notify_channels", "notify_groups"} {
		if v, ok := object[name]; ok {
			names[goName(name)+"JSON"] = v
		}
	}
	if v, ok := object["rule_config"]; ok {
		names["RuleConfigJson"] = v
	}
	for name, v := range names {
		if _, taken := object[name]; !taken {
			object[name] = v
		}
	}
}

// goName returns RuleName for rule_name.
func goName(name string) string {
	var b strings.Builder
	for word := range strings.SplitSeq(name, "_") {
		if word != "" {
			b.WriteString(strings.ToUpper(word[:1]) + word[1:])
		}
	}
	return b.String()
}

// numbers replaces the numbers in v by those of Go, so that templates can
// compare them. What neither int64 nor float64 holds exactly stays a text.
func numbers(v any) any {
	switch v := v.(type) {
	case json.Number:
		if i, err := strconv.ParseInt(v.String(), 10, 64); err == nil {
			return i
		}
		if f, err := v.Float64(); err == nil && strings.ContainsAny(v.String(), ".eE") {
			return f
		}
	case map[string]any:
		for name, member := range v {
			v[name] = numbers(member)
		}
	case []any:
		for i, element := range v {
			v[i] = numbers(element)
		}
	}
	return v
}
