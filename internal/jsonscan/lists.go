package jsonscan

import "strconv"

type stringsValue []string

func (p *stringsValue) Scan(s *Scanner) bool {
	*p = nil
	if s.Null() {
		return true
	}
	list := []string{}
	for e := s.Array(); e.Next(); {
		text, ok := s.String()
		if !ok {
			s.err.within("[" + strconv.Itoa(e.Index) + "]")
			return false
		}
		list = append(list, text)
	}
	*p = list
	return s.err == nil
}

func (p *stringsValue) Same(s *Scanner) bool {
	if s.Null() {
		return len(*p) == 0
	}
	same, n := true, 0
	for e := s.Array(); e.Next(); n++ {
		if n < len(*p) {
			same = s.SameString((*p)[n]) && same
		} else {
			s.skip()
		}
	}
	return same && n == len(*p)
}

func (p *stringsValue) Append(dst []byte) ([]byte, error) {
	dst = append(dst, '[')
	for i, v := range *p {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = AppendString(dst, v)
	}
	return append(dst, ']'), nil
}
func (p *stringsValue) Empty() bool { return len(*p) == 0 }

type int64sValue []int64

func (p *int64sValue) Scan(s *Scanner) bool {
	*p = nil
	if s.Null() {
		return true
	}
	list := []int64{}
	for e := s.Array(); e.Next(); {
		n, ok := s.Int(64)
		if !ok {
			s.err.within("[" + strconv.Itoa(e.Index) + "]")
			return false
		}
		list = append(list, n)
	}
	*p = list
	return s.err == nil
}

func (p *int64sValue) Same(s *Scanner) bool {
	if s.Null() {
		return len(*p) == 0
	}
	same, n := true, 0
	for e := s.Array(); e.Next(); n++ {
		v, _ := s.Int(64)
		same = same && n < len(*p) && v == (*p)[n]
	}
	return same && n == len(*p)
}

func (p *int64sValue) Append(dst []byte) ([]byte, error) {
	dst = append(dst, '[')
	for i, v := range *p {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = strconv.AppendInt(dst, v, 10)
	}
	return append(dst, ']'), nil
}
func (p *int64sValue) Empty() bool { return len(*p) == 0 }

// pair has the type of every pair, whatever its name elsewhere.
type pair = struct{ Name, Value string }

type pairsValue[S ~[]L, L ~struct{ Name, Value string }] struct{ p *S }

// PairsValue returns the [Value] of [Pairs].
func PairsValue[S ~[]L, L ~struct{ Name, Value string }](p *S) Value { return pairsValue[S, L]{p} }

func (v pairsValue[S, L]) Scan(s *Scanner) bool {
	*v.p = nil
	if s.Null() {
		return true
	}
	// Collected in scratch first, so that the list has the right size.
	s.pairs = s.pairs[:0]
	for m := s.Object(); m.Next(); {
		text, ok := s.String()
		if !ok {
			s.err.within(fieldName(m.Name))
			return false
		}
		s.pairs = append(s.pairs, pair{m.Name, text})
	}
	if s.err != nil {
		return false
	}
	list := make(S, len(s.pairs))
	for i, pair := range s.pairs {
		list[i] = L(pair)
	}
	*v.p = list
	return true
}

func (v pairsValue[S, L]) Same(s *Scanner) bool {
	list := *v.p
	if s.Null() {
		return len(list) == 0
	}
	same, n := true, 0
	for m := s.Object(); m.Next(); n++ {
		if !same || n >= len(list) {
			same = false
			s.skip()
			continue
		}
		pair := pair(list[n])
		same = s.SameString(pair.Value) && m.Name == pair.Name
	}
	return same && n == len(list)
}

func (v pairsValue[S, L]) Append(dst []byte) ([]byte, error) {
	dst = append(dst, '{')
	for i, l := range *v.p {
		if i > 0 {
			dst = append(dst, ',')
		}
		pair := pair(l)
		dst = AppendString(dst, pair.Name)
		dst = append(dst, ':')
		dst = AppendString(dst, pair.Value)
	}
	return append(dst, '}'), nil
}
func (v pairsValue[S, L]) Empty() bool { return len(*v.p) == 0 }
