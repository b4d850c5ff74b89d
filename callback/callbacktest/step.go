package callbacktest

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"log"
	"net/http"
	"strconv"
	"time"
)

// Status answers with a status and no body.
func Status(code int) http.HandlerFunc { return Answer(code, "") }

// Answer answers with a status, a body, and headers given as names and values in
// turn. It panics, as do the steps that are made of it, if the status is no final
// one, which is 101 or from 200 to 999, or a header has no value.
func Answer(code int, body string, header ...string) http.HandlerFunc {
	switch {
	case code < 200 && code != http.StatusSwitchingProtocols || code > 999:
		panic(fmt.Sprintf("callbacktest: no answer has the status %d", code))
	case len(header)%2 > 0:
		panic(fmt.Sprintf("callbacktest: the header %q has no value", header[len(header)-1]))
	}
	return func(w http.ResponseWriter, _ *http.Request) {
		for i := 0; i < len(header); i += 2 {
			w.Header().Add(header[i], header[i+1])
		}
		w.WriteHeader(code)
		_, _ = io.WriteString(w, body)
	}
}

// Statuses returns one step for each status.
func Statuses(codes ...int) []http.HandlerFunc {
	steps := make([]http.HandlerFunc, len(codes))
	for i, code := range codes {
		steps[i] = Status(code)
	}
	return steps
}

// JSON answers 200 with body as application/json.
func JSON(body string) http.HandlerFunc {
	return Answer(http.StatusOK, body, "Content-Type", "application/json")
}

// RetryAfter answers with a status, such as 429, and Retry-After in seconds.
func RetryAfter(code, seconds int) http.HandlerFunc {
	return Answer(code, "", "Retry-After", strconv.Itoa(seconds))
}

// RetryAfterDate answers with a status and Retry-After as the date that is wait
// from now.
func RetryAfterDate(code int, wait time.Duration) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		at := time.Now().Add(wait).UTC().Format(http.TimeFormat)
		Answer(code, "", "Retry-After", at)(w, r)
	}
}

// Redirect answers with a redirect to location, of one of the five kinds: 301,
// 302, 303, 307 or 308.
func Redirect(code int, location string) http.HandlerFunc {
	return Answer(code, "", "Location", location)
}

// Delay waits before it plays step.
func Delay(wait time.Duration, step http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		t := time.NewTimer(wait)
		defer t.Stop()
		select {
		case <-t.C:
			step(w, r)
		case <-r.Context().Done():
			abort()
		}
	}
}

// Hold plays step once release is called or the sender has gone. It is called
// by the test, any number of times.
func Hold(step http.HandlerFunc) (held http.HandlerFunc, release func()) {
	gate := make(chan struct{}, 1)
	open := func() {
		select {
		case gate <- struct{}{}:
		default:
		}
	}
	return func(w http.ResponseWriter, r *http.Request) {
		select {
		case <-gate:
			open() // for the next one too
			step(w, r)
		case <-r.Context().Done():
			abort()
		}
	}, open
}

// Hang reads the request and never answers.
func Hang() http.HandlerFunc {
	return func(_ http.ResponseWriter, r *http.Request) {
		<-r.Context().Done()
		abort()
	}
}

// abort ends a handler without the 200 that its return would mean.
func abort() { panic(http.ErrAbortHandler) }

// Drip answers 200 and then sends a byte of the body every interval, for ever.
func Drip(interval time.Duration) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		tick := time.NewTicker(interval)
		defer tick.Stop()
		flusher := http.NewResponseController(w)
		for {
			if _, err := w.Write([]byte(".")); err != nil || flusher.Flush() != nil {
				return
			}
			select {
			case <-tick.C:
			case <-r.Context().Done():
				abort()
			}
		}
	}
}

// Huge answers 200 with a body of size bytes.
func Huge(size int64) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.CopyN(w, letters{}, size)
	}
}

// GzipBomb answers 200 with a body that is small on the wire and has size bytes
// when it is decoded, rounded up to a mebibyte.
func GzipBomb(size int64) http.HandlerFunc {
	const unit = 1 << 20
	var member bytes.Buffer // gzip allows any number of members in a row
	z := gzip.NewWriter(&member)
	_, _ = io.CopyN(z, letters{}, unit) // into memory: cannot fail
	_ = z.Close()
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Encoding", "gzip")
		for sent := int64(0); sent < size; sent += unit {
			if _, err := w.Write(member.Bytes()); err != nil {
				return
			}
		}
	}
}

// letters is an endless text.
type letters struct{}

func (letters) Read(p []byte) (int, error) {
	if len(p) > 0 {
		p[0] = 'a'
	}
	for n := 1; n < len(p); n *= 2 {
		copy(p[n:], p[:n])
	}
	return len(p), nil
}

func discard() *log.Logger { return log.New(io.Discard, "", 0) }
