package embedded_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/alertwire/alertwire/callback"
	"github.com/alertwire/alertwire/callback/callbacktest"
	"github.com/alertwire/alertwire/callback/dispatch"
	"github.com/alertwire/alertwire/callback/dispatch/dispatchnats"
)

// TestUndecodableMessagesAreGivenUp publishes what this package would not write,
// to every place from which it reads.
func TestUndecodableMessagesAreGivenUp(t *testing.T) {
	t.Parallel()
	for _, order := range allOrders {
		t.Run(order.String(), func(t *testing.T) {
			ctx := t.Context()
			d := open(t, t.TempDir(), quick(dispatchnats.Options{}))
			var r callbacktest.Recorder
			require.NoError(t, d.Add(ctx, "ops", &r, dispatch.EndpointOptions{Order: order}))
			publish := func(subject string, h nats.Header) {
				t.Helper()
				_, err := d.Conn().RequestMsg(&nats.Msg{Subject: subject, Header: h, Data: []byte("body")}, soon)
				require.NoError(t, err)
			}
			good := nats.Header{
				"Alertwire-Version": {"1"}, "Alertwire-Id": {"m"}, "Alertwire-Endpoint": {"ops"}, "Alertwire-Key": {"k"},
			}
			with := func(name, value string) nats.Header {
				h := nats.Header{}
				for k, v := range good {
					h[k] = v
				}
				h[name] = []string{value}
				return h
			}
			publish("alertwire.out.ops.k", nil)
			publish("alertwire.due.ops.k", nil)
			publish("alertwire.out.ops.k", with("Alertwire-Version", "2"))
			publish("alertwire.out.ops.k", with("Alertwire-Endpoint", "another"))
			publish("alertwire.out.ops.k", with("Alertwire-Time", "noon"))
			publish("alertwire.out.ops.k", with("Alertwire-Attempts", "-1"))
			publish("alertwire.out.ops.k", with("Alertwire-History", "x"))
			publish("alertwire.out.ops.k", with("Alertwire-Header", "%zz=1"))
			publish("alertwire.due.nobody.k", with("Alertwire-Endpoint", "nobody"))
			// What is not even a queue is nobody's, and takes up no room.
			for _, subject := range []string{"alertwire.out.ops", "alertwire.out.ops.k.l", "alertwire.out", "alertwire.slot.a.b", "alertwire.gone"} {
				_, err := d.Conn().RequestMsg(nats.NewMsg(subject), soon)
				require.ErrorIs(t, err, nats.ErrNoResponders, subject)
			}
			eventually(t, func() bool { return len(letters(t, d.Dead(""))) == 9 }, "they go round")
			for _, l := range letters(t, d.Dead("ops")) {
				assert.Equal(t, "body", string(l.Message.Body))
				assert.False(t, l.Readable)
				assert.NotEmpty(t, l.Reason)
				assert.Error(t, d.Dead("ops").Replay(ctx, l.ID))
			}
			nobody := letters(t, d.Dead("nobody"))
			require.Len(t, nobody, 1)
			assert.Equal(t, dispatch.ErrUnknown.Error(), nobody[0].Reason)
			n, err := d.Dead("ops").ReplayAll(ctx)
			require.NoError(t, err, "it passes over them")
			assert.Zero(t, n)

			// One that lies among those of another key can be replayed.
			publish("alertwire.out.ops.elsewhere", good)
			eventually(t, func() bool { return len(letters(t, d.Dead(""))) == 10 }, "it goes round")
			n, err = d.Dead("ops").ReplayAll(ctx)
			require.NoError(t, err)
			assert.Equal(t, 1, n)
			eventually(t, func() bool { return len(r.IDs()) > 0 }, "a good one does not come")
			assert.Equal(t, []string{"m"}, r.IDs())
		})
	}
}

// TestNoteOfAStranger has somebody overwrite what was noted down about the head
// of a key. It is delivered all the same, and what stands behind it.
func TestNoteOfAStranger(t *testing.T) {
	t.Parallel()
	for name, bad := range map[string][2]string{
		"due": {"Alertwire-Due", "noon"}, "attempts": {"Alertwire-Attempts", "many"}, "history": {"Alertwire-History", "x"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ctx, dir := t.Context(), t.TempDir()
			d := open(t, dir, quick(dispatchnats.Options{}))
			o := dispatch.EndpointOptions{Order: dispatch.Strict, Breaker: off, Retry: callback.RetryPolicy{Cap: time.Hour}}
			busy := &callbacktest.Recorder{Answer: callbacktest.Fail(unavailable(time.Hour))}
			require.NoError(t, d.Add(ctx, "ops", busy, o))
			require.NoError(t, d.Dispatch(ctx, message("k", 0)))
			require.NoError(t, d.Dispatch(ctx, message("k", 1)))
			eventually(t, func() bool { return stats(t, d, "ops").Waiting == 1 }, "it does not wait")
			shut(t, d)

			d = open(t, dir, quick(dispatchnats.Options{}))
			js, err := jetstream.New(d.Conn(), patient)
			require.NoError(t, err)
			s, err := js.Stream(ctx, "alertwire_RETRY")
			require.NoError(t, err)
			note, err := s.GetLastMsgForSubject(ctx, "alertwire.hold.ops.*")
			require.NoError(t, err)
			h := nats.Header{"Alertwire-Seq": note.Header["Alertwire-Seq"], bad[0]: {bad[1]}}
			_, err = js.PublishMsg(ctx, &nats.Msg{Subject: note.Subject, Header: h})
			require.NoError(t, err)
			var r callbacktest.Recorder
			require.NoError(t, d.Add(ctx, "ops", &r, o))
			eventually(t, func() bool { return len(r.IDs()) == 2 }, "it blocks its key")
			assert.Equal(t, []string{"k-0", "k-1"}, r.IDs())
		})
	}
}

// TestStreamsOfOthers finds streams that it must not touch, or cannot trust.
func TestStreamsOfOthers(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	d := open(t, t.TempDir(), quick(dispatchnats.Options{}))
	js, err := jetstream.New(d.Conn(), patient)
	require.NoError(t, err)
	tests := []struct {
		name, stream string
		change       func(*jetstream.StreamConfig)
		says         string
	}{
		{"foreign", "OUT", func(c *jetstream.StreamConfig) { c.Metadata = nil }, "somebody else"},
		{"newer", "DEAD", func(c *jetstream.StreamConfig) { c.Metadata["alertwire-layout"] = "2" }, "layout 2"},
		{"subjects", "OUT", func(c *jetstream.StreamConfig) { c.Subjects = c.Subjects[:1]; c.Subjects[0] += ".x" }, "subjects"},
		{"storage", "OUT", func(c *jetstream.StreamConfig) { c.Storage = jetstream.MemoryStorage }, "storage"},
		{"written later", "SLOT", func(c *jetstream.StreamConfig) { c.PersistMode = jetstream.AsyncPersistMode }, "storage"},
		{"retention", "OUT", func(c *jetstream.StreamConfig) { c.Retention = jetstream.LimitsPolicy }, "retention"},
		{"discard", "OUT", func(c *jetstream.StreamConfig) { c.Discard = jetstream.DiscardOld }, "discard"},
		{"age", "OUT", func(c *jetstream.StreamConfig) { c.MaxAge = time.Hour }, "max age"},
		{"age of retries", "RETRY", func(c *jetstream.StreamConfig) { c.MaxAge = time.Hour }, "max age"},
		{"size of retries", "RETRY", func(c *jetstream.StreamConfig) { c.MaxBytes = 1 << 20 }, "max bytes"},
		{"number", "RETRY", func(c *jetstream.StreamConfig) { c.MaxMsgs = 100 }, "max messages"},
		{"number per key", "RETRY", func(c *jetstream.StreamConfig) { c.MaxMsgsPerSubject = 1 }, "max messages per subject"},
		{"no acks", "OUT", func(c *jetstream.StreamConfig) { c.NoAck = true }, "acknowledgements"},
		{"direct gets", "OUT", func(c *jetstream.StreamConfig) { c.AllowDirect = true }, "direct gets"},
		{"deletes", "OUT", func(c *jetstream.StreamConfig) { c.DenyDelete = true }, "deny delete"},
		{"no schedules", "RETRY", func(c *jetstream.StreamConfig) { c.AllowMsgSchedules = false }, "schedule"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			good, err := js.Stream(ctx, "alertwire_"+tt.stream)
			require.NoError(t, err)
			cfg := good.CachedInfo().Config
			cfg.Name = "foreign_" + tt.stream
			for i, s := range cfg.Subjects {
				cfg.Subjects[i] = strings.Replace(s, "alertwire.", "foreign.", 1)
			}
			tt.change(&cfg)
			_, err = js.CreateStream(ctx, cfg)
			require.NoError(t, err)
			_, err = dispatchnats.Open(ctx, d.Conn(), dispatchnats.Options{Prefix: "foreign"})
			assert.ErrorContains(t, err, tt.says)
			assert.True(t, errors.Is(err, dispatchnats.ErrForeign) || errors.Is(err, dispatchnats.ErrServer), err)
			names := js.StreamNames(ctx, jetstream.WithStreamListSubject("foreign.>"))
			for name := range names.Name() {
				require.NoError(t, js.DeleteStream(ctx, name))
			}
		})
	}
	_, err = js.CreateStream(ctx, jetstream.StreamConfig{Name: "greedy", Subjects: []string{"greedy.>"}})
	require.NoError(t, err)
	_, err = dispatchnats.Open(ctx, d.Conn(), dispatchnats.Options{Prefix: "greedy"})
	require.ErrorIs(t, err, dispatchnats.ErrForeign)
	assert.ErrorContains(t, err, "subjects")
}
