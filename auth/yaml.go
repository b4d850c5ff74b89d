package auth

import (
	"fmt"
	"reflect"

	"github.com/alertwire/alertwire/internal/confjson"
)

// strictYAML is strictJSON for the decode function of a YAML library, which may
// pass over keys that it does not know, and which quotes a secret in its error
// if that stands where a mapping should.
func strictYAML(decode func(any) error) func(any) error {
	return func(v any) error {
		if t := reflect.TypeOf(v).Elem(); t.Kind() != reflect.Struct || readsItself(t) {
			return decode(v)
		}
		if err := confjson.DecodeYAML(decode, v); err != nil {
			return fmt.Errorf("auth: %w", err)
		}
		return nil
	}
}

func readsItself(t reflect.Type) bool {
	type reader interface{ UnmarshalYAML(func(any) error) error }
	return reflect.PointerTo(t).Implements(reflect.TypeFor[reader]())
}
