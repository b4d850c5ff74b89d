package callback_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/alertwire/alertwire/callback"
	"github.com/alertwire/alertwire/callback/callbacktest"
)

func ExampleNewJobs() {
	var receiver callbacktest.Recorder // stands for a webhook
	jobs, err := callback.NewJobs(callback.JobOptions{Success: &receiver, Failure: &receiver})
	if err != nil {
		fmt.Println(err)
		return
	}
	_, err = jobs.Run(context.Background(), callback.JobEnd{ID: "job-1", Host: "192.0.2.1"},
		func(context.Context) (any, error) { return nil, errors.New("unable to connect") })
	fmt.Println(err)
	fmt.Println(receiver.Messages()[0].Type)
	// Output:
	// unable to connect
	// job.failed
}

func TestJobEndIsThatOfNetPulse(t *testing.T) {
	start := time.Date(2024, 2, 23, 10, 0, 0, 0, time.UTC)
	end := callback.JobEnd{
		ID: "job-1", Host: "192.168.1.1", Device: "cisco_ios", Commands: []string{"show version"},
		Started: start, Ended: start.Add(500 * time.Millisecond),
		Result: []map[string]any{{"command": "show version", "stdout": "Cisco IOS <Software>"}},
	}
	tests := []struct {
		name string
		end  func(*callback.JobEnd)
		want string
	}{
		{"success", func(*callback.JobEnd) {}, `{"id":"job-1","status":"finished","event_type":"job.completed","final":true,` +
			`"timestamp":"2024-02-23T10:00:00.5+00:00","started_at":"2024-02-23T10:00:00+00:00","ended_at":"2024-02-23T10:00:00.5+00:00","duration":0.5,` +
			`"result":{"type":"successful","retval":[{"command":"show version","stdout":"Cisco IOS <Software>"}],"error":null},` +
			`"device":{"host":"192.168.1.1","device_type":"cisco_ios"},"task_id":null,"device_name":"192.168.1.1","command":["show version"]}`},
		{"failure", func(e *callback.JobEnd) {
			e.Err = fmt.Errorf("job: %w", &net.OpError{Op: "dial", Err: errors.New("no")})
		},
			`{"id":"job-1","status":"failed","event_type":"job.failed","final":true,` +
				`"timestamp":"2024-02-23T10:00:00.5+00:00","started_at":"2024-02-23T10:00:00+00:00","ended_at":"2024-02-23T10:00:00.5+00:00","duration":0.5,` +
				`"result":{"type":"failed","retval":null,"error":{"type":"OpError","message":"job: dial: no"}},` +
				`"device":{"host":"192.168.1.1","device_type":"cisco_ios"},"task_id":null,"device_name":"192.168.1.1","command":["show version"]}`},
		{"little known", func(e *callback.JobEnd) {
			*e = callback.JobEnd{ID: "job-1", TaskID: "t", Ended: e.Ended, Err: errors.New("no")}
		},
			`{"id":"job-1","status":"failed","event_type":"job.failed","final":true,` +
				`"timestamp":"2024-02-23T10:00:00.5+00:00","started_at":null,"ended_at":"2024-02-23T10:00:00.5+00:00","duration":null,` +
				`"result":{"type":"failed","retval":null,"error":{"type":"Error","message":"no"}},` +
				`"device":null,"task_id":"t","device_name":null,"command":null}`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			e := end
			tt.end(&e)
			m, err := callback.NewMessage(e)
			require.NoError(t, err)
			assert.JSONEq(t, tt.want, string(m.Body))
		})
	}
}

func TestJobsTellTheRightOne(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var good, bad callbacktest.Recorder
		jobs, err := callback.NewJobs(callback.JobOptions{Success: &good, Failure: &bad})
		require.NoError(t, err)
		failed := errors.New("failed")
		for _, want := range []error{nil, failed, nil} {
			got, err := jobs.Run(t.Context(), callback.JobEnd{ID: "job-1"}, func(context.Context) (any, error) {
				time.Sleep(time.Second)
				return "result", want
			})
			assert.Equal(t, want, err)
			assert.Equal(t, "result", got)
		}
		require.Len(t, good.Messages(), 2)
		require.Len(t, bad.Messages(), 1)
		assert.Equal(t, good.IDs()[0], good.IDs()[1], "the ID names job and event, so that a repeat is known")
		assert.NotEqual(t, good.IDs()[0], bad.IDs()[0])
		m := good.Messages()[0]
		assert.Equal(t, "job-1", m.Key)
		assert.Equal(t, "job.completed", m.Type)
		var body struct{ Duration float64 }
		require.NoError(t, json.Unmarshal(m.Body, &body))
		assert.Equal(t, 1.0, body.Duration)

		only, err := callback.NewJobs(callback.JobOptions{Failure: &bad})
		require.NoError(t, err)
		only.Report(t.Context(), callback.JobEnd{ID: "job-2"})
		assert.Len(t, bad.Messages(), 1, "nobody is told about success")
	})
}

func TestJobsReportWhenTheJobWasCancelled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := callbacktest.Recorder{Answer: func(ctx context.Context, _ callback.Message, _ int) (callback.Reply, error) {
			assert.NoError(t, ctx.Err())
			<-ctx.Done() // a receiver that hangs
			return callback.Reply{}, ctx.Err()
		}}
		jobs, err := callback.NewJobs(callback.JobOptions{Failure: &r, Timeout: time.Minute})
		require.NoError(t, err)
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		start := time.Now()
		_, err = jobs.Run(ctx, callback.JobEnd{}, func(ctx context.Context) (any, error) { return nil, ctx.Err() })
		require.ErrorIs(t, err, context.Canceled)
		assert.Len(t, r.Messages(), 1)
		assert.Equal(t, time.Minute, time.Since(start))
	})
}

func TestJobsNeverChangeTheJob(t *testing.T) {
	var buf bytes.Buffer
	logger := slog.New(slog.NewTextHandler(&buf, nil))
	r := callbacktest.Recorder{Answer: callbacktest.Fail(callbacktest.Failure(500))}
	jobs, err := callback.NewJobs(callback.JobOptions{Success: &r, Failure: &r, Logger: logger})
	require.NoError(t, err)

	got, err := jobs.Run(t.Context(), callback.JobEnd{ID: "1"}, func(context.Context) (any, error) { return 7, nil })
	require.NoError(t, err)
	assert.Equal(t, 7, got)
	assert.Contains(t, buf.String(), "callback failed")

	_, err = jobs.Run(t.Context(), callback.JobEnd{ID: "2"}, func(context.Context) (any, error) { return func() {}, nil })
	require.NoError(t, err, "what cannot be encoded")
	assert.Contains(t, buf.String(), "job=2")

	assert.PanicsWithValue(t, "no", func() {
		_, _ = jobs.Run(t.Context(), callback.JobEnd{ID: "3"}, func(context.Context) (any, error) { panic("no") })
	})
	last := r.Messages()[1]
	assert.Equal(t, "job.failed", last.Type, "a panic is reported")
}

// A report runs methods of what the job returned, and a function of the host.
func TestPanicsInAReportDoNotChangeTheJob(t *testing.T) {
	var buf bytes.Buffer
	r := &callbacktest.Recorder{}
	o := callback.JobOptions{Success: r, Failure: r, Logger: slog.New(slog.NewTextHandler(&buf, nil))}
	jobs, err := callback.NewJobs(o)
	require.NoError(t, err)

	got, err := jobs.Run(t.Context(), callback.JobEnd{ID: "1"}, func(context.Context) (any, error) { return panicky{}, nil })
	require.NoError(t, err)
	assert.Equal(t, panicky{}, got)
	assert.Contains(t, buf.String(), "job=1")
	assert.Empty(t, r.Messages())

	var typed *net.DNSError
	_, err = jobs.Run(t.Context(), callback.JobEnd{ID: "2"}, func(context.Context) (any, error) { return nil, typed })
	assert.Equal(t, error(typed), err)
	require.Len(t, r.Messages(), 1)
	assert.Equal(t, "job.failed", r.Messages()[0].Type, "an error that holds a nil is an error")

	o.Message = func(callback.JobEnd) (callback.Message, error) { panic("c4n4ry") }
	jobs, err = callback.NewJobs(o)
	require.NoError(t, err)
	assert.PanicsWithValue(t, "no", func() {
		_, _ = jobs.Run(t.Context(), callback.JobEnd{ID: "3"}, func(context.Context) (any, error) { panic("no") })
	})
	assert.Contains(t, buf.String(), "job=3")
	assert.NotContains(t, buf.String(), "c4n4ry")
}

// panicky cannot be encoded.
type panicky struct{}

func (panicky) MarshalJSON() ([]byte, error) { panic("c4n4ry") }

func TestNewJobsRefuses(t *testing.T) {
	_, err := callback.NewJobs(callback.JobOptions{})
	require.ErrorContains(t, err, "required")
	_, err = callback.NewJobs(callback.JobOptions{Success: &callbacktest.Recorder{}, Timeout: -1})
	require.ErrorContains(t, err, "timeout")
}
