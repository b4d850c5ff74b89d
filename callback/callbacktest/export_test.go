package callbacktest

import (
	"fmt"
	"runtime"
	"sync"
	"testing"
)

// CallerFailures returns what each check of TestCaller complains of, by name.
func CallerFailures(t *testing.T, c NewCaller) map[string]string {
	return failures(t, callerChecks, c)
}

func failures[N any](t *testing.T, checks []check[N], subject N) map[string]string {
	failed := map[string]string{}
	for _, c := range checks {
		t.Run(c.name, func(t *testing.T) {
			s := &spy{TB: t}
			done := make(chan struct{})
			go func() {
				defer close(done)
				c.run(s, subject)
			}()
			<-done
			if s.failed {
				failed[c.name] = s.text
			}
		})
	}
	return failed
}

// A spy notes that a test failed, and fails nobody.
type spy struct {
	testing.TB
	mu     sync.Mutex
	failed bool
	text   string
}

func (s *spy) Errorf(format string, args ...any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.failed = true
	s.text += fmt.Sprintf(format, args...) + "\n"
}

func (s *spy) Fatalf(format string, args ...any) {
	s.Errorf(format, args...)
	runtime.Goexit()
}

func (s *spy) Helper() {}
