package confjson

import (
	"bytes"
	"encoding"
	"encoding/json"
	"errors"
	"fmt"
	"net/netip"
	"reflect"
	"strings"
	"time"
)

// A part is one value within the text.
type part struct {
	raw  []byte
	at   int64  // offset of raw in the text
	path string // keys that lead to it
}

type decoder struct{ data []byte }

var (
	durationType    = reflect.TypeFor[time.Duration]()
	timeType        = reflect.TypeFor[time.Time]()
	prefixType      = reflect.TypeFor[netip.Prefix]()
	unmarshalerType = reflect.TypeFor[json.Unmarshaler]()
	textType        = reflect.TypeFor[encoding.TextUnmarshaler]()
)

func (d *decoder) fail(p part, err error) error {
	return &Error{Line: line(d.data, p.at), Path: p.path, Err: err}
}

// value reads p into rv, which can be set.
func (d *decoder) value(p part, rv reflect.Value) error {
	if string(p.raw) == "null" {
		return nil
	}
	t := rv.Type()
	switch {
	case t == durationType:
		return d.duration(p, rv)
	case t == timeType:
		return d.plain(p, rv, "a time in RFC 3339")
	case t == prefixType:
		return d.plain(p, rv, "a prefix such as 10.0.0.0/8")
	case reflect.PointerTo(t).Implements(unmarshalerType):
		return d.custom(p, rv.Addr().Interface().(json.Unmarshaler))
	case reflect.PointerTo(t).Implements(textType):
		return d.plain(p, rv, "text in its form")
	}
	switch t.Kind() {
	case reflect.Pointer:
		if rv.IsNil() {
			rv.Set(reflect.New(t.Elem()))
		}
		return d.value(p, rv.Elem())
	case reflect.Struct:
		return d.object(p, rv)
	case reflect.Map:
		return d.table(p, rv)
	case reflect.Slice:
		if t.Elem().Kind() != reflect.Uint8 { // those are texts in base64
			return d.list(p, rv)
		}
	}
	return d.plain(p, rv, wanted(t))
}

func (d *decoder) duration(p part, rv reflect.Value) error {
	var text string
	if json.Unmarshal(p.raw, &text) == nil {
		if v, err := time.ParseDuration(text); err == nil {
			rv.SetInt(int64(v))
			return nil
		}
	}
	return d.fail(p, errors.New(`want a duration with its unit, such as "10s"`))
}

// custom lets the type read itself, and puts what it complains of in its place.
func (d *decoder) custom(p part, u json.Unmarshaler) error {
	err := u.UnmarshalJSON(p.raw)
	var inner *Error
	if !errors.As(err, &inner) {
		if err != nil {
			err = d.fail(p, err)
		}
		return err
	}
	path := p.path
	if path != "" && inner.Path != "" && inner.Path[0] != '[' {
		path += "."
	}
	return &Error{Line: line(d.data, p.at) + inner.Line - 1, Path: path + inner.Path, Err: inner.Err}
}

// plain reads what has no keys of its own. The error of encoding/json is not
// used, because it repeats numbers.
func (d *decoder) plain(p part, rv reflect.Value, want string) error {
	if json.Unmarshal(p.raw, rv.Addr().Interface()) != nil {
		return d.fail(p, fmt.Errorf("want %s, got %s", want, kindOf(p.raw)))
	}
	return nil
}

func (d *decoder) object(p part, rv reflect.Value) error {
	fields := fieldsOf(rv.Type())
	return d.members(p, "an object", func(name string, m part) error {
		for _, f := range fields {
			if f.name == name {
				return d.value(m, rv.FieldByIndex(f.index))
			}
		}
		return d.fail(part{at: m.at, path: p.path}, unknown(name, fields))
	})
}

// unknown names the key that is unknown, and the one that may have been meant.
func unknown(name string, fields []field) error {
	for _, f := range fields {
		if strings.EqualFold(f.name, name) {
			return fmt.Errorf("unknown key %s (it is spelled %q)", quote(name), f.name)
		}
	}
	return fmt.Errorf("unknown key %s", quote(name))
}

func (d *decoder) table(p part, rv reflect.Value) error {
	t := rv.Type()
	if t.Key().Kind() != reflect.String {
		return d.plain(p, rv, "an object")
	}
	out := reflect.MakeMap(t)
	err := d.members(p, "an object", func(name string, m part) error {
		v := reflect.New(t.Elem()).Elem()
		err := d.value(m, v)
		out.SetMapIndex(reflect.ValueOf(name).Convert(t.Key()), v)
		return err
	})
	rv.Set(out)
	return err
}

func (d *decoder) list(p part, rv reflect.Value) error {
	dec := json.NewDecoder(bytes.NewReader(p.raw))
	if open, err := dec.Token(); err != nil || open != json.Delim('[') {
		return d.fail(p, fmt.Errorf("want a list, got %s", kindOf(p.raw)))
	}
	out := reflect.MakeSlice(rv.Type(), 0, 0)
	for i := 0; dec.More(); i++ {
		v := reflect.New(rv.Type().Elem()).Elem()
		if err := d.value(next(dec, p, fmt.Sprintf("%s[%d]", p.path, i)), v); err != nil {
			return err
		}
		out = reflect.Append(out, v)
	}
	rv.Set(out)
	return nil
}

// members calls f for each member of the object p, and refuses a key that comes
// twice.
func (d *decoder) members(p part, want string, f func(name string, m part) error) error {
	dec := json.NewDecoder(bytes.NewReader(p.raw))
	if open, err := dec.Token(); err != nil || open != json.Delim('{') {
		return d.fail(p, fmt.Errorf("want %s, got %s", want, kindOf(p.raw)))
	}
	seen := map[string]bool{}
	for dec.More() {
		token, err := dec.Token()
		name, ok := token.(string)
		if err != nil || !ok {
			return d.fail(p, errors.New("invalid JSON")) // not reached: the text was checked
		}
		path := step(name)
		if p.path != "" {
			path = p.path + "." + path
		}
		m := next(dec, p, path)
		if seen[name] {
			return d.fail(part{at: m.at, path: p.path}, fmt.Errorf("key %s is given twice", quote(name)))
		}
		seen[name] = true
		if err := f(name, m); err != nil {
			return err
		}
	}
	return nil
}

// next returns the value that follows in dec, which reads p.
func next(dec *json.Decoder, p part, path string) part {
	var raw json.RawMessage
	if dec.Decode(&raw) != nil {
		raw = []byte("null") // not reached: the text was checked
	}
	return part{raw: raw, at: p.at + dec.InputOffset() - int64(len(raw)), path: path}
}
