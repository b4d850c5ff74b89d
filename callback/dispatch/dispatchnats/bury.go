package dispatchnats

import (
	"context"
	"errors"
	"log/slog"
	"maps"
	"strconv"
	"strings"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// maxLogged bounds what a log record quotes of a message, in bytes.
const maxLogged = 256

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
	attrs := []slog.Attr{
		slog.String("endpoint", nameOf(token)),
		slog.String("message_id", cut(msg.Header.Get(headerID), maxLogged)), // of a stranger, perhaps
		slog.String("reason", reason.Error()),
	}
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
