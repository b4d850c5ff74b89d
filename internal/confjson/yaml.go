package confjson

import (
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// DecodeYAML reads the struct that v points to with decode, which is what a YAML
// library gives to a method UnmarshalYAML. It refuses keys that v does not know,
// which the library passes over unless it is told not to: a setting that is
// misspelt must not be one that is not set. A type takes part with
//
//	func (c *Config) UnmarshalYAML(decode func(any) error) error {
//		type plain Config // without the methods
//		return confjson.DecodeYAML(decode, (*plain)(c))
//	}
//
// Structs within that have such a method check themselves. Errors are [*Error]s
// that say what [Decode] would say, with the line if the library tells lines.
// They are not those of the library, which quote values.
func DecodeYAML(decode func(any) error, v any) error {
	var tree any
	if err := decode(&tree); err != nil {
		return &Error{Line: lineIn(err), Err: unreadable(err)}
	}
	t := reflect.TypeOf(v).Elem()
	if bad := checkKeys(t, tree, nil); bad != nil {
		return bad.error(decode)
	}
	err := decode(v)
	if err == nil {
		return nil
	}
	// A value is wrong, or a part that reads itself has told what is wrong in it.
	// Decode finds it too, and knows the whole path.
	var found *Error
	text, unsayable := json.Marshal(named(tree))
	if unsayable == nil {
		errors.As(Decode(text, reflect.New(t).Interface()), &found)
	}
	var part *Error
	switch {
	case errors.As(err, &part) && found != nil && part.Err.Error() == found.Err.Error():
		return &Error{Line: part.Line, Path: found.Path, Err: part.Err}
	case part != nil:
		return err
	case found != nil:
		line := lineIn(err)
		if line == 0 { // a type that reads itself from text is told none
			keys, _, _ := strings.Cut(found.Path, "[")
			line = lineOf(decode, strings.Split(keys, "."))
		}
		return &Error{Line: line, Path: found.Path, Err: found.Err}
	}
	return &Error{Line: lineIn(err), Err: errors.New("not readable")}
}

// unreadable says why there is no tree, as far as that is to be told. The library
// has no types for it, so its text is read; a text that is not known loses
// nothing but the reason.
func unreadable(err error) error {
	found := regexp.MustCompile(`key ("(?:[^"\\]|\\.)*") already defined`).FindStringSubmatch(err.Error())
	if found != nil {
		if name, bad := strconv.Unquote(found[1]); bad == nil {
			return fmt.Errorf("key %s is given twice", quote(name))
		}
	}
	return errors.New("not readable")
}

// A misfit is what checkKeys complains of: a value, or a key that leads to it.
type misfit struct {
	path []string // of the mapping, or of the value that should be one
	key  string   // that is unknown, or nothing
	err  error
}

func (m *misfit) error(decode func(any) error) *Error {
	e := &Error{Path: joined(m.path), Err: m.err}
	keys := m.path
	if m.key != "" {
		keys = append(keys, m.key)
	}
	e.Line = lineOf(decode, keys)
	return e
}

func joined(path []string) string {
	steps := make([]string, len(path))
	for i, name := range path {
		steps[i] = step(name)
	}
	return strings.Join(steps, ".")
}

// checkKeys looks for a key in tree for which the struct t has no field. There
// are libraries whose mappings have keys of any type.
func checkKeys(t reflect.Type, tree any, path []string) *misfit {
	mapping := reflect.ValueOf(tree)
	if !mapping.IsValid() { // null
		return nil
	}
	if mapping.Kind() != reflect.Map {
		return &misfit{path: path, err: errors.New("want a mapping")}
	}
	keys := mapping.MapKeys()
	slices.SortFunc(keys, func(a, b reflect.Value) int { return strings.Compare(fmt.Sprint(a), fmt.Sprint(b)) })
	for _, key := range keys {
		name := fmt.Sprint(key)
		field, ok := yamlField(t, name)
		if !ok {
			return &misfit{path: path, key: name, err: unknown(name, fieldsOf(t))}
		}
		if field.Kind() != reflect.Struct || readsYAML(field) || reflect.PointerTo(field).Implements(textType) {
			continue
		}
		if bad := checkKeys(field, mapping.MapIndex(key).Interface(), append(path, name)); bad != nil {
			return bad
		}
	}
	return nil
}

// yamlField returns the type of the field of t whose key is name.
func yamlField(t reflect.Type, name string) (reflect.Type, bool) {
	for i := range t.NumField() {
		key, _, _ := strings.Cut(t.Field(i).Tag.Get("yaml"), ",")
		if key == name && key != "" && key != "-" {
			return t.Field(i).Type, true
		}
	}
	return nil, false
}

func readsYAML(t reflect.Type) bool {
	type reader interface{ UnmarshalYAML(func(any) error) error }
	return reflect.PointerTo(t).Implements(reflect.TypeFor[reader]())
}

// named returns tree with texts for the keys of mappings, as JSON has them.
func named(tree any) any {
	v := reflect.ValueOf(tree)
	switch v.Kind() {
	case reflect.Map:
		out := make(map[string]any, v.Len())
		for _, key := range v.MapKeys() {
			out[fmt.Sprint(key)] = named(v.MapIndex(key).Interface())
		}
		return out
	case reflect.Slice:
		out := make([]any, v.Len())
		for i := range out {
			out[i] = named(v.Index(i).Interface())
		}
		return out
	}
	return tree
}
