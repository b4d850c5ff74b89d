package nightingale

import (
	"errors"
	"fmt"
	"iter"

	"github.com/alertwire/alertwire/internal/jsonscan"
	"github.com/alertwire/alertwire/payload"
)

// Each iterates over the events of a body, one event or an array, and gives a
// [*payload.SyntaxError] in the place of each event that does not decode, or
// that is longer than limit bytes; zero means any length. One bad event does not
// hide the others, and its error tells its index:
//
//	for e, err := range nightingale.Each(body, 1<<20) {
//		if err != nil {
//			log.Print(err) // payload: nightingale: [3].severity: want a number, …
//			continue
//		}
//		…
//	}
//
// A body that stops being JSON in the middle, because it was cut off, gives the
// events before that place, and then an error. Unlike those of Decode the events
// do not share their memory.
func Each(data []byte, limit int) iter.Seq2[*AlertEvent, error] {
	return func(yield func(*AlertEvent, error) bool) {
		if first(data) != '[' {
			yield(one(data, limit))
			return
		}
		p := &pieces{data: data, limit: limit, yield: yield}
		if err := jsonscan.Walk(data, p); err != nil && !p.stopped {
			yield(nil, payload.Syntax(source, err))
		}
	}
}

// one decodes the event that data is.
func one(data []byte, limit int) (*AlertEvent, error) {
	if limit > 0 && len(data) > limit {
		return nil, &payload.SyntaxError{Format: source, Reason: fmt.Sprintf("longer than %d bytes", limit)}
	}
	e := new(AlertEvent)
	if err := jsonscan.Decode(data, e, (*AlertEvent).fields); err != nil {
		return nil, payload.Syntax(source, err)
	}
	return e, nil
}

// pieces goes through an array and yields its elements.
type pieces struct {
	data    []byte
	limit   int
	yield   func(*AlertEvent, error) bool
	stopped bool
}

// Scan implements [jsonscan.Value].
func (p *pieces) Scan(s *jsonscan.Scanner) bool {
	for a := s.Array(); a.Next(); {
		start := s.Offset()
		if _, ok := s.Skip(); !ok {
			return s.WithinElement(a.Index)
		}
		e, err := one(p.data[start:s.Offset()], p.limit)
		var bad *payload.SyntaxError
		if errors.As(err, &bad) { // its place is one in the element
			bad.Offset += int64(start)
			if bad.Field != "" {
				bad.Field = "." + bad.Field
			}
			bad.Field = fmt.Sprintf("[%d]%s", a.Index, bad.Field)
		}
		if !p.yield(e, err) {
			p.stopped = true
			return true
		}
	}
	return s.OK()
}

// Same implements [jsonscan.Value]; nothing is written.
func (p *pieces) Same(*jsonscan.Scanner) bool { return true }

// Append implements [jsonscan.Value].
func (p *pieces) Append(dst []byte) ([]byte, error) { return dst, nil }

// Empty implements [jsonscan.Value].
func (p *pieces) Empty() bool { return false }
