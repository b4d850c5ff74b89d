package dispatchnats

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"log/slog"
	"maps"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/alertwire/alertwire/callback"
	"github.com/alertwire/alertwire/callback/dispatch"
)

const (
	headerDied   = "Alertwire-Died"
	headerReason = "Alertwire-Reason"
	maxReason    = 512
)

// ErrNoLetter means that there is no dead letter of that number, or no longer.
var ErrNoLetter = errors.New("dispatchnats: no such dead letter")

// A Letter is a message that was given up.
type Letter struct {
	ID       uint64 `json:"id"` // its number, for Replay and Drop
	Endpoint string `json:"endpoint"`
	// Message is what was dispatched. Of a message that could not be decoded
	// it has only the Body.
	Message  callback.Message `json:"message"`
	Accepted time.Time        `json:"accepted,omitzero"`
	Died     time.Time        `json:"died"`
	Reason   string           `json:"reason"`   // why it was given up
	Attempts int              `json:"attempts"` // calls that were made
	History  []Attempt        `json:"history"`  // the last 16 of them, oldest first
	Readable bool             `json:"readable"` // it could be decoded, and can be replayed
}

// buryEnvelope moves a message to DEAD, and reports whether it got there.
func (d *Dispatcher) buryEnvelope(ctx context.Context, v *envelope, token string, seq uint64, reason error) bool {
	msg := v.encode()
	msg.Header.Del(headerDue)
	msg.Subject = d.names.subject("dead", token, keyToken(v.msg.Key))
	return d.buryMsg(ctx, msg, "out-"+strconv.FormatUint(seq, 10), reason)
}

// bury moves a message that cannot be decoded, or whose endpoint is gone, to
// DEAD as it is, takes it out of the stream that it is in, and reports whether
// it did.
func (d *Dispatcher) bury(ctx context.Context, msg jetstream.Msg, kind string, reason error) bool {
	stone := d.stone(msg.Subject(), msg.Headers(), msg.Data())
	if !d.buryMsg(ctx, stone, kind+"-"+strconv.FormatUint(sequence(msg), 10), reason) {
		d.nak(msg, postponed)
		return false
	}
	d.ack(ctx, msg)
	return true
}

// stone returns a copy of a message of another stream, addressed to DEAD.
func (d *Dispatcher) stone(subject string, h nats.Header, body []byte) *nats.Msg {
	token, _ := d.names.endpointOf(subject)
	last := subject[strings.LastIndexByte(subject, '.')+1:]
	copied := make(nats.Header, len(h)+2)
	maps.Copy(copied, h)
	maps.DeleteFunc(copied, func(name string, _ []string) bool { return !ours(name) })
	delete(copied, headerDue)
	return &nats.Msg{Subject: d.names.subject("dead", token, last), Header: copied, Data: body}
}

// buryMsg publishes to DEAD. A message that is too large for the headers that
// it gets there, as only strangers could have published, loses its body.
func (d *Dispatcher) buryMsg(ctx context.Context, msg *nats.Msg, id string, reason error) bool {
	msg.Header.Set(headerReason, escape(cut(reason.Error(), maxReason)))
	putTime(msg.Header, headerDied, time.Now())
	err := d.publish(ctx, msg, id)
	if errors.Is(err, ErrTooLarge) {
		msg.Data = nil
		err = d.publish(ctx, msg, id)
	}
	token, _ := d.names.endpointOf(msg.Subject)
	attrs := []slog.Attr{slog.String("endpoint", nameOf(token)), slog.String("reason", reason.Error())}
	if err != nil {
		d.log(slog.LevelError, "dispatchnats cannot give a message up: it stays in the queue",
			append(attrs, slog.String("error", err.Error()))...)
		return false
	}
	d.log(slog.LevelWarn, "dispatchnats has given a message up", attrs...)
	return true
}

// nameOf returns the name of an endpoint for people to read, whoever made the
// token.
func nameOf(token string) string {
	if name, ok := endpointName(token); ok {
		return name
	}
	return token
}

// cut returns the beginning of s.
func cut(s string, n int) string {
	if len(s) <= n {
		return s
	}
	return strings.ToValidUTF8(s[:n], "")
}

// Dead are the messages of one endpoint that were given up. It is safe for
// concurrent use, also while the endpoint is worked off.
type Dead struct {
	d    *Dispatcher
	name string // "" for all
}

// Dead returns the dead letters of an endpoint, which need not have been added
// and may have been removed. "" means those of all.
func (d *Dispatcher) Dead(name string) Dead { return Dead{d, name} }

// filter returns the subject of the letters.
func (b Dead) filter() (string, error) {
	if b.name == "" {
		return b.d.names.all("dead"), nil
	}
	token, err := endpointToken(b.name)
	return b.d.names.endpoint("dead", token), err
}

// All returns the letters, oldest first, one request to the engine for each. It
// stops after an error. Letters that come while it is under way may be among
// them.
func (b Dead) All(ctx context.Context) iter.Seq2[Letter, error] {
	return func(yield func(Letter, error) bool) {
		filter, err := b.filter()
		if err != nil {
			yield(Letter{}, err)
			return
		}
		for seq := uint64(1); ; {
			raw, err := b.d.next(ctx, b.d.dead, filter, seq)
			if err != nil {
				yield(Letter{}, err)
				return
			}
			if raw == nil || !yield(letter(b.d.names, raw), nil) {
				return
			}
			seq = raw.Sequence + 1
		}
	}
}

// Get returns one letter, or ErrNoLetter.
func (b Dead) Get(ctx context.Context, id uint64) (Letter, error) {
	raw, err := b.get(ctx, id)
	if err != nil {
		return Letter{}, err
	}
	return letter(b.d.names, raw), nil
}

func (b Dead) get(ctx context.Context, id uint64) (*jetstream.RawStreamMsg, error) {
	filter, err := b.filter()
	if err != nil {
		return nil, err
	}
	if id == 0 {
		return nil, fmt.Errorf("%w: 0", ErrNoLetter)
	}
	raw, err := b.d.next(ctx, b.d.dead, filter, id)
	if err == nil && (raw == nil || raw.Sequence != id) {
		err = fmt.Errorf("%w: %d", ErrNoLetter, id)
	}
	return raw, err
}

// Replay queues one letter again, as if it had been dispatched now, and removes
// it from the dead. If the endpoint is gone it returns [dispatch.ErrUnknown]
// and leaves the letter. A crash in between may leave both.
func (b Dead) Replay(ctx context.Context, id uint64) error {
	raw, err := b.get(ctx, id)
	if err != nil {
		return err
	}
	return b.replay(ctx, raw)
}

func (b Dead) replay(ctx context.Context, raw *jetstream.RawStreamMsg) error {
	d := b.d
	v, err := readLetter(d.names, raw)
	if err != nil {
		return err
	}
	token, err := d.knownElsewhere(ctx, v.endpoint)
	if err != nil {
		return err
	}
	v.accepted, v.attempts, v.history, v.due = time.Now(), 0, nil, time.Time{}
	if err := d.enqueue(ctx, &v, token); err != nil {
		return err
	}
	d.enqueued(v.endpoint)
	return d.drop(ctx, raw.Sequence)
}

// ReplayAll queues every letter again that there is at the beginning, and
// returns how many. It passes over those that cannot be decoded, and over those
// whose endpoint is gone; of the latter it says so with [dispatch.ErrUnknown].
func (b Dead) ReplayAll(ctx context.Context) (int, error) {
	var unknown error
	n, err := b.each(ctx, func(raw *jetstream.RawStreamMsg) error {
		err := b.replay(ctx, raw)
		switch {
		case errors.Is(err, errUndecodable):
			return errSkip
		case errors.Is(err, dispatch.ErrUnknown):
			unknown = dispatch.ErrUnknown
			return errSkip
		}
		return err
	})
	if err == nil {
		err = unknown
	}
	return n, err
}

// Drop removes one letter for good.
func (b Dead) Drop(ctx context.Context, id uint64) error {
	if _, err := b.get(ctx, id); err != nil {
		return err
	}
	return b.d.drop(ctx, id)
}

// DropAll removes every letter for good that there is at the beginning, and
// returns how many.
func (b Dead) DropAll(ctx context.Context) (int, error) {
	return b.each(ctx, func(raw *jetstream.RawStreamMsg) error { return b.d.drop(ctx, raw.Sequence) })
}

var errSkip = errors.New("dispatchnats: passed over")

// each does something with every letter that there is at the beginning.
func (b Dead) each(ctx context.Context, do func(*jetstream.RawStreamMsg) error) (n int, err error) {
	filter, err := b.filter()
	if err != nil {
		return 0, err
	}
	return b.d.each(ctx, b.d.dead, filter, do)
}

// each does something with every message of a stream that matches and that
// there is at the beginning, and returns with how many. It ends at the first
// error; errSkip is none.
func (d *Dispatcher) each(ctx context.Context, s jetstream.Stream, filter string, do func(*jetstream.RawStreamMsg) error) (n int, err error) {
	var last uint64
	err = persist(ctx, "look at "+s.CachedInfo().Config.Name, func(ctx context.Context) error {
		info, err := s.Info(ctx)
		if err == nil {
			last = info.State.LastSeq
		}
		return err
	})
	for seq := uint64(1); err == nil && seq <= last; {
		var raw *jetstream.RawStreamMsg
		raw, err = d.next(ctx, s, filter, seq)
		if err != nil || raw == nil || raw.Sequence > last {
			return n, err
		}
		seq = raw.Sequence + 1
		switch err = do(raw); {
		case errors.Is(err, errSkip):
			err = nil
		case err == nil:
			n++
		}
	}
	return n, err
}

// next returns the first message of a stream that matches, from seq on, or nil.
func (d *Dispatcher) next(ctx context.Context, s jetstream.Stream, filter string, seq uint64) (raw *jetstream.RawStreamMsg, err error) {
	err = persist(ctx, "read "+s.CachedInfo().Config.Name, func(ctx context.Context) (err error) {
		raw, err = s.GetMsg(ctx, seq, jetstream.WithGetMsgSubject(filter))
		if errors.Is(err, jetstream.ErrMsgNotFound) {
			raw, err = nil, nil
		}
		return err
	})
	return raw, err
}

// drop removes a message from DEAD. That it is gone already is no error.
func (d *Dispatcher) drop(ctx context.Context, seq uint64) error { return d.remove(ctx, d.dead, seq) }

func (d *Dispatcher) remove(ctx context.Context, s jetstream.Stream, seq uint64) error {
	return persist(ctx, "delete from "+s.CachedInfo().Config.Name, func(ctx context.Context) error {
		err := s.DeleteMsg(ctx, seq)
		if errors.Is(err, jetstream.ErrMsgDeleteUnsuccessful) || errors.Is(err, jetstream.ErrMsgNotFound) {
			return nil
		}
		return err
	})
}

// letter reads what buryMsg has written.
func letter(n names, raw *jetstream.RawStreamMsg) Letter {
	token, _ := n.endpointOf(raw.Subject)
	l := Letter{ID: raw.Sequence, Endpoint: nameOf(token), Died: raw.Time}
	if t, err := getTime(raw.Header, headerDied); err == nil && !t.IsZero() {
		l.Died = t
	}
	if reason, err := unescape(raw.Header.Get(headerReason)); err == nil {
		l.Reason = reason
	}
	v, err := readLetter(n, raw)
	if err != nil {
		l.Message = callback.Message{Body: raw.Data, Header: http.Header(raw.Header)}
		return l
	}
	l.Readable = true
	l.Message, l.Accepted, l.Attempts, l.History = v.msg, v.accepted, v.attempts, v.history
	return l
}

// readLetter decodes a letter. One that was addressed to one endpoint and says it
// is for another was not written by this package.
func readLetter(n names, raw *jetstream.RawStreamMsg) (envelope, error) {
	v, err := decode(raw.Header, raw.Data)
	token, _ := n.endpointOf(raw.Subject)
	if name, ok := endpointName(token); err == nil && (!ok || name != v.endpoint) {
		err = errUndecodable
	}
	return v, err
}

// enqueued counts a message that got into the queue by another way than
// Dispatch.
func (d *Dispatcher) enqueued(name string) {
	if e, _ := d.named(name); e != nil {
		e.mu.Lock()
		defer e.mu.Unlock()
		e.depth.n++
	}
}
