package embedded

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"time"
)

// healthFor is for how long an answer is good. Whoever asks meanwhile gets it
// too: a disk that is merely slow makes everybody ask, and must not be given
// more to write.
const healthFor = 2 * time.Second

const probeFile = "alertwire.probe"

// A checkup knows whether a server can write. It does not tell its clients, and
// tries no more until it is started anew.
type checkup struct {
	dir string
	log *logger

	mu    sync.Mutex
	asked time.Time
	err   error
}

// health returns an error if the server cannot write.
func (c *checkup) health(context.Context) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.asked.IsZero() || time.Since(c.asked) > healthFor {
		c.err = c.examine()
		c.asked = time.Now()
	}
	return c.err
}

func (c *checkup) examine() error {
	if err := probe(c.dir); err != nil {
		return err
	}
	if err := c.log.failed(); err != nil {
		return fmt.Errorf("it must be opened anew: %w", err)
	}
	return nil
}

// probe tries to write as much as a larger message takes. It is called by one at
// a time who has the lock of the directory. If the process dies meanwhile the
// file stays, until the next one opens the directory.
func probe(dir string) (err error) {
	clearProbe(dir)
	f, err := os.OpenFile(filepath.Join(dir, probeFile), os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer clearProbe(dir)
	_, err = f.Write(make([]byte, 1<<20))
	return errors.Join(err, f.Sync(), f.Close())
}

// clearProbe removes what probe has written. If that fails it is in nobody's way.
func clearProbe(dir string) { _ = os.Remove(filepath.Join(dir, probeFile)) }
