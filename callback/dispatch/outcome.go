package dispatch

import (
	"errors"

	"github.com/alertwire/alertwire/callback"
)

// An Outcome is what finally became of one message at one endpoint.
type Outcome struct {
	Endpoint string
	Message  callback.Message
	Result   Result
	Attempts int // how many calls were made
	// Err is nil if the message was delivered. It is a [*callback.Error] if it
	// was dropped, with [callback.ErrDropped] and the reason, such as
	// [ErrSuperseded]; else what the last call failed with.
	Err error
}

// A Result is the end of a message. It is fit for the label of a metric.
type Result string

// The results.
const (
	Delivered Result = "delivered"
	Failed    Result = "failed"
	Dropped   Result = "dropped"
	Returned  Result = "returned" // handed back by Shutdown
)

// dropped returns the error of a message that the queue gave up.
func (e *endpoint) dropped(it *item, reason error) error {
	return &callback.Error{
		Endpoint: e.name, MessageID: it.msg.ID,
		Class: callback.ClassDropped, Attempts: it.attempts,
		Reason: callback.ErrDropped, Last: reason,
	}
}

// exited returns the error of a call that ended the goroutine it was made in.
func (e *endpoint) exited(it *item) error {
	err := &callback.Error{
		Endpoint: e.name, Class: callback.ClassPanic, Attempts: 1,
		Reason: callback.ErrRefused, Last: errors.New("dispatch: the caller has ended its goroutine"),
	}
	if it != nil {
		err.MessageID = it.msg.ID
	}
	return err
}

// tooLate returns the error of a message whose next attempt would come later
// than its policy allows.
func (e *endpoint) tooLate(it *item) error {
	late := callback.Error{Endpoint: e.name, MessageID: it.msg.ID}
	var last *callback.Error
	if errors.As(it.last, &last) {
		late = *last
	}
	late.Class, late.Attempts = callback.ClassDeadline, it.attempts
	late.Reason, late.Last = callback.ErrGaveUp, it.last
	return &late
}

// counted returns the error of the last call with the number of all calls.
func counted(it *item) error {
	last, ok := it.last.(*callback.Error)
	if !ok || it.attempts < 2 {
		return it.last
	}
	all := *last
	all.Attempts = it.attempts
	return &all
}

// classOf returns the class of err, "" for none.
func classOf(err error) callback.Class {
	if err == nil {
		return ""
	}
	var e *callback.Error // on the heap, so not before it is needed
	if errors.As(err, &e) {
		return e.Class
	}
	return callback.ClassOther
}
