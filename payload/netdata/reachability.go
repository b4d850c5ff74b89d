package netdata

import (
	"encoding/json"
	"iter"
	"strings"

	"github.com/alertwire/alertwire/internal/jsonscan"
)

// Reachability is a notification that nodes have become reachable or
// unreachable. Its first version, of 2023, has Message and URL only.
type Reachability struct {
	// Form is how it came, and how it is written, as of [Alert].
	Form Form

	Message  string   // message: a summary, for people
	URL      string   // url: a page of the console
	Severity Severity // severity: info if reachable, else critical
	Status   Status   // status
	Host     string   // flat only: host
	Nodes    []Node   // nodes; of the nested form

	came   Form
	origin jsonscan.Origin
}

func (r *Reachability) fields(f *jsonscan.Fields) {
	f.From(&r.origin)
	f.String("message", &r.Message)
	f.String("url", &r.URL)
	if r.Form == Nested {
		f.String("severity", (*string)(&r.Severity))
		f.Value("status", (*nestedStatus)(&r.Status))
		jsonscan.List(f, "nodes", &r.Nodes, (*Node).fields).Only(jsonscan.AnArray)
		return
	}
	f.String("host", &r.Host)
	f.String("severity", (*string)(&r.Severity))
	f.Value("status", (*flatStatus)(&r.Status))
	jsonscan.List(f, "nodes", &r.Nodes, (*Node).fields).Omit().Only(jsonscan.AnArray)
}

// A Node is a node of a nested notification.
type Node struct {
	Hostname string

	origin jsonscan.Origin
}

func (n *Node) fields(f *jsonscan.Fields) {
	f.From(&n.origin)
	f.String("hostname", &n.Hostname).Only(jsonscan.AString)
}

// Unknown iterates over the members of a node that Node has no field for, such
// as an id.
func (n *Node) Unknown() iter.Seq2[string, json.RawMessage] {
	return jsonscan.Unknown(n.origin, (*Node).fields)
}

// Hosts returns the names of the nodes: Host and those of Nodes, each once.
func (r *Reachability) Hosts() []string {
	var hosts []string
	seen := make(map[string]bool, 1+len(r.Nodes))
	add := func(host string) {
		if host != "" && !seen[host] {
			seen[host] = true
			hosts = append(hosts, host)
		}
	}
	add(r.Host)
	for i := range r.Nodes {
		add(r.Nodes[i].Hostname)
	}
	return hosts
}

// Reachable reports whether the nodes are reachable, and whether that is known:
// from Status; where that does not say, from the severities info and critical;
// where there is none, as in 2023, from the words reachable and unreachable in
// the message.
func (r *Reachability) Reachable() (reachable, known bool) {
	switch {
	case r.Status.Reachable != nil:
		return *r.Status.Reachable, true
	case strings.EqualFold(r.Status.Text, up):
		return true, true
	case strings.EqualFold(r.Status.Text, down):
		return false, true
	case r.Severity.Is(Info):
		return true, true
	case r.Severity.Is(Critical):
		return false, true
	}
	message := strings.ToLower(r.Message)
	if strings.Contains(message, down) {
		return false, true
	}
	known = strings.Contains(message, up)
	return known, known
}

// bare returns r as if it had been made in Go, for the other form.
func (r *Reachability) bare() *Reachability {
	c := *r
	c.came, c.origin = c.Form, jsonscan.Origin{}
	c.Status = Status{Text: r.Status.Text, Reachable: r.Status.Reachable}
	c.Host, c.Nodes = "", nil
	switch hosts := r.Hosts(); {
	case len(hosts) == 1 && c.Form == Flat:
		c.Host = hosts[0]
	default:
		for _, host := range hosts {
			c.Nodes = append(c.Nodes, Node{Hostname: host})
		}
	}
	return &c
}

// Raw returns the text that r was decoded from, "" if it was made in Go.
func (r *Reachability) Raw() string { return r.origin.Text() }

// Unknown iterates over the members that Reachability has no field for, those of
// the object in status by their path.
func (r *Reachability) Unknown() iter.Seq2[string, json.RawMessage] {
	return func(yield func(string, json.RawMessage) bool) {
		for name, value := range jsonscan.Unknown(r.origin, (*Reachability).fields) {
			if !yield(name, value) {
				return
			}
		}
		for name, value := range jsonscan.Unknown(r.Status.origin, (*Status).fields) {
			if !yield("status."+name, value) {
				return
			}
		}
	}
}

// AppendJSON appends r as JSON in its Form: as it came, but for the fields that
// were changed. It returns no error.
func (r *Reachability) AppendJSON(dst []byte) ([]byte, error) {
	if r.Form != r.came && r.origin.Text() != "" {
		r = r.bare()
	}
	return jsonscan.Append(dst, r, (*Reachability).fields)
}

// MarshalJSON implements json.Marshaler with [Reachability.AppendJSON].
func (r Reachability) MarshalJSON() ([]byte, error) { return r.AppendJSON(nil) }

// UnmarshalJSON implements json.Unmarshaler. It replaces all of r, its Form
// included. Other notifications are errors, null changes nothing.
func (r *Reachability) UnmarshalJSON(data []byte) error {
	var n Notification
	if err := n.UnmarshalJSON(data); err != nil || n == (Notification{}) {
		return err
	}
	if n.Reachability == nil {
		return notThe("reachability")
	}
	*r = *n.Reachability
	return nil
}

// Validate returns a [*payload.FieldError] if neither a node nor the URL is
// there.
func (r *Reachability) Validate() error {
	if r.URL == "" && len(r.Hosts()) == 0 {
		return missing("url", "missing, and so is a host")
	}
	return nil
}
