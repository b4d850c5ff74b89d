package callbacktest

import (
	"fmt"
	"hash/fnv"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/alertwire/alertwire/callback/dispatch"
)

const sinkTakes = 3 * time.Millisecond // for an answer, so that calls are in flight at a kill

// A sink is the endpoint of the durable checks. It fails every fifth call and
// keeps books.
type sink struct {
	URL string
	p   plan

	mu       sync.Mutex
	promised map[int]bool // accepted by the dispatcher, by the number of the message
	calls    map[int]int
	twice    int
	got      map[int]bool      // answered with 200
	newest   map[int]int       // accepted here, by the number of the key
	seen     map[int]int       // called, by the number of the key
	until    map[int]time.Time // asked to stay away
	advices  int               // how often
	refused  int               // calls answered by 503
	killed   time.Time         // last
	early    []string          // calls before their Retry-After was over
	excused  int               // those whose advice may have been lost in a kill
	older    []string          // calls with an older message than the order allows
}

func newSink(t testing.TB, p plan) *sink {
	s := &sink{
		p: p, promised: map[int]bool{}, calls: map[int]int{}, got: map[int]bool{},
		newest: map[int]int{}, seen: map[int]int{}, until: map[int]time.Time{},
	}
	srv := httptest.NewUnstartedServer(s)
	srv.Config.ErrorLog = discard()
	srv.Start()
	t.Cleanup(srv.Close)
	s.URL = srv.URL
	return s
}

func (s *sink) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	_, _ = io.Copy(io.Discard, r.Body)
	n, err := strconv.Atoi(r.Header.Get("Webhook-Id")[1:])
	if err != nil {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	status := s.arrive(n)
	pause(r.Context(), sinkTakes)
	s.leave(w, n, status)
}

// arrive notes a call and decides about its answer.
func (s *sink) arrive(n int) (status int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now, key := time.Now(), n%s.p.Keys
	s.calls[n]++
	if at, ok := s.until[n]; ok && now.Before(at) {
		s.hasty(n, at, now)
	}
	delete(s.until, n)
	s.inOrder(n, key)
	s.seen[key] = max(s.seen[key], n)

	switch h := s.draw(n); {
	case s.calls[n] == 1 && n == s.p.Advise, h%25 == 0:
		return http.StatusTooManyRequests // with a Retry-After
	case h%5 == 0:
		return http.StatusServiceUnavailable
	}
	return http.StatusOK
}

// draw returns a number that depends on the message and on how often it was
// called.
func (s *sink) draw(n int) uint32 {
	h := fnv.New32a()
	fmt.Fprint(h, n, " ", s.calls[n])
	return h.Sum32()
}

// hasty notes a call that came before its time, unless the advice may have been
// lost along with the process.
func (s *sink) hasty(n int, at, now time.Time) {
	const onItsWay = 500 * time.Millisecond
	advised := at.Add(-s.p.Wait)
	if s.killed.Sub(advised).Abs() < onItsWay && n != s.p.Advise {
		s.excused++
		return
	}
	s.early = append(s.early, fmt.Sprintf("message %d, by %v", n, at.Sub(now)))
}

// inOrder notes a call that the order does not allow.
func (s *sink) inOrder(n, key int) {
	last, ok := s.seen[key], s.p.Order == dispatch.Strict
	if s.p.Order == dispatch.Latest {
		last, ok = s.newest[key]
	}
	if ok && n < last {
		s.older = append(s.older, fmt.Sprintf("message %d after %d", n, last))
	}
}

// leave answers a call.
func (s *sink) leave(w http.ResponseWriter, n, status int) {
	s.mu.Lock()
	switch {
	case status == http.StatusOK && s.got[n]:
		s.twice++
	case status == http.StatusOK:
		s.got[n] = true
		key := n % s.p.Keys
		if last, ok := s.newest[key]; !ok || n > last {
			s.newest[key] = n
		}
	case status == http.StatusTooManyRequests:
		w.Header().Set("Retry-After", strconv.Itoa(int(s.p.Wait/time.Second)))
		s.until[n] = time.Now().Add(s.p.Wait)
		s.advices++
	case status == http.StatusServiceUnavailable:
		s.refused++
	}
	s.mu.Unlock()
	w.WriteHeader(status)
}

func (s *sink) noteAccepted(n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.promised[n] = true
}

func (s *sink) noteKill() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.killed = time.Now()
}

// accepted returns how many messages the dispatcher has accepted.
func (s *sink) accepted() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.promised)
}

// delivered returns how many of these are here.
func (s *sink) delivered() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.promised) - len(s.missing())
}

// missing returns the messages that were accepted and are not here. Of the order
// Latest a newer one of the key will do.
func (s *sink) missing() []int {
	var missing []int
	for n := range s.promised {
		newer, ok := s.newest[n%s.p.Keys]
		if !s.got[n] && !(s.p.Order == dispatch.Latest && ok && newer > n) {
			missing = append(missing, n)
		}
	}
	slices.Sort(missing)
	return missing
}

// String says where things stand.
func (s *sink) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return fmt.Sprintf("order %v: %d accepted, %d calls answered by 503 and %d with a Retry-After; %d missing, %d twice, %d hasty, %d hasty but excused, %d out of order",
		s.p.Order, len(s.promised), s.refused, s.advices, len(s.missing()), s.twice, len(s.early), s.excused, len(s.older))
}

// judge fails the test for what a durable dispatcher must not do.
func (s *sink) judge(t testing.TB) {
	t.Helper()
	t.Log(s)
	s.mu.Lock()
	defer s.mu.Unlock()
	if missing := s.missing(); len(missing) > 0 {
		t.Errorf("lost: %d messages were accepted and never delivered: %v", len(missing), some(missing))
	}
	inFlight := kills * s.p.Senders
	if s.twice > 2*inFlight {
		t.Errorf("repeated: %d messages came twice, at most %d may after %d kills", s.twice, 2*inFlight, kills)
	}
	if len(s.early) > 0 || s.excused > inFlight {
		t.Errorf("hasty: %d calls did not wait for their Retry-After, and %d that were excused: %v",
			len(s.early), s.excused, some(s.early))
	}
	if len(s.older) > 0 {
		t.Errorf("disorder: %d calls were not in their order: %v", len(s.older), some(s.older))
	}
}

// some returns the first few.
func some[T any](all []T) []T { return all[:min(len(all), 5)] }
