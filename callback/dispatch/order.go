package dispatch

import (
	"encoding/json"
	"fmt"
)

// An Order relates messages of one Key at one endpoint. Messages without a Key
// are in no order.
type Order int

// The orders. They are about the calls that are made: a network that holds back
// an attempt which timed out can still bring it behind a newer message. A
// receiver to whom that matters compares the times that the messages carry.
const (
	// None delivers as fast as it can: a message that is tried again is
	// overtaken.
	None Order = iota
	// Latest delivers the newest message of a Key: it takes the place of one
	// that waits, also for its next attempt, and waits for one in flight.
	// Right for a state, as of an incident, of which only the last one matters.
	// Wrong for messages that tell of several alerts: the next one need not
	// repeat all that the one before it said.
	Latest
	// Strict delivers one after the other, in the order in which they were
	// accepted: the messages of a Key wait until the one before them is
	// delivered or given up. Other Keys go on.
	Strict
)

var orders = [...]string{None: "none", Latest: "latest", Strict: "strict"}

// String returns the name of o.
func (o Order) String() string { return name(orders[:], int(o), "Order") }

// MarshalText returns the name of o.
func (o Order) MarshalText() ([]byte, error) { return marshal(orders[:], int(o), "order") }

// UnmarshalText accepts "none", "latest" and "strict".
func (o *Order) UnmarshalText(text []byte) error {
	i, err := unmarshal(orders[:], text, "order")
	*o = Order(i)
	return err
}

// UnmarshalJSON accepts what UnmarshalText accepts, and says what that is.
func (o *Order) UnmarshalJSON(data []byte) error { return fromJSON(data, o.UnmarshalText) }

// Full says what happens to a message when the queue is full.
type Full int

// The ways to treat a full queue.
const (
	// RefuseNew refuses the new message with ErrQueueFull.
	RefuseNew Full = iota
	// DropOldest accepts it, and drops the one that was accepted first of those
	// that are not in flight.
	DropOldest
)

var fulls = [...]string{RefuseNew: "refuse_new", DropOldest: "drop_oldest"}

// String returns the name of f.
func (f Full) String() string { return name(fulls[:], int(f), "Full") }

// MarshalText returns the name of f.
func (f Full) MarshalText() ([]byte, error) { return marshal(fulls[:], int(f), "full") }

// UnmarshalText accepts "refuse_new" and "drop_oldest".
func (f *Full) UnmarshalText(text []byte) error {
	i, err := unmarshal(fulls[:], text, "full")
	*f = Full(i)
	return err
}

// UnmarshalJSON accepts what UnmarshalText accepts, and says what that is.
func (f *Full) UnmarshalJSON(data []byte) error { return fromJSON(data, f.UnmarshalText) }

func fromJSON(data []byte, set func([]byte) error) error {
	var text string
	if err := json.Unmarshal(data, &text); err != nil {
		text = "" // not a text: the error is about what it should be
	}
	return set([]byte(text))
}

func name(names []string, i int, typ string) string {
	if i < 0 || i >= len(names) {
		return fmt.Sprintf("%s(%d)", typ, i)
	}
	return names[i]
}

func marshal(names []string, i int, what string) ([]byte, error) {
	if i < 0 || i >= len(names) {
		return nil, fmt.Errorf("dispatch: %s: no such value: %d", what, i)
	}
	return []byte(names[i]), nil
}

func unmarshal(names []string, text []byte, what string) (int, error) {
	for i, n := range names {
		if n == string(text) {
			return i, nil
		}
	}
	return 0, fmt.Errorf("%s must be one of %q", what, names)
}
