package confjson

import (
	"fmt"
	"reflect"
	"strings"
)

// maxName bounds how much of an unknown key is repeated in an error.
const maxName = 64

// quote returns name in quotes, cut.
func quote(name string) string {
	if len(name) > maxName {
		return fmt.Sprintf("%q...", name[:maxName])
	}
	return fmt.Sprintf("%q", name)
}

// step returns name as a part of a path: as it is if it is an ordinary name.
func step(name string) string {
	ordinary := strings.Trim(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-") == ""
	if ordinary && name != "" && len(name) <= maxName {
		return name
	}
	return quote(name)
}

// wanted returns what a value of type t is in words.
func wanted(t reflect.Type) string {
	switch t.Kind() {
	case reflect.Bool:
		return "true or false"
	case reflect.String:
		return "a text"
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return "a whole number"
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return "a whole number that is not negative"
	case reflect.Float32, reflect.Float64:
		return "a number"
	}
	return "another value"
}

// kindOf returns what raw is in words.
func kindOf(raw []byte) string {
	if len(raw) == 0 {
		return "nothing"
	}
	switch raw[0] {
	case '{':
		return "an object"
	case '[':
		return "a list"
	case '"':
		return "a text"
	case 't', 'f':
		return "true or false"
	case 'n':
		return "null"
	}
	return "a number"
}
