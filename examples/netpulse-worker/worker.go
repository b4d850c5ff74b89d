package main

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"github.com/alertwire/alertwire/callback"
	"github.com/alertwire/alertwire/payload/netpulse"
)

// A job is what a worker takes from its queue.
type job struct {
	ID      string          `json:"id"`
	Host    string          `json:"host"`
	Device  string          `json:"device_type"`
	Command string          `json:"command"`
	Webhook json.RawMessage `json:"webhook"` // NetPulse's WebHook object, as it is
}

// A device runs commands.
type device func(ctx context.Context, host, command string) (output string, err error)

// A worker runs jobs and tells their webhooks how they ended.
type worker struct {
	callers callback.Registry
	device  device
	log     *slog.Logger
}

// newWorker returns a worker that knows the callers "basic" and "oneline".
func newWorker(d device, log *slog.Logger) (*worker, error) {
	w := &worker{device: d, log: log}
	return w, w.callers.Register("oneline", newOneLine)
}

// check says what is wrong with a job before it is queued. In NetPulse a caller
// that does not exist is found out when the job has ended, and nobody is told.
func (w *worker) check(j job) error {
	if j.ID == "" {
		return fmt.Errorf("a job has no id")
	}
	if _, err := w.jobs(j); err != nil {
		return fmt.Errorf("job %s: %w", j.ID, err)
	}
	return nil
}

// jobs makes what tells the webhook of a job. Its retries are made here, with
// the credentials and the ID of the first attempt.
func (w *worker) jobs(j job) (*callback.Jobs, error) {
	config, retry, err := callback.ParseNetPulse(j.Webhook)
	if err != nil {
		return nil, err
	}
	caller, err := w.callers.New(config, callback.Options{Logger: w.log})
	if err != nil {
		return nil, err
	}
	caller = callback.Decorate(caller, callback.Retry(retry))
	return callback.NewJobs(callback.JobOptions{Success: caller, Failure: caller, Timeout: 10 * time.Minute, Logger: w.log})
}

// run runs a job to its end. What becomes of the webhook changes nothing about
// it.
func (w *worker) run(ctx context.Context, j job) error {
	reports, err := w.jobs(j)
	if err != nil {
		return err
	}
	about := callback.JobEnd{ID: j.ID, Host: j.Host, Device: j.Device, Commands: []string{j.Command}}
	_, err = reports.Run(ctx, about, func(ctx context.Context) (any, error) {
		return w.device(ctx, j.Host, j.Command)
	})
	return err
}

// work runs jobs, n at a time, and returns how many have failed.
func (w *worker) work(ctx context.Context, n int, all []job, done func(job, error)) (failed int) {
	queue := make(chan job)
	var mu sync.Mutex
	var wg sync.WaitGroup
	for range n {
		wg.Go(func() {
			for j := range queue {
				err := w.run(ctx, j)
				mu.Lock()
				if err != nil {
					failed++
				}
				done(j, err)
				mu.Unlock()
			}
		})
	}
	for _, j := range all {
		queue <- j
	}
	close(queue)
	wg.Wait()
	return failed
}

// newOneLine makes a caller of our own, which a webhook chooses with
// "name": "oneline": it sends one line of text instead of JSON.
func newOneLine(c callback.Config, o callback.Options) (callback.Caller, error) {
	c.Type = ""
	hook, err := callback.New(c, o)
	if err != nil {
		return nil, err
	}
	return callback.CallerFunc(func(ctx context.Context, m callback.Message) (callback.Reply, error) {
		end, err := netpulse.Decode(m.Body)
		if err != nil {
			return callback.Reply{}, err
		}
		e := end.Events()[0]
		m.Body = fmt.Appendf(nil, "%s %s: %s\n", e.Key, e.Kind, cmp.Or(e.Text, e.Title))
		m.ContentType = "text/plain; charset=utf-8"
		m.Header = http.Header{"X-Job": {e.Key}}
		return hook.Call(ctx, m)
	}), nil
}
