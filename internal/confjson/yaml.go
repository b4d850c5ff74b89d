package confjson

import (
	"errors"
	"fmt"
	"reflect"
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
// Structs within that have such a method check themselves. What is wrong with a
// value is said by the library, which knows the line.
func DecodeYAML(decode func(any) error, v any) error {
	var tree any
	if err := decode(&tree); err != nil {
		return err
	}
	if err := checkKeys(reflect.TypeOf(v).Elem(), tree); err != nil {
		return err
	}
	return decode(v)
}

// checkKeys refuses a tree with a key for which the struct t has no field. There
// are libraries whose mappings have keys of any type.
func checkKeys(t reflect.Type, tree any) error {
	mapping := reflect.ValueOf(tree)
	if !mapping.IsValid() { // null
		return nil
	}
	if mapping.Kind() != reflect.Map {
		return errors.New("want a mapping")
	}
	for _, key := range mapping.MapKeys() {
		name := fmt.Sprint(key)
		field, ok := yamlField(t, name)
		if !ok {
			return fmt.Errorf("unknown key %s", quote(name))
		}
		if field.Kind() != reflect.Struct || readsYAML(field) || reflect.PointerTo(field).Implements(textType) {
			continue
		}
		if err := checkKeys(field, mapping.MapIndex(key).Interface()); err != nil {
			return fmt.Errorf("%s: %w", name, err)
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
