package callback

import (
	"bytes"
	"encoding/json"
	"reflect"
	"strconv"
	"strings"
)

// What goes into an interface is a float64 in encoding/json, which cannot hold
// every integer: to lose the last digits of one would make another ID of it. So
// numbers are read as [json.Number], and made float64s where that changes nothing.

// decodeNumbers reads data into what v points to, with numbers as json.Number
// where v does not say what they are.
func decodeNumbers(data []byte, v any) error {
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.UseNumber()
	return dec.Decode(v)
}

// floats makes float64s of the numbers in v, which was just read.
func floats(v reflect.Value) error {
	if v.CanAddr() && v.Addr().Type().Implements(reflect.TypeFor[json.Unmarshaler]()) {
		return nil // it has read itself
	}
	switch v.Kind() {
	case reflect.Interface:
		return floatsInside(v)
	case reflect.Pointer:
		if !v.IsNil() {
			return floats(v.Elem())
		}
	case reflect.Struct:
		for i := range v.NumField() {
			f := v.Type().Field(i)
			if f.IsExported() || f.Anonymous && f.Type.Kind() == reflect.Struct {
				if err := floats(v.Field(i)); err != nil {
					return err
				}
			}
		}
	case reflect.Slice, reflect.Array:
		if isPlain(v.Type().Elem()) {
			return nil
		}
		for i := range v.Len() {
			if err := floats(v.Index(i)); err != nil {
				return err
			}
		}
	case reflect.Map:
		if isPlain(v.Type().Elem()) {
			return nil
		}
		for _, key := range v.MapKeys() {
			value := reflect.New(v.Type().Elem()).Elem()
			value.Set(v.MapIndex(key))
			if err := floats(value); err != nil {
				return err
			}
			v.SetMapIndex(key, value)
		}
	}
	return nil
}

// isPlain reports whether a t holds nothing else, such as a text.
func isPlain(t reflect.Type) bool {
	switch t.Kind() {
	case reflect.Interface, reflect.Pointer, reflect.Struct, reflect.Slice, reflect.Array, reflect.Map:
		return false
	}
	return true
}

// floatsInside is floats for what is in an interface.
func floatsInside(v reflect.Value) error {
	n, ok := v.Interface().(json.Number)
	if !ok {
		return floats(v.Elem()) // a map or a list, or nothing of interest
	}
	f, err := n.Float64()
	if err != nil {
		return err
	}
	if strings.ContainsAny(string(n), ".eE") || strconv.FormatFloat(f, 'f', 0, 64) == string(n) {
		v.Set(reflect.ValueOf(f))
	}
	return nil
}
