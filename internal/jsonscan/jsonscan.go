// Package jsonscan reads and writes JSON objects whose members are known in
// part. A type names its members once, in the order of the wire:
//
//	func (a *Alert) fields(f *jsonscan.Fields) {
//		f.From(&a.origin)
//		f.String("status", &a.Status)
//		jsonscan.Pairs(f, "labels", &a.Labels)
//		f.Time("startsAt", &a.StartsAt)
//		f.String("imageURL", &a.ImageURL).Omit()
//	}
//
// and gets both directions from it:
//
//	err := jsonscan.Decode(data, &alert, (*Alert).fields)
//	dst, err = jsonscan.Append(dst, &alert, (*Alert).fields)
//
// # Nothing is lost
//
// A decoded object remembers the text it came from, its [Origin]. Append goes
// over that text, compares each known member with the field it was decoded
// into, and rewrites those that differ. Everything else is copied as it came:
// unknown members at every level, their order, the digits of numbers, escapes,
// white space. So an unchanged value is written byte for byte as it was read,
// and a changed field changes only itself. Comparing needs no bookkeeping in
// the fields: values may be copied, moved between lists and edited freely.
//
// # What is accepted
//
// The text is one JSON value as of RFC 8259, with nothing but white space
// around it. Each doubt has one answer:
//
//   - Names match exactly, letter case included. [Fields.Alias] adds others.
//   - Of two members with one name the last counts, as in encoding/json; both
//     stay in the text. [Pairs] keeps both.
//   - null is the zero value of every field. In a list of objects it is an error.
//   - A wrong type is an error, but for [Fields.Only]. So is a number that its
//     field cannot hold: an integer has no fraction and no exponent, and fits its
//     Go type.
//   - Invalid UTF-8 is an error. An escaped surrogate without its partner reads
//     as U+FFFD, and stays in the text.
//   - Values nest at most [MaxDepth] deep.
//   - Lists of objects take at most [MaxGrowth] times the memory of the text.
//
// Decoding is linear in the text, and so is encoding.
package jsonscan

import (
	"fmt"
	"strings"
	"sync"
)

const (
	// MaxDepth is how deep objects and lists may nest.
	MaxDepth = 200
	// MaxGrowth bounds the memory of decoded lists of objects, as a multiple
	// of the size of the text: a body of millions of "{}" is refused before
	// it is expanded. The first 256 KiB are free.
	MaxGrowth  = 16
	freeGrowth = 256 << 10
)

// An Error says where a text stopped being what was wanted.
type Error struct {
	Field  string // such as "alerts[3].labels.pod"; "" for the text as a whole
	Offset int    // in bytes from the start of the text
	Reason string // a constant text, without any of the input
}

// Error returns the field, the reason and the offset: of the input it has names
// only.
func (e *Error) Error() string {
	if e.Field == "" {
		return fmt.Sprintf("%s (offset %d)", e.Reason, e.Offset)
	}
	return fmt.Sprintf("%s: %s (offset %d)", e.Field, e.Reason, e.Offset)
}

// within puts name in front of the path of the field.
func (e *Error) within(name string) {
	switch {
	case e.Field == "" || strings.HasPrefix(e.Field, "["):
		e.Field = name + e.Field
	default:
		e.Field = name + "." + e.Field
	}
}

// An Origin is the text that an object was decoded from. The zero Origin is
// that of an object made in Go.
type Origin struct {
	text     string
	repeated bool // a known member is there more than once
}

// Text returns the text, "" if there is none.
func (o Origin) Text() string { return o.text }

// pool keeps scanners with their tables, so that neither direction allocates
// for its own needs. It holds no state between calls.
var pool = sync.Pool{New: func() any { return new(Scanner) }}

// mostScratch bounds the bytes that the pools keep for unescaping: one long
// string shall not be paid for ever after.
const mostScratch = 64 << 10

func scannerOf(text string) *Scanner {
	s := pool.Get().(*Scanner)
	s.src, s.pos, s.depth, s.err = text, 0, 0, nil
	s.growth = freeGrowth + MaxGrowth*len(text)
	return s
}

func (s *Scanner) release() {
	s.fields.cut(0)
	clear(s.pairs[:cap(s.pairs)])
	if cap(s.pairs) > 1<<10 || cap(s.buf) > mostScratch {
		s.pairs, s.buf = nil, nil
	}
	*s = Scanner{fields: Fields{list: s.fields.list}, pairs: s.pairs[:0], buf: s.buf[:0]}
	pool.Put(s)
}

// Decode reads one object into v, which must be zero. On error, which is an
// [*Error], v is in an undefined state.
//
// The strings of v share one copy of data. data itself is not kept.
func Decode[T any](data []byte, v *T, fields func(*T, *Fields)) error {
	return decode(data, func(s *Scanner) bool {
		origin := scanObject(s, v, fields)
		if !s.end() {
			return false
		}
		if origin != nil {
			origin.text = s.src // the white space around it came too
		}
		return true
	})
}

// Unmarshal reads one object in the manner of json.Unmarshaler: null changes
// nothing, an object replaces v, an error leaves v as it was.
func Unmarshal[T any](data []byte, v *T, fields func(*T, *Fields)) error {
	if string(data) == "null" {
		return nil
	}
	var fresh T
	if err := Decode(data, &fresh, fields); err != nil {
		return err
	}
	*v = fresh
	return nil
}

// DecodeList reads an array of objects into list, as [Decode].
func DecodeList[T any](data []byte, list *[]T, fields func(*T, *Fields)) error {
	return decode(data, func(s *Scanner) bool { return scanList(s, list, fields) && s.end() })
}

// DecodeValue reads one value of any kind into v, as [Decode].
func DecodeValue(data []byte, v Value) error {
	return decode(data, func(s *Scanner) bool { return v.Scan(s) && s.end() })
}

// Walk is DecodeValue for a v that decodes what it finds by itself: it may pass
// over strings that are not UTF-8, such as the last one of a text that was cut
// off.
func Walk(data []byte, v Value) error {
	s := scannerOf(string(data))
	defer s.release()
	s.Peek()
	if v.Scan(s) {
		s.end()
	}
	if s.err != nil {
		return s.err
	}
	return nil
}

func decode(data []byte, scan func(*Scanner) bool) error {
	s := scannerOf(string(data))
	defer s.release()
	if s.validText() {
		s.Peek()
		scan(s)
	}
	if s.err != nil {
		return s.err
	}
	return nil
}

// Append appends v as JSON to dst. It returns an error, and dst unchanged, if a
// field holds what JSON cannot say: an infinite number, a year beyond 9999, a
// raw value that is not JSON.
func Append[T any](dst []byte, v *T, fields func(*T, *Fields)) ([]byte, error) {
	w := writerTo(dst)
	writeObject(w, v, fields)
	return w.finish(dst)
}

// AppendList appends the array of the objects in list, as [Append].
func AppendList[T any](dst []byte, list []T, fields func(*T, *Fields)) ([]byte, error) {
	w := writerTo(dst)
	writeList(w, list, fields)
	return w.finish(dst)
}
