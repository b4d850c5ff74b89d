// Package confjson reads and writes configuration as JSON, for types whose
// durations are texts such as "10s" and where a mistake must not pass in
// silence.
//
// Beside what encoding/json refuses, [Decode] refuses unknown keys, keys that
// are given twice, keys in another case, durations without a unit, and anything
// after the value; each with the line and the path of the key. A type takes
// part with two methods:
//
//	func (c *Config) UnmarshalJSON(data []byte) error {
//		type plain Config // without the methods
//		return confjson.Decode(data, (*plain)(c))
//	}
//
//	func (c Config) MarshalJSON() ([]byte, error) {
//		type plain Config
//		return confjson.Encode(plain(c))
//	}
//
// and may then be a part of another such type, or go through encoding/json.
package confjson

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"reflect"
)

// An Error says what is wrong with a configuration, and where. Its text holds
// no value of the configuration, which may be secret, only names of keys.
type Error struct {
	Line int    // counted from 1; 0 if it is not known, of some YAML libraries
	Path string // of the key, such as "tls.ca_file"; "" for the whole
	Err  error  // what is wrong
}

// Error returns "line 3: tls.ca_file: " and what is wrong.
func (e *Error) Error() string {
	text := e.Err.Error()
	if e.Path != "" {
		text = e.Path + ": " + text
	}
	if e.Line > 0 {
		text = fmt.Sprintf("line %d: %s", e.Line, text)
	}
	return text
}

// Unwrap returns Err.
func (e *Error) Unwrap() error { return e.Err }

// Decode reads the one JSON value in data into the value that v points to. Keys
// that are absent or null leave what is there. A byte order mark in front, which
// editors put there, does not count. Errors are [*Error]s.
func Decode(data []byte, v any) error {
	rv := reflect.ValueOf(v)
	if rv.Kind() != reflect.Pointer || rv.IsNil() {
		return fmt.Errorf("confjson: decode into %T: want a pointer", v)
	}
	data = bytes.TrimPrefix(data, []byte("\ufeff"))
	if err := check(data); err != nil {
		return err
	}
	d := decoder{data: data}
	return d.value(part{raw: bytes.TrimSpace(data), at: leadingSpace(data)}, rv.Elem())
}

// check returns an error if data is not exactly one JSON value.
func check(data []byte) error {
	dec := json.NewDecoder(bytes.NewReader(data))
	var raw json.RawMessage
	err := dec.Decode(&raw)
	if err == nil {
		if _, err = dec.Token(); err == io.EOF {
			return nil
		}
		return &Error{Line: line(data, dec.InputOffset()), Err: errors.New("more than one value")}
	}
	var syntax *json.SyntaxError
	switch {
	case errors.As(err, &syntax):
		return &Error{Line: line(data, syntax.Offset), Err: errors.New("invalid JSON")}
	case err == io.EOF:
		return &Error{Line: 1, Err: errors.New("empty")}
	}
	return &Error{Line: line(data, int64(len(data))), Err: errors.New("ends too early")}
}

// line returns the number of the line in which the byte at offset is.
func line(data []byte, offset int64) int {
	end := min(max(offset, 0), int64(len(data)))
	return 1 + bytes.Count(data[:end], []byte{'\n'})
}

func leadingSpace(data []byte) int64 {
	return int64(len(data) - len(bytes.TrimLeft(data, " \t\r\n")))
}
