package callback_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/alertwire/alertwire/callback"
	"github.com/alertwire/alertwire/callback/callbacktest"
)

// A step is what pipelines of many hosts are made of.
type step interface {
	Process(ctx context.Context, event alert) (alert, error)
}

func ExampleNotifier() {
	type event struct {
		Rule string `json:"rule"`
	}
	var receiver callbacktest.Recorder // stands for a webhook
	p := callback.Notifier(&receiver, func(e event) (callback.Message, error) {
		m, err := callback.NewMessage(e)
		m.Type, m.Key = "firing", e.Rule
		return m, err
	})
	e, err := p.Process(context.Background(), event{Rule: "CPU"})
	fmt.Println(e.Rule, err, string(receiver.Messages()[0].Body))
	// Output: CPU <nil> {"rule":"CPU"}
}

func ExampleUpdater() {
	type event struct {
		Rule     string `json:"rule"`
		Severity int    `json:"severity"`
	}
	receiver := answers(200, `{"severity": 1}`) // stands for a webhook
	p := callback.Updater[event](receiver, callback.UpdateOptions{Fields: []string{"severity"}})
	e, err := p.Process(context.Background(), event{Rule: "CPU", Severity: 3})
	fmt.Println(e.Rule, e.Severity, err)
	// Output: CPU 1 <nil>
}

func TestNotifierLetsTheEventPass(t *testing.T) {
	lost, bad := errors.New("lost"), errors.New("bad event")
	encode := func(alert) (callback.Message, error) { return callback.Message{}, bad }
	down := callbacktest.Recorder{Answer: callbacktest.Fail(lost)}
	var up callbacktest.Recorder
	tests := []struct {
		name    string
		step    step
		wantErr error
	}{
		{"up", callback.Notifier[alert](&up, nil), nil},
		{"down", callback.Notifier[alert](&down, nil), lost},
		{"down, best effort", callback.Notifier[alert](callback.BestEffort(nil)(&down), nil), nil},
		{"cannot be encoded", callback.Notifier(&up, encode), bad},
		{"no caller", callback.Notifier[alert](nil, nil), callback.ErrRefused},
		{"updater without a caller", callback.Updater[alert](nil, callback.UpdateOptions{}), callback.ErrRefused},
		{"updater, down", callback.Updater[alert](&down, callback.UpdateOptions{}), lost},
		{"updater, down, best effort", callback.Updater[alert](callback.BestEffort(nil)(&down), callback.UpdateOptions{}), nil},
		{"updater, drop", callback.Updater[alert](answers(200, `{"drop":true}`), callback.UpdateOptions{AllowDrop: true}), callback.ErrDropEvent},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := tt.step.Process(t.Context(), firing())
			require.ErrorIs(t, err, tt.wantErr)
			assert.Equal(t, firing(), got)
		})
	}
	assert.Len(t, up.Messages(), 1)
}
