package callback

import (
	"context"
	"errors"
	"log/slog"
	"time"
)

const (
	defaultReport = 30 * time.Second
	jobCompleted  = "job.completed"
	jobFailed     = "job.failed"
)

// JobOptions are the options of [NewJobs]. One of Success and Failure is
// required.
type JobOptions struct {
	// Success is told about jobs that have returned no error. Nil: nobody is.
	Success Caller
	// Failure is told about the others. Nil: nobody is.
	Failure Caller
	// Timeout bounds a report, from its first attempt to its last. Zero means 30 s.
	Timeout time.Duration
	// Message makes the message of a job that has ended. Nil means its JSON,
	// with the Type "job.completed" or "job.failed", the ID of the job as Key,
	// and an ID made of both, so that a report that is repeated is known again.
	Message func(JobEnd) (Message, error)
	// Logger gets one record at level Warn for a report that fails. Nil is
	// silent.
	Logger *slog.Logger
}

// Jobs tells others how jobs end, for workers that run them. A report that fails
// changes nothing about the job. Jobs is safe for concurrent use.
//
// The worker waits for the report. Where that must not be, let Success and
// Failure be a dispatcher.
type Jobs struct {
	success, failure Caller
	timeout          time.Duration
	message          func(JobEnd) (Message, error)
	log              *slog.Logger
}

// NewJobs returns a Jobs for o.
func NewJobs(o JobOptions) (*Jobs, error) {
	switch {
	case o.Success == nil && o.Failure == nil:
		return nil, errors.New("callback: jobs: success or failure is required")
	case o.Timeout < 0:
		return nil, errors.New("callback: jobs: timeout must not be negative")
	}
	j := &Jobs{timeout: o.Timeout, message: o.Message, log: o.Logger}
	if j.timeout == 0 {
		j.timeout = defaultReport
	}
	if j.message == nil {
		j.message = JobEnd.message
	}
	if j.log == nil {
		j.log = slog.New(slog.DiscardHandler)
	}
	if o.Success != nil {
		j.success = BestEffort(j.log)(o.Success)
	}
	if o.Failure != nil {
		j.failure = BestEffort(j.log)(o.Failure)
	}
	return j, nil
}

// Run runs a job and reports how it ended: with success if it returned no error.
// about says which job it is; Started, Ended, Result and Err are filled in. Run
// returns what the job returned. The job gets ctx; the report goes out although
// ctx may have ended. A job that panics has failed, and the panic goes on.
func (j *Jobs) Run(ctx context.Context, about JobEnd, job func(context.Context) (any, error)) (any, error) {
	about.Started = time.Now()
	about.Err = errors.New("callback: the job did not return")
	defer func() {
		about.Ended = time.Now()
		j.Report(ctx, about)
	}()
	about.Result, about.Err = job(ctx)
	return about.Result, about.Err
}

// Report tells who is to be told about a job that has ended.
func (j *Jobs) Report(ctx context.Context, end JobEnd) {
	c := j.success
	if end.Err != nil {
		c = j.failure
	}
	if c == nil {
		return
	}
	m, err := j.encode(end)
	if err != nil {
		// The error may repeat what the job returned.
		j.log.LogAttrs(ctx, slog.LevelWarn, "callback of a job cannot be encoded", slog.String("job", end.ID))
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), j.timeout)
	defer cancel()
	_, _ = c.Call(ctx, m) // best effort: it logs and never fails
}

// encode returns the message of end. It runs code of the job's result and error,
// whose panics are as little to the job as any other failure of a report.
func (j *Jobs) encode(end JobEnd) (m Message, err error) {
	defer func() {
		if recover() != nil {
			err = errors.New("callback: jobs: panic")
		}
	}()
	return j.message(end)
}
