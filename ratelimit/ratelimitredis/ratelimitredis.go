// Package ratelimitredis keeps the buckets of package ratelimit, and the ids of
// its deduplication, in a Redis server that several processes share.
//
//	client := redis.NewUniversalClient(ratelimitredis.Defaults("127.0.0.1:6379"))
//	store, err := ratelimitredis.New(client, ratelimitredis.Options{Prefix: "myapp"})
//	limiter, err := ratelimit.New(rate, ratelimit.Options{
//		Name:  "ip",
//		Store: &ratelimit.Fallback{Store: store, Instances: 3},
//	})
//
// A decision is one round trip, of one script that takes all limits of a request
// or none, and concurrent callers share them. The clock is the server's. Clients
// that were refused are refused here without asking again, until they may have an
// event.
//
// A decision is made within [Options.Timeout], whatever the server and the
// client do. If that fails the error wraps [ErrUnavailable], and after some
// failures in a row the server is left alone but for one try at a time: choose
// with [ratelimit.Fallback] or [ratelimit.EnforceOptions] what becomes of the
// requests. Nothing is connected before the first decision, so that a service
// starts without its Redis.
//
// All keys of a Store live in one hash slot, {Prefix}, so that a script may use
// several of them in a cluster. They expire when the bucket is full again. The
// server must be of version 5 or later, and must not evict keys
// (maxmemory-policy noeviction), since an evicted bucket is a full one.
package ratelimitredis

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/alertwire/alertwire/ratelimit"
)

// ErrUnavailable is wrapped by the errors of decisions that the server did not
// make in time, or not at all.
var ErrUnavailable = errors.New("ratelimitredis: server unavailable")

// Options are the options of [New].
type Options struct {
	// Prefix begins the names of all keys. It may not contain braces, which
	// would tear the keys of a cluster apart. Empty means "ratelimit".
	Prefix string
	// Timeout bounds a decision. Zero means 50 ms. The client measures it by the
	// wall clock: while a server hangs, a decision that is under way at the moment
	// when that clock is set back takes until the client's ReadTimeout.
	Timeout time.Duration
	// DenyKeys is how many refused keys are remembered in this process, see
	// [ratelimit.Memory]. Zero means 65,536.
	DenyKeys int
	// NoDenyCache asks the server again for clients that it has refused. Set it
	// where Reset must be effective in all processes at once.
	NoDenyCache bool
}

// A Store is a [ratelimit.Store] in Redis. It is safe for concurrent use.
//
// A time is counted in whole microseconds, so that a Rate of more than one event
// in that time is invalid here. A rate whose step is not a whole number of them
// is slow by less than one per event.
type Store struct {
	guard  *guard
	convoy *convoy
	prefix string
	denied *ratelimit.Memory // nil if nothing is remembered
}

var _ ratelimit.Store = (*Store)(nil)

// New returns a Store that uses the client, which remains the caller's to close.
// It does not connect. Any kind of client will do; [Defaults] has settings that
// suit. It returns [ratelimit.ErrInvalid] if the Prefix has braces, the Timeout
// or DenyKeys is negative, or the client is nil.
func New(client redis.UniversalClient, o Options) (*Store, error) {
	prefix, err := hashTag(o.Prefix)
	if err != nil {
		return nil, err
	}
	if o.DenyKeys < 0 {
		return nil, fmt.Errorf("ratelimitredis: negative DenyKeys: %w", ratelimit.ErrInvalid)
	}
	g, err := newGuard(client, o.Timeout)
	if err != nil {
		return nil, err
	}
	s := &Store{guard: g, convoy: &convoy{guard: g}, prefix: prefix}
	if !o.NoDenyCache {
		s.denied = &ratelimit.Memory{MaxKeys: o.DenyKeys}
	}
	return s, nil
}

// Defaults returns options for a client of a server, or of several that are a
// cluster, or with MasterName of sentinels: nothing is tried twice, deadlines are
// heeded, and a connection is made within two seconds or not at all. Every field
// may be changed.
func Defaults(addrs ...string) *redis.UniversalOptions {
	return &redis.UniversalOptions{
		Addrs:                 addrs,
		ContextTimeoutEnabled: true,
		MaxRetries:            -1, // a script whose answer was lost would be charged again
		DialerRetries:         1,
		DialTimeout:           2 * time.Second,
		ReadTimeout:           time.Second,
		PoolTimeout:           time.Second,
		DisableIdentity:       true, // saves a command per connection
	}
}

// Take implements [ratelimit.Store]. If it is known here that a bucket is empty,
// the others are not asked: their Decision is that of a full bucket.
func (s *Store) Take(ctx context.Context, reqs []ratelimit.Request, out []ratelimit.Decision) error {
	if len(reqs) == 0 {
		return nil
	}
	buckets := make([]bucket, len(reqs))
	texts := make([]any, 4*len(reqs))
	g := group{keys: texts[:len(reqs)], numbers: texts[len(reqs):]}
	for i := range reqs {
		b, err := newBucket(reqs[i])
		if err != nil {
			return err
		}
		var key any = s.key(reqs[i].Name, reqs[i].Key)
		if slices.Contains(g.keys[:i], key) {
			return fmt.Errorf("ratelimitredis: a bucket is asked twice: %w", ratelimit.ErrInvalid)
		}
		buckets[i], g.keys[i] = b, key
		g.numbers[3*i], g.numbers[3*i+1], g.numbers[3*i+2] = b.step, b.span, b.cost
	}
	if s.refusedBefore(ctx, reqs, buckets, out) {
		return nil
	}
	said, err := s.convoy.decide(ctx, g)
	if err != nil {
		return err
	}
	for i := range buckets {
		out[i] = buckets[i].read(said[i])
	}
	s.remember(ctx, reqs, buckets, out)
	return nil
}

// Reset makes the bucket of a key full, see [ratelimit.Limiter.Reset]. Other
// processes may go on refusing the key for as long as they have been told to.
func (s *Store) Reset(ctx context.Context, name, key string) error {
	if s.denied != nil {
		if err := s.denied.Reset(ctx, name, key); err != nil {
			return err
		}
	}
	_, err := run(ctx, s.guard, func(ctx context.Context, c redis.UniversalClient) (any, error) {
		return nil, c.Del(ctx, s.key(name, key)).Err()
	})
	return err
}

// key returns the name of a bucket in Redis. Long keys are hashed, since a
// stranger may have chosen them.
func (s *Store) key(name, key string) string {
	return s.prefix + name + shorten(key)
}

func shorten(key string) string {
	if len(key) <= 128 {
		return ":" + key
	}
	sum := sha256.Sum256([]byte(key))
	return "#" + hex.EncodeToString(sum[:])
}

// hashTag returns a prefix that keeps all keys in one slot of a cluster.
func hashTag(prefix string) (string, error) {
	if prefix == "" {
		prefix = "ratelimit"
	}
	if strings.ContainsAny(prefix, "{}") {
		return "", fmt.Errorf("ratelimitredis: braces in the prefix: %w", ratelimit.ErrInvalid)
	}
	return "{" + prefix + "}", nil
}
