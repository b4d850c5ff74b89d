package callbacktest

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/alertwire/alertwire/callback"
	"github.com/alertwire/alertwire/callback/dispatch"
)

const (
	planVariable = "ALERTWIRE_DURABLE_PLAN"
	fullVariable = "ALERTWIRE_DURABLE"

	// What a child says, each on a line of its own among what the testing
	// package prints.
	saysAccepted = "durable: accepted "
	saysWaiting  = "durable: waiting"
	saysIdle     = "durable: idle"
)

func full() bool { return os.Getenv(fullVariable) == "full" }

// serveChild does what the plan in the environment says, if there is one for
// this test, and reports whether there was.
func serveChild(t testing.TB, open OpenDispatcher) bool {
	var p plan
	text := os.Getenv(planVariable)
	if text == "" {
		return false
	}
	must(t, "plan", json.Unmarshal([]byte(text), &p))
	if p.Check != t.Name() {
		t.SkipNow()
	}
	hook, err := callback.New(callback.Config{URL: p.URL}, callback.Options{})
	must(t, "New", err)
	d := open(t, p.Dir)
	must(t, "Add", d.Add(t.Context(), "sink", hook, dispatch.EndpointOptions{
		Order: p.Order, Concurrency: p.Senders, Queue: 2 * p.Messages,
		Retry:   callback.RetryPolicy{Attempts: 50, Base: 100 * time.Millisecond, Cap: 2 * time.Second},
		Breaker: callback.BreakerPolicy{Off: true}, // else a Retry-After would hold up everything
	}))
	p.produce(t, d)
	waited := false
	for {
		stats, err := d.Stats(t.Context())
		must(t, "Stats", err)
		if len(stats) == 1 && stats[0].Queued == 0 && stats[0].InFlight == 0 {
			break
		}
		// While one is in flight as well, its call may not be over for the dispatcher.
		if !waited && len(stats) == 1 && waitsOnly(stats[0]) {
			fmt.Println(saysWaiting)
			waited = true
		}
		pause(t.Context(), 20*time.Millisecond)
	}
	fmt.Println(saysIdle)
	_, _ = io.Copy(io.Discard, os.Stdin) // until the parent has seen enough
	_, err = d.Shutdown(t.Context())
	must(t, "Shutdown", err)
	return true
}

// waitsOnly reports whether there are messages, and all wait for an attempt.
func waitsOnly(s dispatch.EndpointStats) bool {
	return s.Waiting > 0 && s.Queued == s.Waiting && s.InFlight == 0
}

// produce dispatches what is left to be dispatched, the messages of a key one
// after the other.
func (p plan) produce(t testing.TB, d dispatch.Dispatcher) {
	var wg sync.WaitGroup
	for producer, n := range p.Next {
		wg.Go(func() {
			for ; ; n++ {
				m, ok := p.of(producer, n)
				if !ok {
					return
				}
				if err := d.Dispatch(t.Context(), p.message(m), "sink"); err != nil {
					t.Errorf("Dispatch: %v", err)
					return
				}
				fmt.Printf("%s%d %d %d\n", saysAccepted, m, producer, n)
			}
		})
	}
	wg.Wait()
}

// pause waits for d, unless ctx ends.
func pause(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}

// A child is a process that uses the dispatcher under test.
type child struct {
	t       testing.TB
	p       plan
	s       *sink
	cmd     *exec.Cmd
	stop    io.Closer     // its input: it ends in good order when that is closed
	waiting chan struct{} // closed once a message waits for its next attempt
	idle    chan struct{}
	done    chan struct{} // closed once it has ended
	said    []string      // what it said beside; read after done
}

// startChild starts the test binary again, to do what p says.
func startChild(t testing.TB, p plan, s *sink) *child {
	t.Helper()
	p.Check, p.Dir, p.URL = t.Name(), t.TempDir(), s.URL
	return start(t, p, s)
}

func start(t testing.TB, p plan, s *sink) *child {
	t.Helper()
	text, err := json.Marshal(p)
	must(t, "plan", err)
	var path []string
	for _, part := range strings.Split(p.Check, "/") {
		path = append(path, "^"+regexp.QuoteMeta(part)+"$")
	}
	c := &child{t: t, p: p, s: s, waiting: make(chan struct{}), idle: make(chan struct{}), done: make(chan struct{})}
	c.cmd = exec.Command(os.Args[0], "-test.run="+strings.Join(path, "/"), "-test.timeout=10m", "-test.count=1")
	c.cmd.Env = append(os.Environ(), planVariable+"="+string(text))
	stdin, err := c.cmd.StdinPipe()
	must(t, "child", err)
	c.stop = stdin
	stdout, err := c.cmd.StdoutPipe()
	must(t, "child", err)
	c.cmd.Stderr = c.cmd.Stdout
	must(t, "child", c.cmd.Start())
	t.Cleanup(c.kill)
	go c.listen(stdout)
	return c
}

// listen notes what the child says, until it ends.
func (c *child) listen(stdout io.Reader) {
	defer close(c.done)
	lines := bufio.NewScanner(stdout)
	for lines.Scan() {
		line := lines.Text()
		rest, ok := strings.CutPrefix(line, saysAccepted)
		var m, producer, n int
		switch _, err := fmt.Sscan(rest, &m, &producer, &n); {
		case ok && err == nil:
			c.s.noteAccepted(m)
			// What was in flight at a kill may or may not have been accepted:
			// it is passed over.
			c.p.Next[producer] = n + 2
		case line == saysWaiting:
			close(c.waiting)
		case line == saysIdle:
			close(c.idle)
		default:
			c.said = append(c.said, line)
		}
	}
	_ = c.cmd.Wait() // a kill is no error here
}

// until waits until ok reports true.
func (c *child) until(ok func() bool) {
	c.t.Helper()
	deadline := time.Now().Add(c.patience())
	for !ok() {
		select {
		case <-c.done:
			c.t.Fatalf("the process ended by itself: %s", strings.Join(c.said, "\n"))
		default:
		}
		if time.Now().After(deadline) {
			c.t.Fatalf("the process got stuck: %s", c.s)
		}
		pause(c.t.Context(), time.Millisecond)
	}
}

// untilIdle waits until the dispatcher has nothing left to do.
func (c *child) untilIdle() {
	c.t.Helper()
	c.until(c.isIdle)
}

func (c *child) isIdle() bool { return closed(c.idle) }

func (c *child) isWaiting() bool { return closed(c.waiting) }

func closed(c <-chan struct{}) bool {
	select {
	case <-c:
		return true
	default:
		return false
	}
}

func (c *child) patience() time.Duration {
	if full() {
		return 5 * time.Minute
	}
	return 3 * patience
}

// kill ends the process as the kernel does.
func (c *child) kill() {
	_ = c.cmd.Process.Kill() // it may have ended
	<-c.done
	c.s.noteKill()
}

// again starts a child that goes on where this one was.
func (c *child) again() *child { return start(c.t, c.p, c.s) }

// end lets the process end in good order.
func (c *child) end() {
	c.t.Helper()
	_ = c.stop.Close()
	select {
	case <-c.done:
	case <-time.After(c.patience()):
		c.t.Fatalf("the process did not end")
	}
	if !c.cmd.ProcessState.Success() {
		c.t.Errorf("the process failed: %s", strings.Join(c.said, "\n"))
	}
}
