package dispatchnats

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/alertwire/alertwire/callback"
)

// The headers of a stored message. The body is stored as it is: what is signed
// and sent later is what was dispatched.
const (
	headerVersion     = "Alertwire-Version"
	headerEndpoint    = "Alertwire-Endpoint"
	headerID          = "Alertwire-Id"
	headerType        = "Alertwire-Type"
	headerKey         = "Alertwire-Key"
	headerTime        = "Alertwire-Time"
	headerContentType = "Alertwire-Content-Type"
	headerHeader      = "Alertwire-Header"   // one for each extra header: name=value
	headerAccepted    = "Alertwire-Accepted" // when
	headerAttempts    = "Alertwire-Attempts" // calls made; absent before the first
	headerDue         = "Alertwire-Due"      // no call before
	headerHistory     = "Alertwire-History"  // one for each of the last calls

	version    = "1"
	maxHeaders = 32 << 10 // of 64 KiB: the rest is for what the engine adds
	maxHistory = 16
	maxClass   = 64 // bytes; those of package callback are far shorter
)

// errUndecodable is why a message that this package cannot read is given up.
var errUndecodable = errors.New("dispatchnats: the message cannot be decoded")

// An envelope is a message with what the engine knows about it.
type envelope struct {
	msg      callback.Message
	endpoint string // its name
	accepted time.Time
	attempts int       // calls made
	due      time.Time // no call before; zero means now
	history  []Attempt // of the last calls, oldest first
}

// An Attempt is one call that was made at a message.
type Attempt struct {
	Number int            `json:"number"` // 1 for the first call
	Time   time.Time      `json:"time"`   // when it ended
	Class  callback.Class `json:"class"`  // what went wrong
	Status int            `json:"status"` // 0 if there was no answer
}

// encode returns the headers and body of an envelope. The message that it
// returns shares the body and has no subject.
func (v *envelope) encode() *nats.Msg {
	h := make(nats.Header, 10)
	h[headerVersion] = []string{version}
	put := func(name, value string) {
		if value != "" {
			h[name] = []string{escape(value)}
		}
	}
	put(headerEndpoint, v.endpoint)
	put(headerID, v.msg.ID)
	put(headerType, v.msg.Type)
	put(headerKey, v.msg.Key)
	put(headerContentType, v.msg.ContentType)
	putTime(h, headerTime, v.msg.Time)
	putTime(h, headerAccepted, v.accepted)
	putTime(h, headerDue, v.due)
	for name, values := range v.msg.Header {
		for _, value := range values {
			h[headerHeader] = append(h[headerHeader], url.QueryEscape(name)+"="+escape(value))
		}
	}
	v.progress(h)
	return &nats.Msg{Header: h, Data: v.msg.Body}
}

// progress writes how far the delivery has come.
func (v *envelope) progress(h nats.Header) {
	if v.attempts > 0 {
		h[headerAttempts] = []string{strconv.Itoa(v.attempts)}
	}
	for _, a := range v.history {
		h[headerHistory] = append(h[headerHistory], a.encode())
	}
}

// readProgress is the inverse of progress.
func (v *envelope) readProgress(h nats.Header) error {
	v.attempts, v.history = 0, nil
	if s := h.Get(headerAttempts); s != "" {
		n, err := strconv.Atoi(s)
		if err != nil || n < 0 {
			return fmt.Errorf("%w: attempts", errUndecodable)
		}
		v.attempts = n
	}
	for _, s := range h[headerHistory] {
		a, ok := decodeAttempt(s)
		if !ok {
			return fmt.Errorf("%w: history", errUndecodable)
		}
		v.history = append(v.history, a)
	}
	return nil
}

// decode is the inverse of encode. The body is shared.
func decode(h nats.Header, body []byte) (envelope, error) {
	var v envelope
	if s := h.Get(headerVersion); s != version {
		return v, fmt.Errorf("%w: it is not of version %s", errUndecodable, version)
	}
	v.msg.Body = body
	for _, f := range []struct {
		name string
		to   *string
	}{
		{headerEndpoint, &v.endpoint}, {headerID, &v.msg.ID}, {headerType, &v.msg.Type},
		{headerKey, &v.msg.Key}, {headerContentType, &v.msg.ContentType},
	} {
		s, err := unescape(h.Get(f.name))
		if err != nil {
			return v, fmt.Errorf("%w: %s", errUndecodable, f.name)
		}
		*f.to = s
	}
	for _, f := range []struct {
		name string
		to   *time.Time
	}{{headerTime, &v.msg.Time}, {headerAccepted, &v.accepted}, {headerDue, &v.due}} {
		t, err := getTime(h, f.name)
		if err != nil {
			return v, err
		}
		*f.to = t
	}
	for _, s := range h[headerHeader] {
		name, value, ok := strings.Cut(s, "=")
		name, err := url.QueryUnescape(name)
		if err == nil {
			value, err = unescape(value)
		}
		if !ok || err != nil {
			return v, fmt.Errorf("%w: %s", errUndecodable, headerHeader)
		}
		if v.msg.Header == nil {
			v.msg.Header = make(http.Header)
		}
		v.msg.Header[name] = append(v.msg.Header[name], value)
	}
	if v.endpoint == "" || v.msg.ID == "" {
		return v, fmt.Errorf("%w: it has no endpoint or no ID", errUndecodable)
	}
	return v, v.readProgress(h)
}

// note adds the outcome of a call, and forgets the oldest beyond the bound.
func (v *envelope) note(err error, now time.Time) {
	v.attempts++
	a := Attempt{Number: v.attempts, Time: now, Class: callback.ClassOther}
	var e *callback.Error
	if errors.As(err, &e) {
		// Bounded, so that what was accepted can be put aside with its history.
		a.Class, a.Status = callback.Class(cut(string(e.Class), maxClass)), e.Status
	}
	// A new slice: another copy of the envelope may share the old one.
	keep := v.history[max(0, len(v.history)-(maxHistory-1)):]
	v.history = append(append(make([]Attempt, 0, len(keep)+1), keep...), a)
}

func (a Attempt) encode() string {
	return strconv.Itoa(a.Number) + " " + a.Time.UTC().Format(time.RFC3339Nano) + " " +
		strconv.Itoa(a.Status) + " " + url.QueryEscape(string(a.Class))
}

func decodeAttempt(s string) (a Attempt, ok bool) {
	f := strings.Split(s, " ")
	if len(f) != 4 {
		return a, false
	}
	var errs [4]error
	a.Number, errs[0] = strconv.Atoi(f[0])
	a.Time, errs[1] = time.Parse(time.RFC3339Nano, f[1])
	a.Status, errs[2] = strconv.Atoi(f[2])
	class, err := url.QueryUnescape(f[3])
	a.Class, errs[3] = callback.Class(class), err
	return a, errors.Join(errs[:]...) == nil
}

func putTime(h nats.Header, name string, t time.Time) {
	if !t.IsZero() {
		h[name] = []string{t.UTC().Format(time.RFC3339Nano)}
	}
}

func getTime(h nats.Header, name string) (time.Time, error) {
	s := h.Get(name)
	if s == "" {
		return time.Time{}, nil
	}
	t, err := time.Parse(time.RFC3339Nano, s)
	if err != nil {
		return t, fmt.Errorf("%w: %s", errUndecodable, name)
	}
	return t, nil
}

// headerSize returns about how many bytes the headers of a message take.
func headerSize(h nats.Header) int {
	n := len("NATS/1.0\r\n\r\n")
	for name, values := range h {
		for _, value := range values {
			n += len(name) + len(value) + len(": \r\n")
		}
	}
	return n
}
