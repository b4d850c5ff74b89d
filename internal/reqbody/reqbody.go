// Package reqbody reads the body of an incoming request once, for however many
// handlers look at it.
//
// A signature is verified over raw bytes, a payload is decoded from the same
// bytes, and a host may want them a third time. Read takes them from the wire
// once, bounded, and leaves a body that starts again from the first byte.
package reqbody

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math"
	"net/http"
)

// DefaultMax is the bound of a body in bytes where nothing else is set: 8 MiB.
// A message of 2,000 Alertmanager alerts has about 2 MB.
const DefaultMax = 8 << 20

// ErrTooLarge says that a body has more bytes than the bound allows.
var ErrTooLarge = errors.New("body too large")

// firstBuffer caps what is allocated on the word of a Content-Length header
// alone. A sender that announces 8 MiB and sends nothing costs no more.
const firstBuffer = 64 << 10

// replay is a body that is in memory. Its own type is what lets a second Read
// find the bytes of the first.
type replay struct {
	bytes.Reader
	data []byte
}

func (*replay) Close() error { return nil }

// Read returns the body of r, which must have at most max bytes, and sets
// r.Body so that it can be read again from the start. A nil or empty body
// gives no bytes and no error. A max of zero or less means [DefaultMax].
//
// The bytes are shared by everyone who reads this body: they must not be
// modified. Read returns an error that wraps [ErrTooLarge] when the body
// exceeds max, or the bound of an [http.MaxBytesReader] in front of it; what was
// read until then is lost. Other errors are those of the connection.
func Read(r *http.Request, max int64) ([]byte, error) {
	if max <= 0 {
		max = DefaultMax
	}
	max = min(max, math.MaxInt64-1) // one more is asked for, see readAll
	if r.Body == nil || r.Body == http.NoBody {
		return nil, nil
	}
	if b, ok := r.Body.(*replay); ok {
		if int64(len(b.data)) > max {
			return nil, tooLarge(max)
		}
		b.Reset(b.data)
		return b.data, nil
	}
	if r.ContentLength > max {
		return nil, tooLarge(max)
	}

	data, err := readAll(r.Body, r.ContentLength, max)
	if err != nil {
		return nil, err
	}
	if err := r.Body.Close(); err != nil {
		return nil, fmt.Errorf("close body: %w", err)
	}
	Set(r, data)
	return data, nil
}

// Set makes data the body of r, as if it had been read from the wire. It is
// how a decoder of Content-Encoding hands on what it found.
func Set(r *http.Request, data []byte) {
	b := &replay{data: data}
	b.Reset(data)
	r.Body = b
	r.ContentLength = int64(len(data))
}

// readAll reads to the end of body. It asks for one byte more than max, which
// tells a body of exactly max bytes from a longer one.
func readAll(body io.Reader, announced, max int64) ([]byte, error) {
	size := int64(bytes.MinRead)
	if announced > 0 {
		size = min(announced+1, firstBuffer)
	}
	buf := make([]byte, 0, size)
	for {
		if len(buf) == cap(buf) {
			buf = append(buf, 0)[:len(buf)]
		}
		room := min(int64(cap(buf)), max+1)
		n, err := body.Read(buf[len(buf):room])
		buf = buf[:len(buf)+n]
		if int64(len(buf)) > max {
			return nil, tooLarge(max)
		}
		if err == io.EOF {
			return buf, nil
		}
		if err != nil {
			return nil, broken(err)
		}
	}
}

// broken explains why a body could not be read to its end.
func broken(err error) error {
	var bound *http.MaxBytesError
	if errors.As(err, &bound) {
		return fmt.Errorf("%w: %w", tooLarge(bound.Limit), err)
	}
	return fmt.Errorf("read body: %w", err)
}

func tooLarge(max int64) error {
	return fmt.Errorf("%w: more than %d bytes", ErrTooLarge, max)
}
