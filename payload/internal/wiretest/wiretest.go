// Package wiretest is for the tests of the formats: it takes the exported fields
// of a decoded value one by one, and compares JSON texts.
package wiretest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"time"
)

// Bare returns a deep copy of v that has its exported fields alone, as if it had
// been made in Go.
func Bare[T any](v T) T {
	return bare(reflect.ValueOf(&v).Elem()).Interface().(T)
}

func bare(v reflect.Value) reflect.Value {
	c := reflect.New(v.Type()).Elem()
	switch {
	case isAtom(v.Type()):
		c.Set(v)
	case v.Kind() == reflect.Struct:
		for i := range v.NumField() {
			if v.Type().Field(i).IsExported() {
				c.Field(i).Set(bare(v.Field(i)))
			}
		}
	case v.Kind() == reflect.Pointer && !v.IsNil():
		c.Set(reflect.New(v.Type().Elem()))
		c.Elem().Set(bare(v.Elem()))
	case v.Kind() == reflect.Slice && !v.IsNil():
		c.Set(reflect.MakeSlice(v.Type(), v.Len(), v.Len()))
		for i := range v.Len() {
			c.Index(i).Set(bare(v.Index(i)))
		}
	}
	return c
}

// isAtom reports whether a type is copied and changed as a whole.
func isAtom(t reflect.Type) bool {
	switch t.Kind() {
	case reflect.Struct, reflect.Pointer:
		return t == reflect.TypeFor[time.Time]()
	case reflect.Slice:
		return t == reflect.TypeFor[json.RawMessage]()
	default:
		return true
	}
}

// A Leaf is a field that has no fields of its own.
type Leaf struct {
	Path  string // such as "Alerts[1].Labels[0].Value"
	value reflect.Value
}

// Change gives the field another value.
func (l Leaf) Change() {
	switch v := l.value; v.Kind() {
	case reflect.String:
		v.SetString(v.String() + " changed")
	case reflect.Int, reflect.Int64:
		v.SetInt(v.Int() + 1)
	case reflect.Uint64:
		v.SetUint(v.Uint() + 1)
	case reflect.Float64:
		v.SetFloat(v.Float() + 1)
	case reflect.Bool:
		v.SetBool(!v.Bool())
	case reflect.Struct:
		v.Set(reflect.ValueOf(v.Interface().(time.Time).Add(time.Hour)))
	case reflect.Slice:
		v.Set(reflect.ValueOf(json.RawMessage(`"changed"`)))
	default:
		panic("wiretest: no change for a " + v.Kind().String())
	}
}

// Leaves returns the exported fields of v that can be reached, of an empty list
// none.
func Leaves[T any](v *T) []Leaf { return leaves(nil, "", reflect.ValueOf(v).Elem()) }

func leaves(list []Leaf, path string, v reflect.Value) []Leaf {
	switch {
	case isAtom(v.Type()):
		list = append(list, Leaf{strings.TrimPrefix(path, "."), v})
	case v.Kind() == reflect.Struct:
		for i := range v.NumField() {
			if f := v.Type().Field(i); f.IsExported() {
				list = leaves(list, path+"."+f.Name, v.Field(i))
			}
		}
	case v.Kind() == reflect.Pointer && !v.IsNil():
		list = leaves(list, path, v.Elem())
	case v.Kind() == reflect.Slice:
		for i := range v.Len() {
			list = leaves(list, fmt.Sprintf("%s[%d]", path, i), v.Index(i))
		}
	}
	return list
}

// Diff returns the paths of the values that differ between two JSON texts. Of
// numbers it compares the digits.
func Diff(a, b []byte) []string { return diff(nil, "", parse(a), parse(b)) }

func parse(text []byte) (v any) {
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	if err := d.Decode(&v); err != nil {
		panic(fmt.Sprintf("wiretest: %v", err))
	}
	return v
}

type absent struct{}

func diff(paths []string, path string, a, b any) []string {
	if a, ok := a.(map[string]any); ok {
		if b, ok := b.(map[string]any); ok {
			for _, name := range union(a, b) {
				paths = diff(paths, path+"."+name, get(a, name), get(b, name))
			}
			return paths
		}
	}
	if a, ok := a.([]any); ok {
		if b, ok := b.([]any); ok && len(a) == len(b) {
			for i := range a {
				paths = diff(paths, fmt.Sprintf("%s[%d]", path, i), a[i], b[i])
			}
			return paths
		}
	}
	if !reflect.DeepEqual(a, b) {
		paths = append(paths, strings.TrimPrefix(path, "."))
	}
	return paths
}

func get(m map[string]any, name string) any {
	if v, ok := m[name]; ok {
		return v
	}
	return absent{}
}

func union(a, b map[string]any) (names []string) {
	for name := range a {
		names = append(names, name)
	}
	for name := range b {
		if _, ok := a[name]; !ok {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}
