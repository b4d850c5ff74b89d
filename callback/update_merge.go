package callback

import (
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"strings"
)

// merge returns a copy of event, whose JSON has the members had, with changes.
// What changes is built anew from JSON, so that nothing is written through a
// map, slice or pointer of the event; the rest is copied as it is.
func merge[E any](event E, had, changes []member) (E, error) {
	out := reflect.New(reflect.TypeFor[E]()).Elem()
	out.Set(reflect.ValueOf(&event).Elem())
	if err := mergeInto(out, had, changes); err != nil {
		return event, err
	}
	return out.Interface().(E), nil
}

// mergeInto changes v, which can be set, and holds a copy of the event as
// shallow as an assignment.
func mergeInto(v reflect.Value, had, changes []member) error {
	switch {
	case v.Kind() == reflect.Pointer, v.Kind() == reflect.Interface:
		return mergeBehind(v, had, changes)
	case v.Addr().Type().Implements(reflect.TypeFor[json.Unmarshaler]()):
		return mergeWhole(v, had, changes)
	case v.Kind() == reflect.Struct:
		return mergeFields(v, had, changes)
	case v.Kind() == reflect.Map && v.Type().Key().Kind() == reflect.String:
		return mergeKeys(v, had, changes)
	}
	return fmt.Errorf("update: a %v has no fields", v.Type())
}

// mergeBehind changes a copy of what v points to, and makes v point to it.
func mergeBehind(v reflect.Value, had, changes []member) error {
	if v.IsNil() {
		return fmt.Errorf("update: there is no event in the %v", v.Type())
	}
	fresh := reflect.New(v.Elem().Type())
	fresh.Elem().Set(v.Elem())
	if err := mergeInto(fresh.Elem(), had, changes); err != nil {
		return err
	}
	if v.Kind() == reflect.Interface {
		fresh = fresh.Elem()
	}
	v.Set(fresh)
	return nil
}

// mergeWhole is for types that read themselves, which may hold more than their
// fields, such as what they did not know.
func mergeWhole(v reflect.Value, had, changes []member) error {
	fresh := reflect.New(v.Type())
	if err := json.Unmarshal(overlay(object(had...), object(changes...)), fresh.Interface()); err != nil {
		return errors.New("update: the reply does not fit the event")
	}
	v.Set(fresh.Elem())
	return nil
}

// mergeKeys changes a map. The keys that do not change keep their values, with
// the types that they have in Go.
func mergeKeys(v reflect.Value, had, changes []member) error {
	fresh := reflect.MakeMapWithSize(v.Type(), v.Len()+len(changes))
	for _, k := range v.MapKeys() {
		fresh.SetMapIndex(k, v.MapIndex(k))
	}
	for _, c := range changes {
		value := reflect.New(v.Type().Elem())
		if decodeNumbers(merged(had, c), value.Interface()) != nil || floats(value) != nil {
			return misfit(c, v.Type().Elem())
		}
		fresh.SetMapIndex(reflect.ValueOf(c.name).Convert(v.Type().Key()), value.Elem())
	}
	v.Set(fresh)
	return nil
}

// mergeFields changes the fields of a struct.
func mergeFields(v reflect.Value, had, changes []member) error {
	fields := reflect.VisibleFields(v.Type())
	for _, c := range changes {
		f, ok := fieldNamed(fields, c.name)
		if !ok {
			return fmt.Errorf("update: a %v has no field %q", v.Type(), c.name)
		}
		if err := clearField(v, f.Index); err != nil {
			return err
		}
		// Read through the struct, as the tag of the field has a say in how.
		c.value = merged(had, c)
		if decodeNumbers(object(c), v.Addr().Interface()) != nil || floats(v.FieldByIndex(f.Index)) != nil {
			return misfit(c, f.Type)
		}
	}
	return nil
}

// merged returns the new value of a member that changes.
func merged(had []member, c member) json.RawMessage {
	if old, ok := find(had, c.name); ok {
		return overlay(old, c.value)
	}
	return c.value
}

// misfit names the type, and not what encoding/json says, which may repeat what
// the receiver sent.
func misfit(c member, t reflect.Type) error {
	return fmt.Errorf("update: the field %q does not fit a %v", c.name, t)
}

// fieldNamed returns the field of that name in JSON: the outermost one, as
// encoding/json has it.
func fieldNamed(fields []reflect.StructField, name string) (found reflect.StructField, ok bool) {
	for _, f := range fields {
		if jsonName(f) == name && (!ok || len(f.Index) < len(found.Index)) {
			found, ok = f, true
		}
	}
	return found, ok
}

// jsonName returns the name of a field in JSON, or "" if it has none.
func jsonName(f reflect.StructField) string {
	tag := f.Tag.Get("json")
	name, _, _ := strings.Cut(tag, ",")
	switch {
	case !f.IsExported(), tag == "-", f.Anonymous && name == "":
		return ""
	case name == "":
		return f.Name
	}
	return name
}

// clearField sets the field at index to zero, so that nothing is merged into
// what the event holds. An embedded struct on the way that is held by a pointer
// is replaced by a copy.
func clearField(v reflect.Value, index []int) error {
	for i, n := range index {
		if i > 0 && v.Kind() == reflect.Pointer {
			if !v.CanSet() {
				return fmt.Errorf("update: the embedded %v cannot be set", v.Type())
			}
			fresh := reflect.New(v.Type().Elem())
			if !v.IsNil() {
				fresh.Elem().Set(v.Elem())
			}
			v.Set(fresh)
			v = fresh.Elem()
		}
		v = v.Field(n)
	}
	v.SetZero()
	return nil
}
