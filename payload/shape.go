package payload

import "github.com/alertwire/alertwire/internal/jsonscan"

// A Shape is what can be seen of a body without decoding it: whether it is an
// object or an array, the names of the members at the top, and their values.
// For an array of objects the members are those of the first element.
//
// A Shape shares the memory of the body. It must not be used after the body
// has changed.
type Shape struct{ outline jsonscan.Outline }

// ShapeOf validates a body and returns its shape. It costs a small part of
// decoding, which makes it the way to route a body that is only passed on:
//
//	s, err := payload.ShapeOf(body)
//	team := s.Text("receiver")
func ShapeOf(data []byte) (Shape, error) {
	o, err := jsonscan.Scan(data)
	return Shape{o}, Syntax("", err)
}

// Kind returns "object", "array", "string", "number", "boolean" or "null".
func (s Shape) Kind() string { return kindOf(s.outline.Kind) }

// Len returns how many members or elements the body has.
func (s Shape) Len() int { return s.outline.Len }

// Has reports whether there are members of all these names.
func (s Shape) Has(names ...string) bool {
	for _, name := range names {
		if s.member(name) == "" {
			return false
		}
	}
	return true
}

// KindOf returns the kind of a member, as [Shape.Kind], and "" if there is none.
func (s Shape) KindOf(name string) string {
	text := s.member(name)
	if text == "" {
		return ""
	}
	return kindOf(text[0])
}

// Text returns a copy of the value of a member that is a string, and "" if
// there is none.
func (s Shape) Text(name string) string {
	text, _ := jsonscan.Unquote(s.member(name))
	return text
}

// member returns the JSON text of a member. The last of a name counts.
func (s Shape) member(name string) string {
	members := s.outline.Members()
	for i := len(members) - 1; i >= 0; i-- {
		if members[i].Name == name {
			return members[i].Text
		}
	}
	return ""
}

func kindOf(c byte) string {
	switch c {
	case '{':
		return "object"
	case '[':
		return "array"
	case '"':
		return "string"
	case 't', 'f':
		return "boolean"
	case 'n':
		return "null"
	default:
		return "number"
	}
}
