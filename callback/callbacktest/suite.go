package callbacktest

import (
	"bytes"
	"runtime"
	"testing"
	"time"
)

// A check is one test of a conformance suite. It gets a testing.TB, so that the
// tests of this package can see it fail.
type check[N any] struct {
	name string
	run  func(t testing.TB, subject N)
}

func runAll[N any](t *testing.T, checks []check[N], subject N) {
	t.Helper()
	for _, c := range checks {
		t.Run(c.name, func(t *testing.T) { c.run(t, subject) })
	}
}

// within fails the test if f does not return soon. What f leaves behind then is
// left behind: the test has failed.
func within(t testing.TB, what string, f func()) {
	t.Helper()
	done := make(chan any, 1)
	go func() {
		defer func() { done <- recover() }()
		f()
	}()
	timer := time.NewTimer(patienceOf(t))
	defer timer.Stop()
	select {
	case v := <-done:
		if v != nil {
			t.Fatalf("%s panicked: %v", what, v)
		}
	case <-timer.C:
		t.Fatalf("%s did not return", what)
	}
}

// await waits until ok reports true, and fails the test if it does not.
func await(t testing.TB, what string, ok func() bool) {
	t.Helper()
	deadline := time.NewTimer(patienceOf(t))
	defer deadline.Stop()
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for !ok() {
		select {
		case <-tick.C:
		case <-deadline.C:
			t.Fatalf("waited in vain: %s", what)
		}
	}
}

// receive returns what comes over c, and fails the test if nothing does.
func receive[T any](t testing.TB, what string, c <-chan T) (v T) {
	t.Helper()
	deadline := time.NewTimer(patienceOf(t))
	defer deadline.Stop()
	select {
	case v = <-c:
	case <-deadline.C:
		t.Fatalf("waited in vain: %s", what)
	}
	return v
}

// patienceOf returns how long to wait for something that should come soon. The
// tests of this package wait for a failure, and have less.
func patienceOf(t testing.TB) time.Duration {
	if p, ok := t.(interface{ patience() time.Duration }); ok {
		return p.patience()
	}
	return patience
}

// outOfBubble fails a test in a synctest bubble. It would wait for ever there,
// and nobody would see why. That the text of a stack says so is all that there
// is to go by; one that says it otherwise is let pass.
func outOfBubble(t testing.TB, what string) {
	t.Helper()
	buf := make([]byte, 256)
	first, _, _ := bytes.Cut(buf[:runtime.Stack(buf, false)], []byte("\n"))
	if bytes.Contains(first, []byte("synctest bubble")) {
		t.Fatalf("callbacktest: %s in a synctest bubble, where no time passes while a goroutine waits for the network: use a Recorder there", what)
	}
}
