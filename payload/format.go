package payload

import (
	"fmt"
	"strings"
)

// A Format is a kind of body: its name, its shape, and how to decode it. The
// packages of the systems have theirs; [NewFormat] makes others.
type Format struct {
	name   string
	match  func(Shape) bool
	decode func([]byte) (Payload, error)
}

// NewFormat returns a format. match tells the shape of its bodies from those of
// others; the shape must not be kept.
func NewFormat[T Payload](name string, match func(Shape) bool, decode func([]byte) (T, error)) Format {
	return Format{name, match, func(data []byte) (Payload, error) {
		v, err := decode(data)
		if err != nil {
			return nil, err // not v: a nil T is not a nil Payload
		}
		return v, nil
	}}
}

// Name returns the name of the format.
func (f Format) Name() string { return f.name }

// Match reports whether a body of that shape is of the format.
func (f Format) Match(s Shape) bool { return f.match != nil && f.match(s) }

// Decode decodes a body of the format, whatever its shape.
func (f Format) Decode(data []byte) (Payload, error) {
	if f.decode == nil {
		return nil, fmt.Errorf("payload: %w: the zero Format decodes nothing", ErrFormat)
	}
	return f.decode(data)
}

// Formats are the formats that a program accepts. The first that matches is
// taken, so a format comes before those that it is a special case of: Grafana
// before Alertmanager.
type Formats []Format

// Decode decodes a body of any of the formats. Its shape is found once, and
// only the matching format decodes it. A body that is not JSON is a
// [*SyntaxError]; one that no format matches is an error that wraps [ErrFormat]
// and says what was seen.
func (fs Formats) Decode(data []byte) (Payload, error) {
	s, err := ShapeOf(data)
	if err != nil {
		return nil, err
	}
	for _, f := range fs {
		if f.Match(s) {
			return f.Decode(data)
		}
	}
	return nil, fmt.Errorf("payload: %w: %s", ErrFormat, s.describe())
}

// Raw is a body that was not decoded further. It has no events.
type Raw []byte

// RawFormat returns a format that matches every JSON body and leaves it as it
// is: for bodies that the operator of the sender designed. It belongs at the
// end of [Formats].
func RawFormat() Format {
	return NewFormat("raw", func(Shape) bool { return true }, func(data []byte) (Raw, error) {
		if _, err := ShapeOf(data); err != nil {
			return nil, err
		}
		return append(Raw(nil), data...), nil
	})
}

// Events returns nil.
func (Raw) Events() []Event { return nil }

// Validate returns nil.
func (Raw) Validate() error { return nil }

// AppendJSON appends the body as it is.
func (r Raw) AppendJSON(dst []byte) ([]byte, error) { return append(dst, r...), nil }

// MarshalJSON returns the body as it is.
func (r Raw) MarshalJSON() ([]byte, error) { return r, nil }

// describe says what was seen, for an error: names, a bounded number of them,
// and no values.
func (s Shape) describe() string {
	var b strings.Builder
	b.WriteString(s.Kind())
	members := s.outline.Members()
	if len(members) == 0 {
		return b.String()
	}
	b.WriteString(" with")
	for i, m := range members {
		if i == 10 {
			b.WriteString(", …")
			break
		}
		if i > 0 {
			b.WriteByte(',')
		}
		fmt.Fprintf(&b, " %.32q", m.Name)
	}
	return b.String()
}
