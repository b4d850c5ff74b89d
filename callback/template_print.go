package callback

import (
	"fmt"
	"reflect"
	"strings"
)

// maxPrinted is how many bytes print and printf may make of their values. A
// template can hand what they return to them again: without a bound, a URL of
// 300 bytes would fill the memory.
const maxPrinted = 64 << 10

// boundedPrint is fmt.Sprint with a bound.
func boundedPrint(args ...any) (string, error) {
	left := maxPrinted
	for i, arg := range args {
		if v := reflect.ValueOf(arg); v.Kind() == reflect.String {
			left -= v.Len() // and it stays what it is: print puts no space beside a string
		} else {
			args[i] = counted{arg, &left}
		}
	}
	if left < 0 {
		return "", errLong
	}
	return printed(fmt.Sprint(args...), left)
}

// boundedPrintf is fmt.Sprintf with a bound, for formats that cannot make a long
// text of nothing.
func boundedPrintf(format string, args ...any) (string, error) {
	if len(format) > maxURL {
		return "", errLong
	}
	if !harmless(format) {
		return "", errFormat
	}
	left := maxPrinted
	for i := range args {
		args[i] = counted{args[i], &left}
	}
	return printed(fmt.Sprintf(format, args...), left)
}

func printed(s string, left int) (string, error) {
	if left < 0 {
		return "", errLong
	}
	return s, nil
}

// harmless reports whether no width or precision in format comes from a value or
// has more than two digits, and no verb prints a value past its own methods.
func harmless(format string) bool {
	verb, digits := false, 0
	for i := range len(format) {
		c := format[i]
		switch {
		case c == '%':
			verb, digits = !verb, 0
		case !verb:
		case '0' <= c && c <= '9':
			if digits++; digits > 2 {
				return false
			}
		case strings.IndexByte("+-# .[]", c) >= 0:
			digits = 0
		default:
			if strings.IndexByte("*Tpw", c) >= 0 {
				return false
			}
			verb = false
		}
	}
	return true
}

// A counted value writes nothing once there is nothing left.
type counted struct {
	value any
	left  *int
}

// Format is for package fmt.
func (c counted) Format(f fmt.State, verb rune) {
	if *c.left < 0 {
		return
	}
	n, _ := fmt.Fprintf(f, fmt.FormatString(f, verb), c.value)
	*c.left -= n
}
