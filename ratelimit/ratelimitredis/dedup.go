package ratelimitredis

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/alertwire/alertwire/ratelimit"
)

// DedupOptions are the options of [NewDedup].
type DedupOptions struct {
	// Prefix begins the names of all keys, before a colon and the id. It may not
	// contain braces. Empty means "dedup". That of one Dedup had better not begin
	// with that of another and a colon, or ids of the two could meet.
	Prefix string
	// Window is how long an id is remembered, counted from when it was first
	// seen. Zero means 60 s.
	Window time.Duration
	// Lease is how long a reservation holds that nobody ends, because its process
	// was killed. Until then repeats are told to come again. Zero means 60 s.
	Lease time.Duration
	// Timeout bounds a call. Zero means 50 ms.
	Timeout time.Duration
	// Fallback decides while the server fails. It is kept warm: what is
	// remembered there is remembered here. Nil means that the calls fail.
	Fallback *ratelimit.Dedup
	// OnError is told when the end of a delivery could not be noted: its id stays
	// reserved until the Lease ends. Nil tells nobody.
	OnError func(id string, err error)
}

// A Dedup remembers ids in Redis, as [ratelimit.Dedup] does in memory. It is safe
// for concurrent use.
type Dedup struct {
	guard  *guard
	prefix string
	o      DedupOptions
}

// kept is the value of an id whose delivery succeeded. That of a reservation is
// a random text of its own.
const kept = "+"

// settle ends a reservation: it keeps the id for the given milliseconds, or
// forgets it if there are none. A lapsed reservation that nobody took over can
// still be kept.
var settle = redis.NewScript(`
local value = redis.call('GET', KEYS[1])
if value and value ~= ARGV[1] then
	return 0
end
if tonumber(ARGV[3]) > 0 then
	redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3])
else
	redis.call('DEL', KEYS[1])
end
return 1
`)

// NewDedup returns a Dedup that uses the client, which remains the caller's to
// close. It does not connect. It returns [ratelimit.ErrInvalid] if the Prefix has
// braces, a duration is negative, or the client is nil.
func NewDedup(client redis.UniversalClient, o DedupOptions) (*Dedup, error) {
	if o.Prefix == "" {
		o.Prefix = "dedup"
	}
	prefix, err := hashTag(o.Prefix)
	if err != nil {
		return nil, err
	}
	if o.Window < 0 || o.Lease < 0 {
		return nil, fmt.Errorf("ratelimitredis: negative window or lease: %w", ratelimit.ErrInvalid)
	}
	if o.Window == 0 {
		o.Window = time.Minute
	}
	if o.Lease == 0 {
		o.Lease = time.Minute
	}
	g, err := newGuard(client, o.Timeout)
	if err != nil {
		return nil, err
	}
	// Each id may live in a slot of its own.
	return &Dedup{guard: g, prefix: prefix[1 : len(prefix)-1], o: o}, nil
}

// Seen remembers id and reports whether it was seen within the Window. An empty
// id is never remembered. The error wraps [ErrUnavailable] if the server could
// not be asked and there is no Fallback. It may have remembered the id all the same:
// a message that is sent back for such an error would be a duplicate when it
// comes again. Where that is a loss, Reserve is the one to ask.
func (d *Dedup) Seen(ctx context.Context, id string) (bool, error) {
	if id == "" {
		return false, nil
	}
	state, err := d.enter(ctx, id, kept, d.o.Window)
	if err != nil {
		if d.o.Fallback != nil {
			return d.o.Fallback.Seen(id), nil
		}
		return false, err
	}
	if d.o.Fallback != nil {
		d.o.Fallback.Seen(id)
	}
	return state != isFresh, nil
}

// Reserve remembers id for a delivery that is going to be worked on, in the way
// of [ratelimit.Dedup.Reserve]. The function done may be called when the context
// has ended.
func (d *Dedup) Reserve(ctx context.Context, id string) (done func(error), fresh bool, err error) {
	if id == "" {
		return func(error) {}, true, nil
	}
	token, start := rand.Text(), time.Now()
	state, err := d.enter(ctx, id, token, min(d.o.Lease, d.o.Window))
	if err != nil {
		// The server may have reserved the id all the same, and only its answer is
		// late. That is taken back, or a repeat is put off until the lease ends.
		go func() { _ = d.settle(id, token, 0) }()
	}
	local := d.o.Fallback
	switch {
	case err != nil && local != nil:
		return local.Reserve(ctx, id)
	case err != nil:
		return nil, false, err
	case state == isReserved:
		return nil, false, ratelimit.ErrInFlight
	case state == isKept:
		if local != nil {
			local.Seen(id)
		}
		return nil, false, nil
	}
	var settled atomic.Bool
	return func(err error) {
		if settled.Swap(true) {
			return
		}
		if local != nil && err == nil {
			local.Seen(id)
		}
		keep := d.o.Window - time.Since(start)
		if err != nil {
			keep = 0
		}
		if err := d.settle(id, token, keep); err != nil && d.o.OnError != nil {
			d.o.OnError(id, err)
		}
	}, true, nil
}

// state is what is known of an id.
type state int

const (
	isFresh state = iota
	isReserved
	isKept
)

// enter sets the value of an id that has none, and returns what it was.
func (d *Dedup) enter(ctx context.Context, id, value string, life time.Duration) (state, error) {
	key := d.key(id)
	return run(ctx, d.guard, func(ctx context.Context, c redis.UniversalClient) (state, error) {
		var set *redis.StatusCmd
		var get *redis.StringCmd
		_, err := c.Pipelined(ctx, func(p redis.Pipeliner) error {
			set = p.SetArgs(ctx, key, value, redis.SetArgs{Mode: "NX", TTL: life})
			get = p.Get(ctx, key)
			return nil
		})
		if err != nil && !errors.Is(err, redis.Nil) {
			return isReserved, err
		}
		switch err := set.Err(); {
		case err == nil:
			return isFresh, nil
		case !errors.Is(err, redis.Nil):
			return isReserved, err
		}
		if get.Val() == kept {
			return isKept, nil
		}
		return isReserved, nil // or it was released between the two commands
	})
}

func (d *Dedup) settle(id, token string, keep time.Duration) error {
	_, err := run(context.Background(), d.guard, func(ctx context.Context, c redis.UniversalClient) (any, error) {
		return nil, settle.Run(ctx, c, []string{d.key(id)}, token, kept, keep.Milliseconds()).Err()
	})
	return err
}

func (d *Dedup) key(id string) string { return d.prefix + shorten(id) }
