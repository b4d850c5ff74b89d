package callback

import (
	"compress/gzip"
	"context"
	"io"
	"math"
	"net/http"
	"strings"
)

// maxDrain bounds what is read and thrown away behind the part of a reply that
// is kept, so that the connection can be used again.
const maxDrain = 64 << 10

type replyLimitKey struct{}

// withReplyLimit returns a context in which at least n bytes of a reply are
// kept, for those who need a reply whole.
func withReplyLimit(ctx context.Context, n int64) context.Context {
	return context.WithValue(ctx, replyLimitKey{}, n)
}

// replyLimit returns how many bytes of a reply are kept. There is always room
// for one more.
func replyLimit(ctx context.Context, configured int64) int64 {
	n, _ := ctx.Value(replyLimitKey{}).(int64)
	return min(max(n, configured), math.MaxInt64-1)
}

// readReply reads up to limit bytes of the body, decoded if it comes in gzip,
// and closes it. An answer that ends before it is complete is an error.
func readReply(resp *http.Response, limit int64) (body []byte, truncated bool, err error) {
	if resp.Body == nil {
		return nil, false, nil // of a transport that is not from net/http
	}
	defer resp.Body.Close()
	if resp.StatusCode < 200 || resp.Body == http.NoBody {
		return nil, false, nil
	}
	src := io.Reader(resp.Body)
	if isGzip(resp) {
		switch src, err = decode(resp); {
		case err == io.EOF:
			return nil, false, nil // nothing at all came: an empty body
		case err != nil:
			return nil, false, err
		}
	}
	// One byte more than is kept tells whether there is more.
	buf := make([]byte, 0, startSize(resp.ContentLength, limit))
	for int64(len(buf)) <= limit {
		if len(buf) == cap(buf) {
			buf = append(buf, 0)[:len(buf)]
		}
		room := min(int64(cap(buf)), limit+1)
		n, err := src.Read(buf[len(buf):room])
		buf = buf[:len(buf)+n]
		switch {
		case err == io.EOF:
			return keep(buf, limit)
		case err != nil:
			body, truncated, _ = keep(buf, limit)
			return body, truncated, err
		}
	}
	// What fails from here on costs the connection and nothing else.
	_, _ = io.CopyN(io.Discard, src, maxDrain)
	return keep(buf, limit)
}

// isGzip reports whether the body comes in gzip and net/http has left it so.
func isGzip(resp *http.Response) bool {
	coding := resp.Header["Content-Encoding"]
	return !resp.Uncompressed && len(coding) == 1 && strings.EqualFold(coding[0], "gzip")
}

// decode returns the decoded body, and makes the header say so. net/http would
// do the same, but takes a map of headers more for each request to ask for it.
func decode(resp *http.Response) (io.Reader, error) {
	z, err := gzip.NewReader(resp.Body)
	resp.Header.Del("Content-Encoding")
	resp.Header.Del("Content-Length")
	resp.ContentLength = -1
	return z, err
}

// startSize returns the size of the first buffer for a body of length bytes, or
// -1 if that is not known.
func startSize(length, limit int64) int64 {
	if length < 0 || length > 4<<10 {
		length = 511
	}
	return min(length, limit) + 1
}

func keep(buf []byte, limit int64) (body []byte, truncated bool, err error) {
	if int64(len(buf)) > limit {
		return buf[:limit:limit], true, nil
	}
	return buf, false, nil
}
