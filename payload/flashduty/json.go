package flashduty

import (
	"encoding/json"
	"iter"

	"github.com/alertwire/alertwire/internal/jsonscan"
	"github.com/alertwire/alertwire/payload"
)

// Each object of a push is a JSON value of its own too: it is written as it
// came, but for the fields that were changed, and reading replaces all of it.

// Unknown iterates over the members of the incident that Incident has no field
// for, such as those that only the API documents.
func (i *Incident) Unknown() iter.Seq2[string, json.RawMessage] {
	return jsonscan.Unknown(i.origin, (*Incident).fields)
}

// AppendJSON appends i as JSON, as [Push.AppendJSON].
func (i *Incident) AppendJSON(dst []byte) ([]byte, error) {
	return jsonscan.Append(dst, i, (*Incident).fields)
}

// MarshalJSON implements json.Marshaler with [Incident.AppendJSON].
func (i Incident) MarshalJSON() ([]byte, error) { return i.AppendJSON(nil) }

// UnmarshalJSON implements json.Unmarshaler. It replaces all of i.
func (i *Incident) UnmarshalJSON(data []byte) error {
	return payload.Syntax(source, jsonscan.Unmarshal(data, i, (*Incident).fields))
}

// Unknown iterates over the members of the alert that Alert has no field for.
func (a *Alert) Unknown() iter.Seq2[string, json.RawMessage] {
	return jsonscan.Unknown(a.origin, (*Alert).fields)
}

// AppendJSON appends a as JSON, as [Push.AppendJSON].
func (a *Alert) AppendJSON(dst []byte) ([]byte, error) {
	return jsonscan.Append(dst, a, (*Alert).fields)
}

// MarshalJSON implements json.Marshaler with [Alert.AppendJSON].
func (a Alert) MarshalJSON() ([]byte, error) { return a.AppendJSON(nil) }

// UnmarshalJSON implements json.Unmarshaler. It replaces all of a.
func (a *Alert) UnmarshalJSON(data []byte) error {
	return payload.Syntax(source, jsonscan.Unmarshal(data, a, (*Alert).fields))
}

// MarshalJSON implements json.Marshaler.
func (p Person) MarshalJSON() ([]byte, error) { return jsonscan.Append(nil, &p, (*Person).fields) }

// UnmarshalJSON implements json.Unmarshaler. It replaces all of p.
func (p *Person) UnmarshalJSON(data []byte) error {
	return payload.Syntax(source, jsonscan.Unmarshal(data, p, (*Person).fields))
}

// MarshalJSON implements json.Marshaler.
func (r Responder) MarshalJSON() ([]byte, error) {
	return jsonscan.Append(nil, &r, (*Responder).fields)
}

// UnmarshalJSON implements json.Unmarshaler. It replaces all of r.
func (r *Responder) UnmarshalJSON(data []byte) error {
	return payload.Syntax(source, jsonscan.Unmarshal(data, r, (*Responder).fields))
}

// MarshalJSON implements json.Marshaler.
func (a Assignment) MarshalJSON() ([]byte, error) {
	return jsonscan.Append(nil, &a, (*Assignment).fields)
}

// UnmarshalJSON implements json.Unmarshaler. It replaces all of a.
func (a *Assignment) UnmarshalJSON(data []byte) error {
	return payload.Syntax(source, jsonscan.Unmarshal(data, a, (*Assignment).fields))
}

// MarshalJSON implements json.Marshaler.
func (r IncidentRef) MarshalJSON() ([]byte, error) {
	return jsonscan.Append(nil, &r, (*IncidentRef).fields)
}

// UnmarshalJSON implements json.Unmarshaler. It replaces all of r.
func (r *IncidentRef) UnmarshalJSON(data []byte) error {
	return payload.Syntax(source, jsonscan.Unmarshal(data, r, (*IncidentRef).fields))
}

// MarshalJSON implements json.Marshaler: an object.
func (f Fields) MarshalJSON() ([]byte, error) { return (*fields)(&f).Append(nil) }

// UnmarshalJSON implements json.Unmarshaler. It replaces all of f.
func (f *Fields) UnmarshalJSON(data []byte) error {
	var fresh Fields
	if err := jsonscan.DecodeValue(data, (*fields)(&fresh)); err != nil {
		return payload.Syntax(source, err)
	}
	*f = fresh
	return nil
}
