package callbacktest

import (
	"fmt"
	"runtime"
	"sync"
	"testing"
	"time"
)

// soon is for checks that wait in vain: what is broken shows itself by then.
const soon = 250 * time.Millisecond

// CallerFails returns what the check of that name in TestCaller complains of.
func CallerFails(t *testing.T, name string, c NewCaller) string {
	return fails(t, callerChecks, name, c, soon)
}

// fails runs one check, which waits that long for what should come soon.
func fails[N any](t *testing.T, checks []check[N], name string, subject N, waits time.Duration) string {
	for _, c := range checks {
		if c.name == name {
			return complaint(t, waits, func(t testing.TB) { c.run(t, subject) })
		}
	}
	t.Fatalf("there is no check %q", name)
	return ""
}

// Complaint returns what f complains of.
func Complaint(t *testing.T, f func(t testing.TB)) string { return complaint(t, soon, f) }

func complaint(t *testing.T, waits time.Duration, f func(t testing.TB)) string {
	s := &spy{TB: t, waits: waits}
	done := make(chan struct{})
	go func() { // Fatalf ends it
		defer close(done)
		f(s)
	}()
	<-done
	s.mu.Lock() // what f left behind may still complain
	defer s.mu.Unlock()
	return s.text
}

// A spy notes that a test failed, and fails nobody.
type spy struct {
	testing.TB
	waits time.Duration
	mu    sync.Mutex
	text  string
}

func (s *spy) Errorf(format string, args ...any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.text += fmt.Sprintf(format, args...) + "\n"
}

func (s *spy) Fatalf(format string, args ...any) {
	s.Errorf(format, args...)
	runtime.Goexit()
}

func (s *spy) Helper() {}

func (s *spy) patience() time.Duration { return s.waits }

// DispatcherFails returns what the check of that name in TestDispatcher
// complains of.
func DispatcherFails(t *testing.T, name string, open NewDispatcher) string {
	return fails(t, dispatcherChecks, name, open, soon)
}
