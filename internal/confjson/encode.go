package confjson

import (
	"bytes"
	"encoding"
	"encoding/json"
	"reflect"
	"slices"
	"strings"
	"time"
)

var (
	marshalerType     = reflect.TypeFor[json.Marshaler]()
	textMarshalerType = reflect.TypeFor[encoding.TextMarshaler]()
)

// Encode returns v as JSON, as encoding/json does, with durations as texts that
// [Decode] reads.
func Encode(v any) ([]byte, error) {
	var b bytes.Buffer
	if err := encode(&b, reflect.ValueOf(v)); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}

func encode(b *bytes.Buffer, rv reflect.Value) error {
	t := rv.Type()
	switch {
	case t == durationType:
		return leaf(b, time.Duration(rv.Int()).String())
	case t.Implements(marshalerType), t.Implements(textMarshalerType):
		return leaf(b, rv.Interface())
	}
	switch t.Kind() {
	case reflect.Pointer:
		if rv.IsNil() {
			return leaf(b, nil)
		}
		return encode(b, rv.Elem())
	case reflect.Struct:
		return object(b, rv)
	case reflect.Map:
		if t.Key().Kind() == reflect.String && !rv.IsNil() {
			return table(b, rv)
		}
	case reflect.Slice:
		if t.Elem().Kind() != reflect.Uint8 && !rv.IsNil() {
			return list(b, rv)
		}
	}
	return leaf(b, rv.Interface())
}

func leaf(b *bytes.Buffer, v any) error {
	text, err := json.Marshal(v)
	b.Write(text)
	return err
}

func object(b *bytes.Buffer, rv reflect.Value) error {
	b.WriteByte('{')
	first := true
	for _, f := range fieldsOf(rv.Type()) {
		v := rv.FieldByIndex(f.index)
		if f.omitempty && empty(v) || f.omitzero && v.IsZero() {
			continue
		}
		if err := member(b, &first, f.name, v); err != nil {
			return err
		}
	}
	b.WriteByte('}')
	return nil
}

func table(b *bytes.Buffer, rv reflect.Value) error {
	b.WriteByte('{')
	first := true
	keys := rv.MapKeys()
	slices.SortFunc(keys, func(x, y reflect.Value) int { return strings.Compare(x.String(), y.String()) })
	for _, k := range keys {
		if err := member(b, &first, k.String(), rv.MapIndex(k)); err != nil {
			return err
		}
	}
	b.WriteByte('}')
	return nil
}

func member(b *bytes.Buffer, first *bool, name string, v reflect.Value) error {
	if !*first {
		b.WriteByte(',')
	}
	*first = false
	if err := leaf(b, name); err != nil {
		return err
	}
	b.WriteByte(':')
	return encode(b, v)
}

func list(b *bytes.Buffer, rv reflect.Value) error {
	b.WriteByte('[')
	for i := range rv.Len() {
		if i > 0 {
			b.WriteByte(',')
		}
		if err := encode(b, rv.Index(i)); err != nil {
			return err
		}
	}
	b.WriteByte(']')
	return nil
}

// empty is what encoding/json means by omitempty.
func empty(v reflect.Value) bool {
	switch v.Kind() {
	case reflect.Map, reflect.Slice, reflect.String, reflect.Array:
		return v.Len() == 0
	case reflect.Struct:
		return false
	}
	return v.IsZero()
}

// A field is a member of an object.
type field struct {
	name      string
	index     []int
	omitempty bool
	omitzero  bool
}

// fieldsOf returns the members of a struct, those of embedded structs included.
func fieldsOf(t reflect.Type) []field {
	var fields []field
	for _, f := range reflect.VisibleFields(t) {
		tag := f.Tag.Get("json")
		name, options, _ := strings.Cut(tag, ",")
		if !f.IsExported() || tag == "-" || f.Anonymous && name == "" {
			continue
		}
		if name == "" {
			name = f.Name
		}
		fields = append(fields, field{
			name: name, index: f.Index,
			omitempty: strings.Contains(options, "omitempty"),
			omitzero:  strings.Contains(options, "omitzero"),
		})
	}
	return fields
}
