package callbacktest_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/alertwire/alertwire/callback"
	"github.com/alertwire/alertwire/callback/callbacktest"
	"github.com/alertwire/alertwire/callback/dispatch"
)

func ExampleNewServer() {
	t, done := exampleTB() // the *testing.T of your test
	defer done()

	srv := callbacktest.NewServer(t, callbacktest.Status(503), callbacktest.Status(200))
	hook, err := callback.New(callback.Config{URL: srv.URL + "/hook"}, callback.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	c := callback.Retry(callback.RetryPolicy{Base: time.Millisecond})(hook)
	reply, err := c.Call(context.Background(), callback.Message{ID: "msg_1", Body: []byte(`{"alert":"CPU"}`)})
	fmt.Println(reply.Status, err)

	for _, r := range srv.Await(2) {
		fmt.Println(r.Method, r.URI, r.Header.Get("Webhook-Id"), string(r.Body))
	}
	// Output:
	// 200 <nil>
	// POST /hook msg_1 {"alert":"CPU"}
	// POST /hook msg_1 {"alert":"CPU"}
}

func ExampleNewTLSServer() {
	t, done := exampleTB() // the *testing.T of your test
	defer done()

	ca := callbacktest.NewAuthority(t)
	srv := callbacktest.NewTLSServer(t, callbacktest.TLSOptions{Authority: ca})
	for _, trusted := range []string{"", string(ca.PEM())} {
		hook, err := callback.New(callback.Config{URL: srv.URL, TLS: callback.TLSConfig{CA: trusted}}, callback.Options{})
		if err != nil {
			fmt.Println(err)
			return
		}
		_, err = hook.Call(context.Background(), callback.Message{})
		fmt.Println(errors.Is(err, callback.ErrRefused), err == nil)
	}
	// Output:
	// true false
	// false true
}

func ExampleNewProxy() {
	t, done := exampleTB() // the *testing.T of your test
	defer done()

	srv := callbacktest.NewServer(t)
	network := callbacktest.NewProxy(t, srv.URL+"/hook")
	hook, err := callback.New(callback.Config{URL: network.URL, Timeout: time.Second}, callback.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, fault := range []callbacktest.Fault{
		{Refuse: true},                // nobody listens
		{Silent: true},                // what is sent gets lost
		{Reset: true, AfterReply: 10}, // the connection breaks in the middle of the answer
		{Latency: time.Millisecond},   // a network like others
	} {
		network.Set(fault)
		_, err := hook.Call(context.Background(), callback.Message{ID: "msg_1"})
		var failure *callback.Error
		if errors.As(err, &failure) {
			fmt.Println(failure.Class)
		} else {
			fmt.Println("delivered")
		}
	}
	fmt.Println(len(srv.Requests()), "requests came")
	// Output:
	// refused
	// timeout
	// reset
	// delivered
	// 2 requests came
}

func ExampleRecorder() {
	down := callbacktest.Recorder{Answer: callbacktest.Fail(callbacktest.Failure(503), nil)}
	c := callback.Retry(callback.RetryPolicy{Base: time.Millisecond})(&down)
	_, err := c.Call(context.Background(), callback.Message{ID: "msg_1"})
	fmt.Println(err, down.IDs())
	// Output: <nil> [msg_1 msg_1]
}

func ExampleTestCaller() {
	// In the tests of a plugin that is a Caller:
	_ = func(t *testing.T) {
		callbacktest.TestCaller(t, func(t testing.TB, url string) callback.Caller {
			hook, err := callback.New(callback.Config{URL: url}, callback.Options{})
			if err != nil {
				t.Fatal(err)
			}
			return callback.Decorate(hook, callback.Bulkhead(64)) // or what you made
		})
	}
}

func ExampleTestDispatcher() {
	// In the tests of a queue that is a Dispatcher:
	_ = func(t *testing.T) {
		callbacktest.TestDispatcher(t, func(t testing.TB) dispatch.Dispatcher {
			d, err := dispatch.NewMemory(dispatch.MemoryOptions{}) // or what you made
			if err != nil {
				t.Fatal(err)
			}
			return d
		})
	}
}

func ExampleTestDurable() {
	var open callbacktest.OpenDispatcher // opens what you made on the files in a directory

	// In the tests of a queue that keeps what it accepted, beside TestDispatcher:
	_ = func(t *testing.T) {
		callbacktest.TestDurable(t, open)
	}
}

// exampleTB returns a testing.TB for an example, which has none, and what its
// end does.
func exampleTB() (testing.TB, func()) {
	e := &example{}
	return e, func() {
		for i := len(e.cleanups) - 1; i >= 0; i-- {
			e.cleanups[i]()
		}
	}
}

type example struct {
	testing.TB
	cleanups []func()
}

func (e *example) Helper()                        {}
func (e *example) Cleanup(f func())               { e.cleanups = append(e.cleanups, f) }
func (e *example) Fatalf(format string, a ...any) { panic(fmt.Sprintf(format, a...)) }
