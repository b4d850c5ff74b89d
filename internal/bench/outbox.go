package main

import (
	"context"
	"encoding/binary"
	"os"
	"path/filepath"
	"strconv"
	"sync/atomic"
	"time"

	"go.etcd.io/bbolt"

	"github.com/alertwire/alertwire/callback"
)

// An outbox is the least that a home-made one does on a file of bbolt: a
// transaction for each message that comes, and one for each that went.
type outbox struct {
	dir string
	db  *bbolt.DB
}

var messages = []byte("messages")

func (o *outbox) open(synced bool) (err error) {
	if o.dir, err = os.MkdirTemp("", "alertwire-bench-"); err != nil {
		return err
	}
	o.db, err = bbolt.Open(filepath.Join(o.dir, "db"), 0o600, &bbolt.Options{NoSync: !synced, NoFreelistSync: true})
	if err != nil {
		return err
	}
	return o.db.Update(func(tx *bbolt.Tx) error {
		_, err := tx.CreateBucket(messages)
		return err
	})
}

func (o *outbox) remove() {
	if o.db != nil {
		_ = o.db.Close()
	}
	_ = os.RemoveAll(o.dir)
}

func key(n int) []byte { return binary.BigEndian.AppendUint64(nil, uint64(n)) }

func (o *outbox) put(n int, data []byte) error {
	return o.db.Update(func(tx *bbolt.Tx) error { return tx.Bucket(messages).Put(key(n), data) })
}

// fill stores n messages in one transaction.
func (o *outbox) fill(n int, data []byte) error {
	return o.db.Update(func(tx *bbolt.Tx) error {
		for i := range n {
			if err := tx.Bucket(messages).Put(key(i), data); err != nil {
				return err
			}
		}
		return nil
	})
}

// deliver sends the n messages that there are until enough of them are
// delivered. The time of the next attempt it knows by heart, and would forget in
// a crash.
func (o *outbox) deliver(ctx context.Context, hook callback.Caller, n, enough int) error {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	queue := make(chan int, n)
	for i := range n {
		queue <- i
	}
	attempts := make([]int, n)
	var delivered atomic.Int64
	ended := make(chan error, inFlight)
	for range inFlight {
		go func() {
			for {
				var i int
				select {
				case i = <-queue:
				case <-ctx.Done():
					ended <- nil
					return
				}
				ok, err := o.try(ctx, hook, i)
				switch {
				case err != nil:
					ended <- err
					return
				case ok:
					if delivered.Add(1) == int64(enough) {
						stop()
					}
				case ctx.Err() == nil:
					attempts[i]++
					wait, _ := unsteady.Next(attempts[i], callback.ErrGaveUp)
					time.AfterFunc(wait, func() { queue <- i })
				}
			}
		}()
	}
	var first error
	for range inFlight {
		if err := <-ended; err != nil && first == nil {
			first = err
			stop()
		}
	}
	return first
}

// try makes one attempt at a message, and forgets it if that succeeds.
func (o *outbox) try(ctx context.Context, hook callback.Caller, i int) (bool, error) {
	m := callback.Message{ID: "m" + strconv.Itoa(i)}
	err := o.db.View(func(tx *bbolt.Tx) error {
		m.Body = append(m.Body, tx.Bucket(messages).Get(key(i))...)
		return nil
	})
	if err != nil {
		return false, err
	}
	if _, err := hook.Call(ctx, m); err != nil {
		return false, nil // the endpoint is expected to fail
	}
	return true, o.db.Update(func(tx *bbolt.Tx) error { return tx.Bucket(messages).Delete(key(i)) })
}
