package callback

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"strconv"
	"strings"
)

// A member is one name of a JSON object with its value.
type member struct {
	name  string
	value json.RawMessage
}

// members returns the members of the one object in data, in their order. Its
// errors complete a sentence about the data, and repeat nothing of it.
func members(data []byte) ([]member, error) {
	dec := json.NewDecoder(bytes.NewReader(data))
	if t, err := dec.Token(); err != nil {
		return nil, errors.New("is not JSON")
	} else if t != json.Delim('{') {
		return nil, errors.New("is not an object")
	}
	var all []member
	seen := make(map[string]bool)
	for dec.More() {
		t, err := dec.Token()
		name, ok := t.(string)
		if err != nil || !ok {
			return nil, errors.New("is not JSON")
		}
		var value json.RawMessage
		if err := dec.Decode(&value); err != nil {
			return nil, errors.New("is not JSON")
		}
		if seen[name] {
			return nil, errors.New("has a field twice")
		}
		seen[name] = true
		all = append(all, member{name, value})
	}
	if _, err := dec.Token(); err != nil {
		return nil, errors.New("is not JSON")
	}
	if _, err := dec.Token(); err != io.EOF {
		return nil, errors.New("is more than one value")
	}
	return all, nil
}

// repeats reports whether an object anywhere in data, which is JSON, has a name
// twice: readers differ on which of them counts.
func repeats(data []byte) bool {
	type level struct {
		names map[string]bool // nil in a list
		name  bool            // what follows is one
	}
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.UseNumber()
	levels := []level{{}} // that of data itself
	for {
		t, err := dec.Token()
		if err != nil {
			return false
		}
		top := &levels[len(levels)-1]
		if name, ok := t.(string); ok && top.name {
			if top.names[name] {
				return true
			}
			top.names[name], top.name = true, false
			continue
		}
		top.name = top.names != nil // behind this value
		switch t {
		case json.Delim('{'):
			levels = append(levels, level{make(map[string]bool), true})
		case json.Delim('['):
			levels = append(levels, level{})
		case json.Delim('}'), json.Delim(']'):
			levels = levels[:len(levels)-1]
		}
	}
}

func find(all []member, name string) (json.RawMessage, bool) {
	for _, m := range all {
		if m.name == name {
			return m.value, true
		}
	}
	return nil, false
}

// overlay returns the value old with what change says: of two objects the
// members are merged, else it is the change.
func overlay(old, change json.RawMessage) json.RawMessage {
	all, errOld := members(old)
	changes, errNew := members(change)
	if errOld != nil || errNew != nil {
		return change
	}
	place := make(map[string]int, len(all))
	for i, m := range all {
		place[m.name] = i
	}
	for _, c := range changes {
		if i, ok := place[c.name]; ok {
			all[i].value = overlay(all[i].value, c.value)
		} else {
			all = append(all, c)
		}
	}
	return object(all...)
}

// object returns the JSON object of all.
func object(all ...member) []byte {
	b := []byte{'{'}
	for i, m := range all {
		if i > 0 {
			b = append(b, ',')
		}
		name, _ := json.Marshal(m.name) // a string
		b = append(append(append(b, name...), ':'), m.value...)
	}
	return append(b, '}')
}

// sameJSON reports whether two values mean the same.
func sameJSON(a, b []byte) bool {
	if bytes.Equal(a, b) {
		return true
	}
	x, errX := decodeAny(a)
	y, errY := decodeAny(b)
	return errX == nil && errY == nil && same(x, y)
}

func decodeAny(data []byte) (v any, err error) {
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.UseNumber()
	err = dec.Decode(&v)
	return v, err
}

func same(x, y any) bool {
	switch x := x.(type) {
	case json.Number:
		y, ok := y.(json.Number)
		return ok && sameNumber(string(x), string(y))
	case []any:
		y, ok := y.([]any)
		if !ok || len(x) != len(y) {
			return false
		}
		for i := range x {
			if !same(x[i], y[i]) {
				return false
			}
		}
		return true
	case map[string]any:
		y, ok := y.(map[string]any)
		if !ok || len(x) != len(y) {
			return false
		}
		for name, v := range x {
			if w, ok := y[name]; !ok || !same(v, w) {
				return false
			}
		}
		return true
	}
	return x == y
}

// sameNumber compares integers digit by digit, since a float64 cannot tell apart
// the large ones, and everything else as float64: 6.70 is 6.7.
func sameNumber(x, y string) bool {
	if x == y {
		return true
	}
	if !strings.ContainsAny(x, ".eE") && !strings.ContainsAny(y, ".eE") {
		return false
	}
	f, errX := strconv.ParseFloat(x, 64)
	g, errY := strconv.ParseFloat(y, 64)
	return errX == nil && errY == nil && f == g
}
