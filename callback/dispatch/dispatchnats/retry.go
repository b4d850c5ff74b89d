package dispatchnats

import (
	"context"
	"crypto/rand"
	"errors"
	"log/slog"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/alertwire/alertwire/callback/dispatch"
)

const (
	moverName     = "mover"
	moverInFlight = 64
	holdFor       = 24 * time.Hour // how long it is known why a head waits, beyond its wait
	headerSeq     = "Alertwire-Seq"
	postponed     = time.Second // for what cannot be done now
)

// errRetryFull is why a message waits in its queue instead.
var errRetryFull = errors.New("dispatchnats: no room for messages that wait")

// schedule stores an envelope until it is due. The server turns it into a
// message of its own, which the mover puts back into the queue: so the delay
// outlives restarts, and holds up no other message. A message that is scheduled
// again, after a crash say, takes the place of the first schedule.
func (d *Dispatcher) schedule(ctx context.Context, v *envelope, token string, seq uint64) error {
	if d.retries.full(ctx, d) {
		return errRetryFull
	}
	msg := v.encode()
	msg.Subject = d.names.subject("wait", token, strconv.FormatUint(seq, 10))
	// Not jetstream.WithScheduleAt, which cuts the time to whole seconds.
	msg.Header.Set(jetstream.ScheduleHeader, "@at "+v.due.UTC().Format(time.RFC3339Nano))
	msg.Header.Set(jetstream.ScheduleTargetHeader, d.names.subject("due", token, keyToken(v.msg.Key)))
	msg.Header.Set(jetstream.ScheduleTTLHeader, "never")
	return d.publish(ctx, msg, rand.Text())
}

// hold notes down how far the head of a key has come, for whoever has it after
// this process. The message itself stays where it is, in front of its key.
func (d *Dispatcher) hold(ctx context.Context, v *envelope, token string, seq uint64) error {
	h := nats.Header{headerSeq: {strconv.FormatUint(seq, 10)}}
	putTime(h, headerDue, v.due)
	v.progress(h)
	h.Set(jetstream.MsgRollup, jetstream.MsgRollupSubject)
	ttl := time.Until(v.due) + holdFor
	h.Set(jetstream.MsgTTLHeader, ttl.Truncate(time.Second).String())
	return d.publish(ctx, &nats.Msg{
		Subject: d.names.subject("hold", token, keyToken(v.msg.Key)), Header: h,
	}, rand.Text())
}

// held reads what hold has noted down about this message, if anything.
func (d *Dispatcher) held(ctx context.Context, v *envelope, token string, seq uint64) error {
	raw, err := d.retry.GetLastMsgForSubject(ctx, d.names.subject("hold", token, keyToken(v.msg.Key)))
	if errors.Is(err, jetstream.ErrMsgNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	if raw.Header.Get(headerSeq) != strconv.FormatUint(seq, 10) {
		return nil // about one before it
	}
	// A note that cannot be read was not written by this package, and says
	// nothing.
	noted := *v
	if noted.due, err = getTime(raw.Header, headerDue); err == nil && noted.readProgress(raw.Header) == nil {
		*v = noted
	}
	return nil
}

// unhold takes away what hold has noted down about this message, which is done
// with: notes take room from what waits. If that fails, the server does so in a
// day.
func (d *Dispatcher) unhold(ctx context.Context, v *envelope, token string, seq uint64) {
	ctx, stop := context.WithTimeout(ctx, tryFor)
	defer stop()
	raw, err := d.retry.GetLastMsgForSubject(ctx, d.names.subject("hold", token, keyToken(v.msg.Key)))
	if err == nil && raw.Header.Get(headerSeq) == strconv.FormatUint(seq, 10) {
		_ = d.retry.DeleteMsg(ctx, raw.Sequence)
	}
}

// fullness knows whether RETRY has grown as large as OUT may be. It asks once a
// second. The zero value is ready.
type fullness struct {
	mu    sync.Mutex
	asked time.Time
	yes   bool
}

func (f *fullness) full(ctx context.Context, d *Dispatcher) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	if time.Since(f.asked) < time.Second {
		return f.yes
	}
	info, err := d.retry.Info(ctx)
	if err == nil {
		most := d.out.CachedInfo().Config.MaxBytes
		f.yes = most > 0 && info.State.Bytes > uint64(most)
	}
	f.asked = time.Now()
	return f.yes
}

// openMover returns the consumer of what has become due. All processes share
// it, so that an endpoint needs no consumer but its own.
func (d *Dispatcher) openMover(ctx context.Context) (jetstream.Consumer, error) {
	var c jetstream.Consumer
	err := persist(ctx, "set up retries", func(ctx context.Context) (err error) {
		c, err = d.retry.CreateOrUpdateConsumer(ctx, jetstream.ConsumerConfig{
			Durable:       moverName,
			Description:   "puts what is due back into the queue",
			FilterSubject: d.names.all("due"),
			AckPolicy:     jetstream.AckExplicitPolicy,
			AckWait:       d.o.Lease,
			MaxDeliver:    -1,
			MaxAckPending: moverInFlight,
		})
		return err
	})
	return c, err
}

// move puts messages that have become due back into the queue, until Shutdown.
func (d *Dispatcher) move(c jetstream.Consumer) {
	var busy sync.WaitGroup
	defer busy.Wait()
	p := puller{d: d, consumer: c, what: "retries", batch: moverInFlight}
	for d.pulls.Err() == nil {
		err := p.pull(d.pulls, func(msg jetstream.Msg) {
			busy.Go(func() { d.moveOne(msg) })
		})
		if errors.Is(err, jetstream.ErrConsumerNotFound) { // somebody has deleted it
			if c, err := d.openMover(d.pulls); err == nil {
				p.consumer = c
			}
		}
	}
}

func (d *Dispatcher) moveOne(msg jetstream.Msg) {
	ctx := d.rest
	l := d.lease(msg)
	defer l.end()
	token, _ := d.names.endpointOf(msg.Subject())
	v, err := decode(msg.Headers(), msg.Data())
	if err != nil {
		d.bury(ctx, msg, "due", err)
		return
	}
	there, err := d.hadQueue(ctx, token)
	switch {
	case err != nil:
		d.nak(msg, postponed)
		return
	case !there:
		d.bury(ctx, msg, "due", dispatch.ErrUnknown)
		return
	}
	again := v.encode()
	again.Subject = d.names.subject("out", token, keyToken(v.msg.Key))
	// The same id if it is moved twice, because of a crash before the ack.
	id := "due-" + strconv.FormatUint(sequence(msg), 10)
	if err := d.publish(ctx, again, id); err != nil {
		// OUT is full, or the server is away: it waits here.
		d.log(slog.LevelDebug, "dispatchnats cannot put back a message that is due",
			slog.String("endpoint", v.endpoint), slog.String("error", err.Error()))
		d.nak(msg, postponed)
		return
	}
	e, _ := d.named(nameOf(token))
	if e != nil {
		e.moved()
	}
	d.ack(ctx, msg) // before it is swept up, which would find it twice
	if err := d.recheck(ctx, e, token); err != nil {
		d.log(slog.LevelWarn, "dispatchnats cannot see whether an endpoint was removed",
			slog.String("endpoint", v.endpoint), slog.String("error", err.Error()))
	}
}

// sequence returns the sequence of a message in its stream.
func sequence(msg jetstream.Msg) uint64 {
	meta, err := msg.Metadata()
	if err != nil {
		return 0 // not a message of a consumer; there are no others
	}
	return meta.Sequence.Stream
}

// ours reports whether a header is not one of the server.
func ours(name string) bool { return !strings.HasPrefix(name, "Nats-") }
