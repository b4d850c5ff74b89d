package callback

import (
	"bytes"
	"encoding/json"
	"errors"
	"net/url"
	"strconv"
	"strings"
	"text/template"
)

// A place is where a value of a template stands.
type place int

const (
	placePath place = iota
	placeQuery
	placeHeader
)

// after returns the place behind a text that begins in p.
func (p place) after(text []byte) (place, error) {
	if p == placeHeader {
		return p, nil
	}
	if bytes.IndexByte(text, '#') >= 0 {
		return p, errors.New("has a fragment, which is never sent")
	}
	if bytes.IndexByte(text, '?') >= 0 {
		return placeQuery, nil
	}
	return p, nil
}

// escaper returns the name of the function that escapes for p.
func (p place) escaper() string {
	return [...]string{"_path", "_query", "_header"}[p]
}

// functions are those of the templates beside the harmless ones of
// text/template.
var functions = template.FuncMap{
	"_path":    escapePath,
	"_query":   escapeQuery,
	"_header":  escapeHeader,
	"lower":    strings.ToLower,
	"upper":    strings.ToUpper,
	"default":  orDefault,
	"print":    boundedPrint,
	"printf":   boundedPrintf,
	"urlquery": func(v any) any { return v }, // escaped where it stands, and once
	"eq":       isEqual,
	"ne":       isNotEqual,
	"lt":       isLess,
	"le":       isAtMost,
	"gt":       isGreater,
	"ge":       isAtLeast,
}

// refusedFunctions are not for the writer of a template: they escape for other
// places, call what is in the data, or are our own.
var refusedFunctions = map[string]bool{
	"call": true, "html": true, "js": true, "println": true,
	"_path": true, "_query": true, "_header": true,
}

// errValue is the reason why a value cannot be filled in.
type errValue string

func (e errValue) Error() string { return string(e) }

const (
	errMissing errValue = "a value is missing"
	errEmpty   errValue = "a value in the path is empty"
	errNested  errValue = "a value is an object or a list"
	errKinds   errValue = "a value is compared with one of another kind"
	errFormat  errValue = "a format of printf or of the time is not allowed"
	errLong    errValue = "the result is too long"
	errDots    errValue = "the path would leave its folder"
	errResult  errValue = "the result is not a valid URL"
)

func escapePath(v any) (string, error) {
	s, err := scalar(v)
	if err == nil && s == "" {
		err = errEmpty // it would be another resource
	}
	return url.PathEscape(s), err
}

func escapeQuery(v any) (string, error) {
	s, err := scalar(v)
	return url.QueryEscape(s), err
}

// escapeHeader makes one line of a value.
func escapeHeader(v any) (string, error) {
	s, err := scalar(v)
	return strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return ' '
		}
		return r
	}, s), err
}

// scalar returns v as text, if it is a single value.
func scalar(v any) (string, error) {
	switch v := v.(type) {
	case nil:
		return "", errMissing
	case string:
		return v, nil
	case json.Number:
		return v.String(), nil
	case bool:
		return strconv.FormatBool(v), nil
	case int:
		return strconv.Itoa(v), nil
	case int64:
		return strconv.FormatInt(v, 10), nil
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64), nil
	case moment:
		return v.String(), nil
	}
	return "", errNested
}

// orDefault returns v, or d if v is missing or empty: {{ $x | default "none" }}.
func orDefault(d, v any) any {
	if v == nil || v == "" {
		return d
	}
	return v
}
