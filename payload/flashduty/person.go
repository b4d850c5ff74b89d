package flashduty

import "github.com/alertwire/alertwire/internal/jsonscan"

// A Person is somebody who did something.
type Person struct {
	ID    int64
	Name  string
	Email string
	As    string // a label for the role (API)

	origin jsonscan.Origin
}

func (p *Person) fields(f *jsonscan.Fields) {
	f.From(&p.origin)
	f.Int64("person_id", &p.ID)
	f.String("person_name", &p.Name)
	f.String("email", &p.Email)
	f.String("as", &p.As).Omit()
}

// A Responder is somebody whom an incident was assigned to.
type Responder struct {
	ID             int64
	Name           string
	Email          string
	AssignedAt     UnixTime
	AcknowledgedAt UnixTime // 0 until then

	origin jsonscan.Origin
}

func (r *Responder) fields(f *jsonscan.Fields) {
	f.From(&r.origin)
	f.Int64("person_id", &r.ID)
	f.String("person_name", &r.Name)
	f.String("email", &r.Email)
	f.Int64("assigned_at", (*int64)(&r.AssignedAt))
	f.Int64("acknowledged_at", (*int64)(&r.AcknowledgedAt))
}
