package callback

import (
	"errors"
	"fmt"
	"strings"
	"time"
)

// Why a message was not delivered, in the words a program branches on. Each
// failed Call wraps exactly one of them, or the error of its context.
var (
	// ErrRefused means that trying again is useless: the receiver refused the
	// message, its certificate is wrong, or the request cannot be made. A
	// refused connection is none of this: it is [ClassRefused], which may pass.
	ErrRefused = errors.New("callback: refused for good")
	// ErrGone means that the receiver answered 410: it wants no more calls.
	ErrGone = errors.New("callback: endpoint is gone")
	// ErrBlocked means that the address is one that must not be dialled.
	ErrBlocked = errors.New("callback: address is blocked")
	// ErrGaveUp means that every attempt that was allowed has failed in a way
	// that may pass. Without a Retry one attempt is allowed.
	ErrGaveUp = errors.New("callback: gave up")
	// ErrOpen means that a breaker let no call through. It may later.
	ErrOpen = errors.New("callback: breaker is open")
	// ErrDropped means that a queue had no place for the message, or was
	// closed over it.
	ErrDropped = errors.New("callback: dropped")
)

// An Error says that a message was not delivered, and why.
type Error struct {
	Endpoint   string        // the name of the destination, or its scheme and host
	MessageID  string        // of the message
	Class      Class         // what went wrong last
	Attempts   int           // how many calls were made; 0 if none got out
	Status     int           // of the last answer; 0 if there was none
	RetryAfter time.Duration // the wait that the receiver advised, before any cap; 0 if none
	Snippet    string        // the beginning of the last answer, printable and at most 256 bytes; not part of Error
	Reason     error         // ErrRefused, ErrGone, ErrBlocked, ErrGaveUp, ErrOpen, ErrDropped or the context's error
	Last       error         // what the last attempt failed with; may be nil
}

// Error returns a text of one line that is fit for a log: it holds no secret,
// and nothing that the receiver chose.
func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString("callback: call")
	if e.Endpoint != "" {
		b.WriteString(" ")
		b.WriteString(e.Endpoint)
	}
	if e.Attempts > 1 {
		fmt.Fprintf(&b, ": %d attempts", e.Attempts)
	}
	if e.Class != "" {
		b.WriteString(": ")
		b.WriteString(string(e.Class))
	}
	if e.Status != 0 {
		fmt.Fprintf(&b, ": status %d", e.Status)
	}
	for _, err := range []error{e.Reason, e.Last} {
		if err != nil {
			b.WriteString(": ")
			b.WriteString(strings.TrimPrefix(err.Error(), "callback: "))
		}
	}
	return b.String()
}

// Unwrap returns Reason and Last, those of them that are not nil.
func (e *Error) Unwrap() []error {
	errs := make([]error, 0, 2)
	if e.Reason != nil {
		errs = append(errs, e.Reason)
	}
	if e.Last != nil {
		errs = append(errs, e.Last)
	}
	return errs
}

// Temporary reports whether a later call with the same message may succeed.
func (e *Error) Temporary() bool {
	return errors.Is(e.Reason, ErrGaveUp) || errors.Is(e.Reason, ErrOpen)
}
