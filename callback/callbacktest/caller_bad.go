package callbacktest

import (
	"context"
	"errors"
	"net/http"
	"testing"
	"time"

	"github.com/alertwire/alertwire/callback"
)

func endsWithItsContext(t testing.TB, newCaller NewCaller) {
	for name, step := range map[string]http.HandlerFunc{
		"hanging": Hang(), "dripping": Drip(time.Millisecond), "unavailable": RetryAfter(503, 3600),
	} {
		c := newCaller(t, NewServer(t, step).URL)
		ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
		within(t, "a call to a receiver that is "+name, func() {
			if _, err := c.Call(ctx, sample()); err == nil {
				t.Errorf("%s: the call succeeded", name)
			}
		})
		cancel()
	}
	srv := NewServer(t, Hang())
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	go func() {
		srv.wait(1)
		cancel()
	}()
	within(t, "a call that is cancelled", func() {
		if _, err := newCaller(t, srv.URL).Call(ctx, sample()); !errors.Is(err, context.Canceled) {
			t.Errorf("cancelled: got the error %v, want context.Canceled", err)
		}
	})
}

func sendsNothingWhenEnded(t testing.TB, newCaller NewCaller) {
	srv := NewServer(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := newCaller(t, srv.URL).Call(ctx, sample())
	if !errors.Is(err, context.Canceled) {
		t.Errorf("got the error %v, want context.Canceled", err)
	}
	if n := len(srv.Requests()); n != 0 {
		t.Errorf("%d requests were sent", n)
	}
}

func survivesABadReceiver(t testing.TB, newCaller NewCaller) {
	for name, step := range map[string]http.HandlerFunc{
		"resets": Reset(), "closes": Close(), "closes in the header": CloseMidHeader(),
		"closes in the body": CloseMidBody(), "sends garbage": Garbage(),
		"sends a huge header": HeaderBomb(32 << 20), "sends 103 for ever": Informational(),
	} {
		c := newCaller(t, NewServer(t, step).URL)
		within(t, "a call to a receiver that "+name, func() {
			_, err := c.Call(t.Context(), sample())
			if !errors.Is(err, callback.ErrGaveUp) {
				t.Errorf("a receiver that %s: got the error %v, want ErrGaveUp: it may pass", name, err)
			}
		})
	}
}

func boundsTheReply(t testing.TB, newCaller NewCaller) {
	const most, size = 8 << 20, 16 << 20
	for name, step := range map[string]http.HandlerFunc{
		"huge": Huge(size), "compressed": GzipBomb(size),
	} {
		c := newCaller(t, NewServer(t, step).URL)
		within(t, "a call with a reply that is "+name, func() {
			reply, _ := c.Call(t.Context(), sample())
			if len(reply.Body) > most {
				t.Errorf("%s: %d bytes of the reply were kept", name, len(reply.Body))
			}
			if len(reply.Body) > 0 && !reply.Truncated {
				t.Errorf("%s: the reply was cut and does not say so", name)
			}
		})
	}
}
