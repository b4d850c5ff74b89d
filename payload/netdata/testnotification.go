package netdata

import (
	"encoding/json"
	"iter"

	"github.com/alertwire/alertwire/internal/jsonscan"
	"github.com/alertwire/alertwire/payload"
	"github.com/alertwire/alertwire/payload/internal/line"
)

// A TestNotification is what the Test button of the console sends.
type TestNotification struct {
	Message string
	Title   string
	// Token has to be shown to a person, who copies the latest one into the
	// console to prove that the URL is theirs. It is a UUID.
	Token string

	origin jsonscan.Origin
}

func (t *TestNotification) fields(f *jsonscan.Fields) {
	f.From(&t.origin)
	f.String("message", &t.Message)
	f.String("title", &t.Title)
	f.String("token", &t.Token)
}

// Raw returns the text that t was decoded from, "" if it was made in Go.
func (t *TestNotification) Raw() string { return t.origin.Text() }

// Unknown iterates over the members that TestNotification has no field for.
func (t *TestNotification) Unknown() iter.Seq2[string, json.RawMessage] {
	return jsonscan.Unknown(t.origin, (*TestNotification).fields)
}

// AppendJSON appends t as JSON: as it came, but for the fields that were
// changed. It returns no error.
func (t *TestNotification) AppendJSON(dst []byte) ([]byte, error) {
	return jsonscan.Append(dst, t, (*TestNotification).fields)
}

// MarshalJSON implements json.Marshaler with [TestNotification.AppendJSON].
func (t TestNotification) MarshalJSON() ([]byte, error) { return t.AppendJSON(nil) }

// UnmarshalJSON implements json.Unmarshaler. It replaces all of t. Other
// notifications are errors, null changes nothing.
func (t *TestNotification) UnmarshalJSON(data []byte) error {
	var n Notification
	if err := n.UnmarshalJSON(data); err != nil || n == (Notification{}) {
		return err
	}
	if n.Test == nil {
		return notThe("test notification")
	}
	*t = *n.Test
	return nil
}

// Validate returns a [*payload.FieldError] if the token is empty.
func (t *TestNotification) Validate() error {
	if t.Token == "" {
		return missing("token", "missing or empty")
	}
	return nil
}

// DeliveryID identifies the test by its token.
func (t *TestNotification) DeliveryID() string {
	if t.Token == "" {
		return ""
	}
	return payload.ID(source, "test", t.Token)
}

// Events returns one event of the kind test, without the token.
func (t *TestNotification) Events() []payload.Event {
	return []payload.Event{{
		Source: source,
		ID:     t.DeliveryID(),
		Key:    payload.ID(source, "test"),
		Kind:   payload.KindTest,
		Title:  line.First(t.Title),
		Text:   t.Message,
	}}
}
