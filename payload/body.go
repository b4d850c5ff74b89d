package payload

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"mime"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/alertwire/alertwire/internal/jsonscan"
	"github.com/alertwire/alertwire/internal/reqbody"
)

// tooLarge names the setting that helps, because it appears in the log of the
// sender, who would repeat the body for ever.
const tooLarge = "Request body too large; Alertmanager can be told to send less with max_alerts"

// acceptsType reports whether the Content-Type of a request is among types.
func acceptsType(types []string, h http.Header) bool {
	if slices.Contains(types, "*") {
		return true
	}
	value := h.Get("Content-Type")
	if types == nil && (value == "" || value == "application/json") {
		return true
	}
	media, params := "", map[string]string(nil)
	if value != "" {
		var err error
		media, params, err = mime.ParseMediaType(value)
		if err != nil && !errors.Is(err, mime.ErrInvalidMediaParameter) {
			return false
		}
	}
	if types != nil {
		return slices.ContainsFunc(types, func(t string) bool { return strings.EqualFold(t, media) })
	}
	switch strings.ToLower(params["charset"]) {
	case "", "utf-8", "utf8", "us-ascii":
	default:
		return false
	}
	return media == "application/json" || media == "text/json" || strings.HasSuffix(media, "+json")
}

// readBody returns the body of r, decompressed if need be and without a byte
// order mark. Both forms are bounded: a small body may hold a large one.
func readBody(r *http.Request, limit int64) ([]byte, error) {
	compressed := false
	switch encoding := r.Header.Get("Content-Encoding"); strings.ToLower(encoding) {
	case "", "identity":
	case "gzip", "x-gzip":
		compressed = true
	default:
		return nil, reject(http.StatusUnsupportedMediaType, "Unsupported Content-Encoding", errors.New("content encoding not accepted"))
	}
	data, err := reqbody.Read(r, limit)
	if err == nil && compressed {
		data, err = gunzip(data, limit)
	}
	var tooBig *http.MaxBytesError
	switch {
	case err == nil:
		return bytes.TrimPrefix(data, []byte("\ufeff")), nil
	case errors.Is(err, reqbody.ErrTooLarge) || errors.As(err, &tooBig):
		return nil, reject(http.StatusRequestEntityTooLarge, tooLarge, err)
	default:
		return nil, reject(http.StatusBadRequest, "Body not readable", err)
	}
}

func gunzip(data []byte, limit int64) ([]byte, error) {
	z, err := gzip.NewReader(bytes.NewReader(data))
	if err != nil {
		return nil, fmt.Errorf("gzip: %w", err)
	}
	// One byte more than the limit tells a body of exactly that size from a
	// longer one.
	limit = min(limit, math.MaxInt64-1)
	plain, err := io.ReadAll(io.LimitReader(z, limit+1))
	if err != nil {
		return nil, fmt.Errorf("gzip: %w", err)
	}
	if int64(len(plain)) > limit {
		return nil, fmt.Errorf("gzip: %w: more than %d bytes", reqbody.ErrTooLarge, limit)
	}
	return plain, nil
}

// The replies that are the same every time.
var (
	success  = json.RawMessage(`{"status":"success"}`)
	repeated = json.RawMessage(`{"status":"success","message":"Already received"}`)
)

func encodeReply(reply any) ([]byte, error) {
	switch reply := reply.(type) {
	case nil:
		return success, nil
	case []byte:
		return reply, nil
	case json.RawMessage:
		return reply, nil
	case interface {
		AppendJSON(dst []byte) ([]byte, error)
	}:
		return reply.AppendJSON(nil)
	}
	b, err := json.Marshal(reply)
	if err != nil {
		return nil, fmt.Errorf("payload: encode reply: %w", err)
	}
	return b, nil
}

func detail(text string) []byte {
	b := append(make([]byte, 0, 128), `{"detail":`...)
	return append(jsonscan.AppendString(b, text), '}')
}

func answer(w http.ResponseWriter, status int, body []byte) {
	h := w.Header()
	if status == http.StatusNoContent {
		w.WriteHeader(status)
		return
	}
	h.Set("Content-Type", "application/json")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(status)
	w.Write(body)
}
