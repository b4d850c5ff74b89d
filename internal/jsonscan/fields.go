package jsonscan

import (
	"encoding/json"
	"time"
)

// maxFields is how many members a type may name, aliases included.
const maxFields = 128

// A Value is one field of an object: how it is read, compared and written. Its
// implementations are pointers into the object. The methods of [Fields] cover
// what is common; a field with several forms brings its own.
type Value interface {
	// Scan reads the value at the place of s and replaces the field by it,
	// whatever that held before. It returns false if s noted an error.
	Scan(s *Scanner) bool
	// Same reads the value at the place of s and reports whether Scan would
	// have read what the field holds. The text is valid. A field that cannot
	// tell, or writes its own [Origin], skips the value and returns false.
	Same(s *Scanner) bool
	// Append appends the field as JSON.
	Append(dst []byte) ([]byte, error)
	// Empty reports whether the field is zero, or has no elements.
	Empty() bool
}

// A node is a field with members or elements of its own, which are compared
// one by one. fn is the function that names them, its type known to the node.
type node interface {
	scan(s *Scanner, fn any) bool
	// patch reads the value at the place of w and writes what it has become.
	patch(w *writer, fn any)
	write(w *writer, fn any)
	empty(w *writer, fn any) bool
	// wasEmpty reports whether the value at the place of w, whose field is
	// empty, is what made it so. It may leave the place.
	wasEmpty(w *writer, fn any) bool
}

type field struct {
	name  string
	value Value // or
	node  node
	fn    any
	omit  bool
	null  bool
	alias uint8 // how many entries above the field that this is an alias of; 0: none
	only  Kinds // the kinds of values that are read; 0: all
}

func (f *field) empty(w *writer) bool {
	if f.node != nil {
		return f.node.empty(w, f.fn)
	}
	return f.value.Empty()
}

// Fields collects the members of an object, in the order in which they are
// written. A type hands it pointers to its fields.
type Fields struct {
	list   []field // a stack: the tables of nested objects follow each other
	origin *Origin
}

// From says where the object keeps its origin. Without it unknown members are
// dropped, and the object is always written anew.
func (f *Fields) From(o *Origin) { f.origin = o }

// Value adds a member of any kind.
func (f *Fields) Value(name string, v Value) *Fields {
	e := f.push(name)
	e.value = v
	return f
}

// Omit leaves the last member out where its field is empty. Without it an
// empty field is written as "", 0, false, {} or [].
func (f *Fields) Omit() *Fields {
	f.list[len(f.list)-1].omit = true
	return f
}

// Null writes the last member as null where its field is empty.
func (f *Fields) Null() *Fields {
	f.list[len(f.list)-1].null = true
	return f
}

// Alias adds other names under which the last member is read, if there is none
// of its own name, or that is null. It is written under its own.
func (f *Fields) Alias(names ...string) *Fields {
	for i, name := range names {
		f.push(name).alias = uint8(i + 1)
	}
	return f
}

// Only reads the last member where its value is of one of the given kinds, or
// null. Another value is no error but left alone, as that of a member that is
// unknown: for members whose types nobody promised.
func (f *Fields) Only(kinds Kinds) *Fields {
	f.list[len(f.list)-1].only = kinds
	return f
}

// String adds a string.
func (f *Fields) String(name string, p *string) *Fields { return f.Value(name, (*stringValue)(p)) }

// Bool adds a boolean.
func (f *Fields) Bool(name string, p *bool) *Fields { return f.Value(name, (*boolValue)(p)) }

// Int adds an integer.
func (f *Fields) Int(name string, p *int) *Fields { return f.Value(name, (*intValue)(p)) }

// Int64 adds an integer.
func (f *Fields) Int64(name string, p *int64) *Fields { return f.Value(name, (*int64Value)(p)) }

// Uint64 adds an unsigned integer.
func (f *Fields) Uint64(name string, p *uint64) *Fields { return f.Value(name, (*uint64Value)(p)) }

// Float adds a number.
func (f *Fields) Float(name string, p *float64) *Fields { return f.Value(name, (*floatValue)(p)) }

// Time adds a time in the form of RFC 3339. The empty string is the zero time.
func (f *Fields) Time(name string, p *time.Time) *Fields { return f.Value(name, (*timeValue)(p)) }

// Raw adds a value of any type, as its text. It is nil for null.
func (f *Fields) Raw(name string, p *json.RawMessage) *Fields { return f.Value(name, (*rawValue)(p)) }

// Strings adds an array of strings.
func (f *Fields) Strings(name string, p *[]string) *Fields {
	return f.Value(name, (*stringsValue)(p))
}

// Int64s adds an array of integers.
func (f *Fields) Int64s(name string, p *[]int64) *Fields { return f.Value(name, (*int64sValue)(p)) }

// Pairs adds an object of strings, in its order. Repeated names are kept.
func Pairs[S ~[]L, L ~struct{ Name, Value string }](f *Fields, name string, p *S) *Fields {
	return f.Value(name, pairsValue[S, L]{p})
}

// Struct adds an object that is always there. null reads as the zero object.
func Struct[T any](f *Fields, name string, p *T, fields func(*T, *Fields)) *Fields {
	return f.node(name, structNode[T]{p}, fields)
}

// Ref adds an object that may be absent or null, which is a nil pointer.
func Ref[T any](f *Fields, name string, p **T, fields func(*T, *Fields)) *Fields {
	f.node(name, refNode[T]{p}, fields)
	return f.Null()
}

// List adds an array of objects.
func List[T any](f *Fields, name string, p *[]T, fields func(*T, *Fields)) *Fields {
	return f.node(name, listNode[T]{p}, fields)
}

func (f *Fields) node(name string, n node, fn any) *Fields {
	e := f.push(name)
	e.node, e.fn = n, fn
	return f
}

// push adds an entry. What is beyond the length of the list is always zero, so
// that only what is set has to be written.
func (f *Fields) push(name string) *field {
	n := len(f.list)
	if n == cap(f.list) {
		f.list = append(f.list, field{})
	} else {
		f.list = f.list[:n+1]
	}
	e := &f.list[n]
	e.name = name
	return e
}

// cut drops the entries from base on.
func (f *Fields) cut(base int) {
	clear(f.list[base:])
	f.list = f.list[:base]
}

// hint returns the name of an entry, "" if there is none.
func hint(table []field, i int) string {
	if i < len(table) {
		return table[i].name
	}
	return ""
}

// lookup returns the index of the entry of that name, -1 if there is none.
// hint is where it is if the members come in the usual order; where some are
// left out, or unknown, it is soon after.
func lookup(table []field, name string, hint int) int {
	for i := hint; i < len(table); i++ {
		if table[i].name == name {
			return i
		}
	}
	for i := range min(hint, len(table)) {
		if table[i].name == name {
			return i
		}
	}
	return -1
}

// Kinds are kinds of values, for [Fields.Only].
type Kinds uint8

// The kinds. Booleans are none of them.
const (
	AString Kinds = 1 << iota
	ANumber
	AnObject
	AnArray
)

// reads reports whether a value that begins with c is one for f.
func (f *field) reads(c byte) bool {
	kind := ANumber
	switch c {
	case '"':
		kind = AString
	case '{':
		kind = AnObject
	case '[':
		kind = AnArray
	case 't', 'f':
		return f.only == 0
	case 'n':
		return true
	}
	return f.only == 0 || f.only&kind != 0
}

// bitset is a set of entries.
type bitset [maxFields / 64]uint64

func (b *bitset) add(i int)      { b[i/64] |= 1 << (i % 64) }
func (b *bitset) has(i int) bool { return b[i/64]&(1<<(i%64)) != 0 }
