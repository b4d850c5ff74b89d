package jsonscan

import (
	"errors"
	"math"
	"math/bits"
	"strconv"
	"time"
	"unicode/utf8"
	"unsafe"
)

var (
	errNumber = errors.New("not a finite number")
	errTime   = errors.New("year outside of 0 to 9999")
	errRaw    = errors.New("not a JSON value")
)

// AppendString appends v as a JSON string. It escapes what JSON demands, and
// replaces invalid UTF-8 by U+FFFD.
func AppendString(dst []byte, v string) []byte {
	dst = append(dst, '"')
	dst = appendText(dst, v)
	return append(dst, '"')
}

// AppendFloat appends v in the shortest form that reads back as v.
func AppendFloat(dst []byte, v float64) ([]byte, error) {
	if math.IsInf(v, 0) || math.IsNaN(v) {
		return dst, errNumber
	}
	format := byte('f')
	if abs := math.Abs(v); abs != 0 && (abs < 1e-6 || abs >= 1e21) {
		format = 'e'
	}
	return strconv.AppendFloat(dst, v, format, -1, 64), nil
}

// AppendTime appends v in the form of RFC 3339, with the digits that its
// fraction needs.
func AppendTime(dst []byte, v time.Time) ([]byte, error) {
	if y := v.Year(); y < 0 || y > 9999 {
		return dst, errTime
	}
	if _, offset := v.Zone(); offset%60 != 0 {
		v = v.UTC() // RFC 3339 has no seconds in offsets
	}
	dst = append(dst, '"')
	dst = v.AppendFormat(dst, time.RFC3339Nano)
	return append(dst, '"'), nil
}

// AppendRaw appends the text of a value, null for none. It returns an error if
// it is not one JSON value.
func AppendRaw(dst []byte, text []byte) ([]byte, error) {
	if len(text) == 0 {
		return append(dst, "null"...), nil
	}
	if !Valid(text) {
		return dst, errRaw
	}
	return append(dst, text...), nil
}

// Valid reports whether text is one JSON value, as this package reads it.
func Valid(text []byte) bool {
	// The text is only looked at, which needs no copy.
	s := scannerOf(unsafe.String(unsafe.SliceData(text), len(text)))
	defer s.release()
	if !s.validText() {
		return false
	}
	s.Peek()
	return s.skip() && s.end()
}

const hex = "0123456789abcdef"

// appendText appends v with its escapes, without quotes. Runs of plain bytes
// are copied at once.
func appendText(dst []byte, v string) []byte {
	for {
		n := plainASCII(v)
		dst = append(dst, v[:n]...)
		if n == len(v) {
			return dst
		}
		v = v[n:]
		c := v[0]
		if c >= utf8.RuneSelf {
			r, size := utf8.DecodeRuneInString(v)
			dst = utf8.AppendRune(dst, r)
			v = v[size:]
			continue
		}
		switch c {
		case '"', '\\':
			dst = append(dst, '\\', c)
		case '\n':
			dst = append(dst, `\n`...)
		case '\r':
			dst = append(dst, `\r`...)
		case '\t':
			dst = append(dst, `\t`...)
		default:
			dst = append(dst, `\u00`...)
			dst = append(dst, hex[c>>4], hex[c&15])
		}
		v = v[1:]
	}
}

// plainASCII returns how many bytes at the start of v need no thought.
func plainASCII(v string) int {
	i := 0
	for ; i+8 <= len(v); i += 8 {
		w := word(v, i)
		if m := special(w) | w&highs; m != 0 {
			return i + bits.TrailingZeros64(m)/8
		}
	}
	switch {
	case i == len(v):
		return i
	case i > 0: // the last 8 bytes; those before i are known to be plain
		i = len(v) - 8
		w := word(v, i)
		if m := special(w) | w&highs; m != 0 {
			return i + bits.TrailingZeros64(m)/8
		}
		return len(v)
	case len(v) >= 4: // the first 4 and the last 4
		w := half(v, 0) | half(v, len(v)-4)<<32
		if special(w)|w&highs == 0 {
			return len(v)
		}
	}
	for i = range len(v) {
		if c := v[i]; c == '"' || c == '\\' || c < ' ' || c >= utf8.RuneSelf {
			return i
		}
	}
	return len(v)
}

// half loads 4 bytes of s at i.
func half(s string, i int) uint64 {
	b := s[i : i+4]
	return uint64(b[0]) | uint64(b[1])<<8 | uint64(b[2])<<16 | uint64(b[3])<<24
}
