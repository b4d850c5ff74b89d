package dispatchnats

import (
	"context"
	"errors"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

const (
	lookBatch = 500
	lookFor   = 30 * time.Second // how long the server keeps the consumer of who went away
)

// errMissed means that letters have got lost on the way to who lists them.
var errMissed = errors.New("some letters did not arrive")

// Newest returns the newest n letters, oldest first and without their bodies, or
// all of them if n is zero, and how many there are. It asks for many at a time,
// where All asks for each. If the connection is lost meanwhile it returns
// [ErrUnavailable].
func (b Dead) Newest(ctx context.Context, n int) (newest []Letter, all int, err error) {
	filter, err := b.filter()
	if err != nil {
		return nil, 0, err
	}
	var c jetstream.Consumer
	err = persist(ctx, "list dead letters", func(ctx context.Context) (err error) {
		c, err = b.d.dead.CreateConsumer(ctx, jetstream.ConsumerConfig{
			Description:       "somebody lists dead letters",
			FilterSubject:     filter,
			AckPolicy:         jetstream.AckNonePolicy,
			HeadersOnly:       true,
			InactiveThreshold: lookFor,
			MemoryStorage:     true,
			Replicas:          1,
		})
		return err
	})
	if err != nil {
		return nil, 0, err
	}
	defer func() {
		ctx, stop := context.WithTimeout(context.WithoutCancel(ctx), tryFor)
		defer stop()
		_ = b.d.dead.DeleteConsumer(ctx, c.CachedInfo().Name) // in the end it goes by itself
	}()
	for left := c.CachedInfo().NumPending; left > 0; {
		some, rest, err := b.fetch(ctx, c, all, left)
		if err != nil {
			return nil, 0, unavailable("list dead letters", err)
		}
		all, left = all+len(some), rest
		newest = append(newest, some...)
		if n > 0 && len(newest) > n {
			newest = append(newest[:0], newest[len(newest)-n:]...)
		}
	}
	return newest, all, nil
}

// fetch returns the next letters of a consumer that has given so many, and how
// many are left then.
func (b Dead) fetch(ctx context.Context, c jetstream.Consumer, given int, left uint64) (some []Letter, rest uint64, err error) {
	if ctx.Err() != nil {
		return nil, 0, context.Cause(ctx)
	}
	batch, err := c.Fetch(int(min(left, lookBatch)), jetstream.FetchMaxWait(tryFor))
	if err != nil {
		return nil, 0, err
	}
	for msg := range batch.Messages() {
		meta, err := msg.Metadata()
		if err != nil {
			return nil, 0, err
		}
		some, rest = append(some, letter(b.d.names, &jetstream.RawStreamMsg{
			Subject: msg.Subject(), Sequence: meta.Sequence.Stream, Header: msg.Headers(), Time: meta.Timestamp,
		})), meta.NumPending
		if meta.Sequence.Consumer != uint64(given+len(some)) {
			return nil, 0, errMissed
		}
	}
	if batch.Error() != nil || len(some) > 0 {
		return some, rest, batch.Error()
	}
	info, err := c.Info(ctx) // somebody may have dropped the rest meanwhile
	if err == nil && info.NumPending > 0 {
		err = errMissed
	}
	return nil, 0, err
}
