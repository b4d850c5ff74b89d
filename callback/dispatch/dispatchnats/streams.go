package dispatchnats

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"

	"github.com/nats-io/nats.go/jetstream"
)

const (
	// layout is the version of the streams, their subjects and consumers. A
	// dispatcher that finds a greater one leaves everything alone.
	layout    = 1
	layoutKey = "alertwire-layout"
)

// streams are the four streams of a dispatcher.
type streams struct{ out, retry, dead, slot jetstream.Stream }

// configs returns what the streams are to be: what must hold, and what a new
// one gets where the options say nothing.
func (o Options) configs(n names) []jetstream.StreamConfig {
	base := func(which string, subjects ...string) jetstream.StreamConfig {
		return jetstream.StreamConfig{
			Name:     n.stream(which),
			Subjects: subjects,
			Storage:  jetstream.FileStorage,
			Replicas: max(o.Replicas, 1),
			Metadata: map[string]string{layoutKey: strconv.Itoa(layout)},
			MaxBytes: -1,
			// No longer than a message may be published again: each one costs
			// the server memory for as long.
			Duplicates: patience + patience/2,
		}
	}
	out := base("OUT", n.all("out"))
	out.Description = "messages that wait to be delivered"
	out.Retention = jetstream.WorkQueuePolicy
	out.Discard = jetstream.DiscardNew // a full queue refuses, it never drops
	out.MaxBytes = orDefault(o.MaxBytes, defaultMaxBytes)

	// The server does not schedule in a stream that discards new messages, so
	// the retries have one without a bound; see fullness.
	retry := base("RETRY", n.all("wait"), n.all("due"), n.all("hold"))
	retry.Description = "messages that wait for their next attempt"
	retry.Retention = jetstream.WorkQueuePolicy
	retry.AllowMsgSchedules = true
	retry.AllowRollup = true
	retry.AllowMsgTTL = true

	dead := base("DEAD", n.all("dead"))
	dead.Description = "messages that were given up"
	dead.MaxAge = orDefault(o.DeadAge, defaultDeadAge)
	dead.MaxBytes = orDefault(o.DeadBytes, defaultDeadBytes)
	dead.Duplicates = min(dead.Duplicates, dead.MaxAge) // as the server wants it

	slot := base("SLOT", n.each("slot"), n.each("gone"))
	slot.Description = "permits to call, and endpoints that were removed"
	slot.MaxMsgsPerSubject = 1

	return []jetstream.StreamConfig{out, retry, dead, slot}
}

func orDefault[T comparable](v, def T) T {
	var zero T
	if v == zero {
		return def
	}
	return v
}

// openStreams makes sure that the streams exist and are ours.
func openStreams(ctx context.Context, js jetstream.JetStream, n names, o Options) (streams, error) {
	var s streams
	to := []*jetstream.Stream{&s.out, &s.retry, &s.dead, &s.slot}
	for i, want := range o.configs(n) {
		err := persist(ctx, "set up "+want.Name, func(ctx context.Context) (err error) {
			*to[i], err = openStream(ctx, js, want, o)
			return err
		})
		if err != nil {
			return streams{}, err
		}
	}
	return s, nil
}

// openStream returns the stream, made or changed as needed. What the options
// leave at zero stays as it is: a process that only dispatches must not undo
// what another one has set.
func openStream(ctx context.Context, js jetstream.JetStream, want jetstream.StreamConfig, o Options) (jetstream.Stream, error) {
	s, err := js.Stream(ctx, want.Name)
	if errors.Is(err, jetstream.ErrStreamNotFound) {
		s, err = js.CreateStream(ctx, want)
		if errors.Is(err, jetstream.ErrStreamNameAlreadyInUse) {
			s, err = js.Stream(ctx, want.Name) // somebody else was faster
		}
	}
	if err != nil {
		switch {
		case hasCode(err, codeInvalidConfig):
			return nil, fmt.Errorf("%w: %s: %w", ErrServer, want.Name, err)
		case hasCode(err, codeSubjectOverlap):
			return nil, fmt.Errorf("%w: another one has the subjects of %s", ErrForeign, want.Name)
		}
		return nil, err
	}
	have := s.CachedInfo().Config
	if err := check(have, want); err != nil {
		return nil, err
	}
	changed := have
	changed.Metadata = maps.Clone(have.Metadata)
	if o.Replicas != 0 {
		changed.Replicas = o.Replicas
	}
	switch {
	case want.Discard == jetstream.DiscardNew && o.MaxBytes != 0:
		changed.MaxBytes = o.MaxBytes
	case want.MaxAge != 0:
		changed.MaxAge = orDefault(o.DeadAge, have.MaxAge)
		changed.Duplicates = min(want.Duplicates, changed.MaxAge)
		changed.MaxBytes = orDefault(o.DeadBytes, have.MaxBytes)
	}
	if changed.Replicas == have.Replicas && changed.MaxBytes == have.MaxBytes && changed.MaxAge == have.MaxAge {
		return s, nil
	}
	return js.UpdateStream(ctx, changed)
}

// check returns an error if a stream is not ours, or is not as it must be. Where
// it lies, how large it may grow and who reads along is up to its operator; what
// would lose messages, or their order, is not.
func check(have, want jetstream.StreamConfig) error {
	found, err := strconv.Atoi(have.Metadata[layoutKey])
	switch {
	case err != nil:
		return fmt.Errorf("%w: %s was made by somebody else", ErrForeign, want.Name)
	case found > layout:
		return fmt.Errorf("%w: %s has layout %d, this version knows %d", ErrForeign, want.Name, found, layout)
	case have.AllowMsgSchedules != want.AllowMsgSchedules:
		// An older server does not know the field and leaves it out.
		return fmt.Errorf("%w: %s: it must schedule messages, as NATS 2.12 does", ErrServer, want.Name)
	}
	for _, f := range []struct {
		field string
		kept  bool
	}{
		{"subjects", slices.Equal(have.Subjects, want.Subjects)},
		{"storage", have.Storage == want.Storage && have.PersistMode == want.PersistMode},
		{"retention", have.Retention == want.Retention},
		{"discard", have.Discard == want.Discard && !have.DiscardNewPerSubject},
		{"max age", have.MaxAge == 0 || want.MaxAge != 0},
		{"max bytes", have.MaxBytes <= 0 || want.MaxBytes > 0},
		{"max messages", have.MaxMsgs <= 0},
		{"max messages per subject", max(have.MaxMsgsPerSubject, 0) == want.MaxMsgsPerSubject},
		{"acknowledgements", !have.NoAck},
		{"direct gets", !have.AllowDirect}, // a replica that lags behind may answer them
		{"sealed, deny delete or deny purge", !have.Sealed && !have.DenyDelete && !have.DenyPurge},
		{"rollup", have.AllowRollup == want.AllowRollup},
		{"message TTL", have.AllowMsgTTL == want.AllowMsgTTL},
	} {
		if !f.kept {
			return fmt.Errorf("%w: %s was changed: %s", ErrForeign, want.Name, f.field)
		}
	}
	return nil
}
