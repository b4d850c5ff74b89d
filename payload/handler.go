package payload

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/alertwire/alertwire/internal/reqbody"
	"github.com/alertwire/alertwire/internal/retryafter"
)

// HandlerOptions are the options of [Handler].
type HandlerOptions struct {
	// MaxBody bounds the body in bytes, compressed and decompressed. Zero
	// means 8 MiB. 2,000 ordinary Alertmanager alerts take 2 MB.
	MaxBody int64
	// Methods are the methods that are accepted. Nil means POST. Grafana may
	// be configured to PUT, NetPulse to any method.
	Methods []string
	// ContentTypes are the media types that are accepted, without parameters;
	// "" stands for a request without one. Nil means JSON in UTF-8, and none.
	// "*" accepts any: Grafana's users may set what they like.
	ContentTypes []string
	// Status is the status of success, a 2xx. Zero means 200: Flashduty promises
	// to take no other for it, and a notify channel of Nightingale takes none.
	Status int
	// RetryStatus returns the status of an answer that asks the sender to come
	// again: after a [*RetryError], any other error of accept but [ErrInvalid],
	// and an error of Once. Nil means what the decoded payload says if it is
	// [Retried]: 429 for Nightingale, whose webhooks try again after no other
	// status. For the others it means 503, which Alertmanager and NetPulse heed.
	// Flashduty and, within its group interval, Grafana do not come again
	// whatever the status; of Netdata nobody knows. What is not an error status,
	// 400 to 599, becomes 503.
	RetryStatus func(*http.Request) int
	// Timeout bounds the context that accept gets. Zero means no bound beyond
	// that of the request. Flashduty waits for 1 second, NetPulse for 5 unless it
	// is told otherwise; of Netdata nobody knows.
	Timeout time.Duration
	// Once makes repeats harmless. It is asked to reserve the identity of each
	// delivery that has one. A fresh one goes to accept, and done gets the
	// error that accept returned: nil commits the identity, another error
	// releases it. A repeat, fresh false without an error, is answered as a
	// success. With an error, for an identity that is in flight or a store
	// that is down, the answer is RetryStatus. Nil lets repeats through.
	Once func(ctx context.Context, id string) (done func(error), fresh bool, err error)
	// OnReject is told about each request that was not accepted; reason is a
	// [*Rejection]. Nil is silent. It may be called from many goroutines.
	OnReject func(r *http.Request, reason error)
}

// A Rejection is why [Handler] did not answer with success.
type Rejection struct {
	Status int   // what was answered
	Err    error // never told to the sender
	detail string
	wait   time.Duration
}

// Error says what was answered, and the text of Err.
func (e *Rejection) Error() string { return fmt.Sprintf("payload: answered %d: %v", e.Status, e.Err) }

// Unwrap returns Err.
func (e *Rejection) Unwrap() error { return e.Err }

// defaultWait is what a sender is told to wait unless a [RetryError] says
// otherwise.
const defaultWait = 5 * time.Second

var errPanic = errors.New("payload: accept did not return")

// Handler returns a handler that decodes a body and hands it to accept. It
// reads the body, which a handler before it may have read already, passes over a
// byte order mark, decodes it once, validates it if it can Validate as a
// [Payload] can, and answers what accept returns:
//
//   - A reply is answered as JSON; []byte and json.RawMessage are taken as JSON
//     already. nil is {"status":"success"}.
//   - An error that wraps [ErrInvalid] is 400.
//   - A [*RetryError] is 503 or another RetryStatus, with Retry-After; so is any
//     other error, because what was not accepted must come again.
//
// Everything else that goes wrong is answered as {"detail":"…"} with a constant
// text: 400 for a body that does not decode or is not valid, 405 with Allow,
// 413, 415.
//
// Senders repeat what is not answered within seconds, so accept must store or
// queue the message and return; its context ends with the request. A
// [Queue] does that. accept is called from many goroutines.
//
// Handler authenticates nobody and limits nothing: packages auth and ratelimit
// do. It panics if decode or accept is nil, Status is not a 2xx, or a bound is
// negative.
func Handler[T any](decode func([]byte) (T, error), accept func(context.Context, T) (reply any, err error), o HandlerOptions) http.Handler {
	if decode == nil || accept == nil {
		panic("payload: Handler without decode or accept")
	}
	h := &handler[T]{decode: decode, accept: accept, o: o}
	if h.o.Status == 0 {
		h.o.Status = http.StatusOK
	}
	if h.o.Status/100 != 2 || h.o.MaxBody < 0 || h.o.Timeout < 0 {
		panic("payload: Handler with a Status that is no success, or with a negative bound")
	}
	if h.o.MaxBody == 0 {
		h.o.MaxBody = reqbody.DefaultMax
	}
	if len(h.o.Methods) == 0 {
		h.o.Methods = []string{http.MethodPost}
	} else {
		h.o.Methods = slices.Clone(h.o.Methods)
	}
	h.allow = strings.Join(h.o.Methods, ", ")
	h.o.ContentTypes = slices.Clone(h.o.ContentTypes)
	return h
}

type handler[T any] struct {
	decode func([]byte) (T, error)
	accept func(context.Context, T) (any, error)
	o      HandlerOptions
	allow  string
}

func (h *handler[T]) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	reply, status, err := h.serve(r)
	var body []byte
	if err == nil {
		body, err = encodeReply(reply)
	}
	if err == nil {
		answer(w, h.o.Status, body)
		return
	}
	rejection := h.rejectionOf(r, err, status)
	switch {
	case rejection.Status == http.StatusMethodNotAllowed:
		w.Header().Set("Allow", h.allow)
	case rejection.wait > 0:
		w.Header().Set("Retry-After", retryafter.Format(rejection.wait))
	}
	if h.o.OnReject != nil {
		h.o.OnReject(r, rejection)
	}
	answer(w, rejection.Status, detail(rejection.detail))
}

// serve returns the reply, or a *Rejection, or an error of accept; and the
// status that the payload wants for that, 0 if it has no wish.
func (h *handler[T]) serve(r *http.Request) (reply any, status int, err error) {
	if !slices.Contains(h.o.Methods, r.Method) {
		return nil, 0, reject(http.StatusMethodNotAllowed, "Method Not Allowed", errors.New("method not accepted"))
	}
	if !acceptsType(h.o.ContentTypes, r.Header) {
		return nil, 0, reject(http.StatusUnsupportedMediaType, "Unsupported Media Type", errors.New("content type not accepted"))
	}
	data, err := readBody(r, h.o.MaxBody)
	if err != nil {
		return nil, 0, err
	}
	v, err := h.decode(data)
	if err == nil {
		if p, ok := any(v).(interface{ Validate() error }); ok {
			err = p.Validate()
		}
	}
	if err != nil {
		return nil, 0, reject(http.StatusBadRequest, "Invalid alert format", err)
	}
	ctx := r.Context()
	if h.o.Timeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, h.o.Timeout)
		defer cancel()
	}
	if p, ok := any(v).(Retried); ok {
		status = p.RetryStatus()
	}
	reply, err = h.once(ctx, v)
	return reply, status, err
}

// once calls accept unless v is a repeat.
func (h *handler[T]) once(ctx context.Context, v T) (reply any, err error) {
	if h.o.Once == nil {
		return h.accept(ctx, v)
	}
	id := identity(v)
	if id == "" {
		return h.accept(ctx, v)
	}
	done, fresh, err := h.o.Once(ctx, id)
	switch {
	case err != nil:
		return nil, fmt.Errorf("payload: once: %w", err)
	case !fresh:
		return repeated, nil
	}
	err = errPanic // what done is told if accept does not return
	defer func() {
		if done != nil {
			done(err)
		}
	}()
	reply, err = h.accept(ctx, v)
	return reply, err
}

func reject(status int, detail string, err error) *Rejection {
	return &Rejection{Status: status, Err: err, detail: detail}
}

// rejectionOf says what is answered to an error of serve. status is the one that
// the payload wants where it shall come again.
func (h *handler[T]) rejectionOf(r *http.Request, err error, status int) *Rejection {
	var known *Rejection
	if errors.As(err, &known) {
		return known
	}
	if errors.Is(err, ErrInvalid) {
		return reject(http.StatusBadRequest, "Invalid alert format", err)
	}
	if h.o.RetryStatus != nil {
		status = h.o.RetryStatus(r)
	}
	if status < 400 || status > 599 {
		status = http.StatusServiceUnavailable
	}
	rejection := reject(status, "Service unavailable, try again later", err)
	rejection.wait = defaultWait
	var retry *RetryError
	if errors.As(err, &retry) && retry.After > 0 {
		rejection.wait = retry.After
	}
	return rejection
}
