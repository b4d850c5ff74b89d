package main

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"
	"text/tabwriter"
	"time"
	"unicode/utf8"

	"github.com/alertwire/alertwire/callback/dispatch/dispatchnats"
)

const widest = 72 // letters of a column

// note says something beside the output.
func (p *program) note(format string, args ...any) {
	fmt.Fprintf(p.err, "outbox: "+format+"\n", args...)
}

// table prints rows in columns, the first one being the titles.
func (p *program) table(rows [][]string) error {
	t := tabwriter.NewWriter(p.out, 0, 0, 2, ' ', 0)
	for _, row := range rows {
		for i, cell := range row {
			row[i] = shorten(line(cell), widest)
		}
		fmt.Fprintln(t, strings.Join(row, "\t"))
	}
	return t.Flush()
}

// object prints v as JSON on a line.
func (p *program) object(v any) error {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return err
	}
	_, err := io.WriteString(p.out, plainJSON(b.String()))
	return err
}

// printQueues prints the queues that were seen at a time.
func (p *program) printQueues(all []dispatchnats.Queue, at time.Time) error {
	if p.json {
		for _, q := range all {
			if err := p.object(struct {
				Time time.Time `json:"time"`
				dispatchnats.Queue
			}{at.UTC().Round(0), q}); err != nil {
				return err
			}
		}
		return nil
	}
	rows := [][]string{{"ENDPOINT", "WAITING", "IN HAND", "RETRYING", "DEAD", "OLDEST"}}
	for _, q := range all {
		oldest := "-"
		if !q.Oldest.IsZero() {
			oldest = max(at.Sub(q.Oldest), 0).Round(time.Second).String()
		}
		name := q.Endpoint
		if q.Removed {
			name += " (no queue)"
		}
		rows = append(rows, []string{name, fmt.Sprint(q.Waiting), fmt.Sprint(q.InHand), fmt.Sprint(q.Retrying), fmt.Sprint(q.Dead), oldest})
	}
	return p.table(rows)
}

// A jsonLetter is a letter for machines.
type jsonLetter struct {
	ID          uint64                 `json:"id"`
	Endpoint    string                 `json:"endpoint"`
	MessageID   string                 `json:"message_id"`
	Type        string                 `json:"type,omitzero"`
	Key         string                 `json:"key,omitzero"`
	Time        time.Time              `json:"time,omitzero"`
	Accepted    time.Time              `json:"accepted,omitzero"`
	Died        time.Time              `json:"died"`
	Reason      string                 `json:"reason"`
	Attempts    int                    `json:"attempts"`
	History     []dispatchnats.Attempt `json:"history"`
	Readable    bool                   `json:"readable"`
	ContentType string                 `json:"content_type,omitzero"`
	Header      http.Header            `json:"header,omitzero"`
	Body        *string                `json:"body,omitzero"`
	BodyBase64  []byte                 `json:"body_base64,omitzero"` // of a body that is not UTF-8
}

func (p *program) toJSON(l dispatchnats.Letter) jsonLetter {
	return jsonLetter{
		ID: l.ID, Endpoint: l.Endpoint, MessageID: l.Message.ID, Type: l.Message.Type, Key: l.Message.Key,
		Time: l.Message.Time, Accepted: l.Accepted, Died: l.Died, Reason: l.Reason, Attempts: l.Attempts,
		History: append([]dispatchnats.Attempt{}, l.History...), Readable: l.Readable, ContentType: l.Message.ContentType,
	}
}

func (p *program) printLetters(all []dispatchnats.Letter) error {
	rows := [][]string{{"ID", "DIED", "TYPE", "KEY", "ATTEMPTS", "REASON"}}
	if p.endpoint == "" {
		rows[0] = slices.Insert(rows[0], 1, "ENDPOINT")
	}
	for _, l := range all {
		if p.json {
			if err := p.object(p.toJSON(l)); err != nil {
				return err
			}
			continue
		}
		row := []string{
			fmt.Sprint(l.ID), stamp(l.Died), orDash(l.Message.Type), orDash(l.Message.Key), fmt.Sprint(l.Attempts), reason(l),
		}
		if p.endpoint == "" {
			row = slices.Insert(row, 1, l.Endpoint)
		}
		rows = append(rows, row)
	}
	if p.json || len(all) == 0 {
		return nil
	}
	return p.table(rows)
}

// orDash returns something short for a column.
func orDash(s string) string { return cmp.Or(shorten(line(s), 32), "-") }

// reason returns why a letter died, without what the list says anyway.
func reason(l dispatchnats.Letter) string {
	return strings.TrimPrefix(l.Reason, "callback: call "+l.Endpoint+": ")
}

func (p *program) printLetter(l dispatchnats.Letter) error {
	m := l.Message
	if p.json {
		j := p.toJSON(l)
		j.Header = p.header(m.Header)
		if body := string(m.Body); utf8.ValidString(body) {
			j.Body = &body
		} else {
			j.BodyBase64 = m.Body
		}
		return p.object(j)
	}
	var b bytes.Buffer
	field := func(name, value string) {
		if value != "" {
			fmt.Fprintf(&b, "%-10s%s\n", name, line(value))
		}
	}
	field("letter", fmt.Sprintf("%d of %s", l.ID, l.Endpoint))
	field("message", m.ID)
	field("type", m.Type)
	field("key", m.Key)
	field("happened", exact(m.Time))
	field("accepted", exact(l.Accepted))
	field("died", exact(l.Died))
	field("reason", l.Reason)
	if !l.Readable {
		field("", "it cannot be decoded, and not be replayed")
	}
	field("attempts", fmt.Sprint(l.Attempts))
	if first := l.Attempts - len(l.History); first > 0 && l.Readable {
		fmt.Fprintf(&b, "%10s… the first %d are not kept\n", "", first)
	}
	for _, a := range l.History {
		status := "no answer"
		if a.Status != 0 {
			status = fmt.Sprint(a.Status)
		}
		fmt.Fprintf(&b, "%8d  %s  %s, %s\n", a.Number, exact(a.Time), line(string(a.Class)), status)
	}
	header := p.header(m.Header)
	for _, name := range slices.Sorted(maps.Keys(header)) {
		for _, value := range header[name] {
			field("header", name+": "+value)
		}
	}
	body := begin(m.Body, p.body)
	field("body", fmt.Sprintf("%s, %d bytes", cmp.Or(m.ContentType, "application/json"), len(m.Body)))
	if body != "" {
		b.WriteString("\n" + strings.TrimSuffix(text(body), "\n") + "\n")
	}
	if rest := len(m.Body) - len(body); rest > 0 {
		fmt.Fprintf(&b, "… and %d bytes more; -body %d prints all\n", rest, len(m.Body))
	}
	_, err := p.out.Write(b.Bytes())
	return err
}

// begin returns the first n bytes of a body, or a few less where a letter would
// be cut in two.
func begin(body []byte, n int) string {
	if len(body) <= n {
		return string(body)
	}
	for back := 0; back < utf8.UTFMax && back < n; back++ {
		if utf8.RuneStart(body[n-back]) {
			return string(body[:n-back])
		}
	}
	return string(body[:n])
}

// printCount prints to how many letters something was done.
func (p *program) printCount(what string, n, of int) error {
	if p.json {
		return p.object(map[string]any{what: n, "endpoint": p.endpoint})
	}
	less := ""
	if n < of {
		less = fmt.Sprintf(", of %d", of)
	}
	_, err := fmt.Fprintf(p.out, "%s %s of %s%s\n", what, letters(n), line(p.endpoint), less)
	return err
}

// exact writes a time with its milliseconds.
func exact(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format("2006-01-02T15:04:05.000Z")
}

// stamp writes a time, or nothing where there is none.
func stamp(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format("2006-01-02T15:04:05Z")
}
