package challenge

import (
	"encoding/json"
	"net/http"
)

// EventGrid is the subscription validation of Azure Event Grid in its own
// schema, where an event comes in an array of one:
//
//	POST [{"eventType":"Microsoft.EventGrid.SubscriptionValidationEvent","data":{"validationCode":C}}]
//	->   {"validationResponse":C}
//
// In the CloudEvents schema Event Grid sends an OPTIONS request instead, see
// [CloudEvents]. The validationUrl of the event is not called: a responder
// makes no request. The answer proves nothing about the sender; anybody's topic
// can be pointed at a URL, and the events have to be verified on their own.
type EventGrid struct{}

// WantsBody reports whether r may be a handshake: a POST of at most 64 KiB.
func (EventGrid) WantsBody(r *http.Request) bool { return mayBeHandshake(r) }

// Answer implements [Scheme].
func (EventGrid) Answer(r *http.Request, body []byte) (Reply, bool, error) {
	const marker = "SubscriptionValidationEvent"
	const kind = "Microsoft.EventGrid." + marker
	if !marked(r, body, marker) {
		return Reply{}, false, nil
	}
	event := first(body)
	if event.str("eventType") != kind {
		return Reply{}, false, nil
	}
	code := event.object("data").str("validationCode")
	if !echoable(code) {
		return refuse(http.StatusBadRequest, "EventGrid", ErrMalformed)
	}
	return jsonString("validationResponse", code), true, nil
}

// first returns the object in an array of one, or an object that stands alone.
// Of anything else it returns nil.
func first(body []byte) object {
	var array []object
	if json.Unmarshal(body, &array) == nil && len(array) == 1 {
		return array[0]
	}
	var alone object
	if json.Unmarshal(body, &alone) == nil {
		return alone
	}
	return nil
}
