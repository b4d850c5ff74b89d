package auth

import (
	"errors"
	"fmt"
	"reflect"
	"strings"
)

// strictYAML is strictJSON for the decode function of a YAML library, which may
// pass over keys that it does not know, and which quotes a secret in its error
// if that stands where a mapping should.
func strictYAML(decode func(any) error) func(any) error {
	return func(v any) error {
		if t := reflect.TypeOf(v).Elem(); t.Kind() == reflect.Struct && !readsItself(t) {
			var tree any
			if decode(&tree) != nil {
				return errors.New("auth: not readable, or a key is given twice")
			}
			if err := checkKeys(t, tree); err != nil {
				return fmt.Errorf("auth: %w", err)
			}
		}
		return decode(v)
	}
}

// checkKeys refuses a tree that is no mapping, or that has a key for which the
// struct t has no field. What reads itself is left to it.
func checkKeys(t reflect.Type, tree any) error {
	mapping := reflect.ValueOf(tree)
	if !mapping.IsValid() { // null
		return nil
	}
	if mapping.Kind() != reflect.Map {
		return errors.New("not a mapping")
	}
	for _, key := range mapping.MapKeys() {
		name := fmt.Sprint(key)
		field, ok := fieldOf(t, name)
		if !ok {
			return fmt.Errorf("unknown key %q", name)
		}
		if field.Kind() != reflect.Struct || readsItself(field) {
			continue
		}
		if err := checkKeys(field, mapping.MapIndex(key).Interface()); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	return nil
}

// fieldOf returns the type of the field of t that name is the key of.
func fieldOf(t reflect.Type, name string) (reflect.Type, bool) {
	for i := range t.NumField() {
		if key, _, _ := strings.Cut(t.Field(i).Tag.Get("yaml"), ","); key == name {
			return t.Field(i).Type, true
		}
	}
	return nil, false
}

func readsItself(t reflect.Type) bool {
	type reader interface{ UnmarshalYAML(func(any) error) error }
	return reflect.PointerTo(t).Implements(reflect.TypeFor[reader]())
}
