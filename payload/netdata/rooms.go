package netdata

import (
	"cmp"
	"encoding/json"
	"iter"

	"github.com/alertwire/alertwire/internal/jsonscan"
)

// Rooms are the rooms of a node, in the order of the body. Rooms made in Go are
// written as an object of URLs by name; others in the shape in which they came,
// and what is appended to those follows the first of them.
type Rooms []Room

// A Room is a room of a space.
type Room struct {
	Name string
	URL  string // may be empty

	shape  roomShape
	key    string // the name of the member that it was
	inner  string // the name inside of that member
	origin jsonscan.Origin
	came   roomData // what the text says
}

// roomData is what of a Room can be changed.
type roomData struct{ name, url string }

func (r *Room) data() roomData { return roomData{r.Name, r.URL} }

// Unknown iterates over the members of a room that Room has no field for, such
// as an id.
func (r *Room) Unknown() iter.Seq2[string, json.RawMessage] {
	return jsonscan.Unknown(r.origin, (*Room).fields)
}

// roomShape is how a room came.
type roomShape int

const (
	made     roomShape = iota // in Go
	byURL                     // "name": "url"
	byNull                    // "name": null
	byObject                  // "name": {"name": …, "url": …}
	inList                    // {"name": …, "url": …}
	textIn                    // "name", in a list
)

// fields are those of a room in a list.
func (r *Room) fields(f *jsonscan.Fields) {
	f.From(&r.origin)
	f.String("name", &r.Name)
	f.String("url", &r.URL)
}

// keyed are those of a room that is a member.
func (r *Room) keyed(f *jsonscan.Fields) {
	f.From(&r.origin)
	f.String("name", &r.inner)
	f.String("url", &r.URL)
}

// rooms is how Rooms are read and written.
type rooms Rooms

func (p *rooms) Empty() bool { return len(*p) == 0 }

func (p *rooms) Scan(s *jsonscan.Scanner) bool {
	*p = nil
	if s.Null() {
		return true
	}
	list := rooms{}
	if s.Peek() == '[' {
		for e := s.Array(); e.Next(); {
			var ok bool
			if list, ok = jsonscan.Extend(s, list); !ok || !list[e.Index].scanElement(s) {
				return s.WithinElement(e.Index)
			}
		}
	} else {
		if s.Peek() != '{' {
			return s.Fail("want an object or an array")
		}
		for m := s.Object(); m.Next(); {
			var ok bool
			if list, ok = jsonscan.Extend(s, list); !ok || !list[len(list)-1].scanMember(s, m.Name) {
				return s.Within(m.Name)
			}
		}
	}
	*p = list
	return s.OK()
}

func (r *Room) scanMember(s *jsonscan.Scanner, name string) (ok bool) {
	r.key = name
	switch s.Peek() {
	case '{':
		r.shape = byObject
		ok = jsonscan.ScanObject(s, r, (*Room).keyed)
	case '"':
		r.shape = byURL
		r.URL, ok = s.String()
	default:
		r.shape = byNull
		ok = s.Null() || s.Fail("want a string or an object")
	}
	r.Name = cmp.Or(r.inner, name)
	r.came = r.data()
	return ok
}

func (r *Room) scanElement(s *jsonscan.Scanner) (ok bool) {
	switch s.Peek() {
	case '{':
		r.shape = inList
		ok = jsonscan.ScanObject(s, r, (*Room).fields)
	case '"':
		r.shape = textIn
		r.Name, ok = s.String()
	default:
		ok = s.Fail("want a string or an object")
	}
	r.came = r.data()
	return ok
}

func (p *rooms) Same(s *jsonscan.Scanner) bool {
	if s.Null() {
		return len(*p) == 0
	}
	same, n := true, 0
	if s.Peek() == '[' {
		for e := s.Array(); e.Next(); n++ {
			same = p.at(n).same(s, "") && same
		}
	} else {
		for m := s.Object(); m.Next(); n++ {
			same = p.at(n).same(s, m.Name) && same
		}
	}
	return same && n == len(*p)
}

// at returns a room, or one that is like no other.
func (p *rooms) at(i int) *Room {
	if i < len(*p) {
		return &(*p)[i]
	}
	return new(Room)
}

// same reads the value at the place and reports whether r came from it, and did
// not change.
func (r *Room) same(s *jsonscan.Scanner, key string) bool {
	ok := r.key == key && r.data() == r.came
	if s.Peek() == '"' {
		if r.shape == textIn {
			return s.SameString(r.Name) && ok
		}
		return s.SameString(r.URL) && ok && r.shape == byURL
	}
	switch text, _ := s.Skip(); r.shape {
	case byNull:
		return text == "null" && ok
	case byObject, inList:
		return text == r.origin.Text() && ok
	default:
		return false
	}
}

func (p *rooms) Append(dst []byte) (_ []byte, err error) {
	first := made
	if len(*p) > 0 {
		first = (*p)[0].shape
	}
	list := first == inList || first == textIn
	begin, end := byte('{'), byte('}')
	if list {
		begin, end = '[', ']'
	}
	dst = append(dst, begin)
	for i := range *p {
		if i > 0 {
			dst = append(dst, ',')
		}
		if r := &(*p)[i]; list {
			dst, err = r.appendElement(dst)
		} else {
			dst, err = r.appendMember(dst, first == byObject)
		}
		if err != nil {
			return dst, err
		}
	}
	return append(dst, end), nil
}

// appendElement appends r to a list.
func (r *Room) appendElement(dst []byte) ([]byte, error) {
	if r.shape == textIn && r.URL == "" {
		return jsonscan.AppendString(dst, r.Name), nil
	}
	return jsonscan.Append(dst, r, (*Room).fields)
}

// appendMember appends r to an object.
func (r *Room) appendMember(dst []byte, objects bool) ([]byte, error) {
	name := r.Name
	if name == r.came.name && r.key != "" {
		name = r.key // it may have another name inside
	}
	dst = append(jsonscan.AppendString(dst, name), ':')
	switch {
	case r.shape == byObject && r.Name != r.came.name && r.inner != "":
		renamed := *r
		renamed.inner = r.Name
		return jsonscan.Append(dst, &renamed, (*Room).keyed)
	case r.shape == byObject:
		return jsonscan.Append(dst, r, (*Room).keyed)
	case r.shape == byNull && r.URL == "":
		return append(dst, "null"...), nil
	case r.shape != byURL && objects:
		return jsonscan.Append(dst, r, (*Room).fields)
	default:
		return jsonscan.AppendString(dst, r.URL), nil
	}
}
