package embedded

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/nats-io/nats-server/v2/server"
)

const (
	stampFile = "alertwire.json"
	format    = 1
)

// A stamp says who has written a store.
type stamp struct {
	Format    int    `json:"format"`
	Server    string `json:"server"` // version of the last server
	Encrypted bool   `json:"encrypted"`
}

// checkStamp returns an error if this version cannot work with the store, before
// the server touches it.
func checkStamp(dir string, encrypted bool) error {
	data, err := os.ReadFile(filepath.Join(dir, stampFile))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	var s stamp
	if err := json.Unmarshal(data, &s); err != nil {
		return fmt.Errorf("%s: %w", stampFile, err)
	}
	switch {
	case s.Format > format:
		return fmt.Errorf("%w: format %d, this one knows %d", ErrNewer, s.Format, format)
	case newer(s.Server, server.VERSION):
		return fmt.Errorf("%w: nats-server %s, this one is %s", ErrNewer, s.Server, server.VERSION)
	case s.Encrypted && !encrypted:
		return fmt.Errorf("%w: it is encrypted, and there is none", ErrKey)
	case !s.Encrypted && encrypted:
		return fmt.Errorf("%w: it is not encrypted", ErrKey)
	}
	return nil
}

// writeStamp stamps a store.
func writeStamp(dir string, encrypted bool) error {
	data, err := json.Marshal(stamp{Format: format, Server: server.VERSION, Encrypted: encrypted})
	if err != nil {
		return err
	}
	name := filepath.Join(dir, stampFile)
	if old, err := os.ReadFile(name); err == nil && string(old) == string(data) {
		return nil
	}
	if err := os.WriteFile(name+".new", data, 0o600); err != nil {
		return err
	}
	return os.Rename(name+".new", name)
}

// newer reports whether version a has a greater major or minor number than b.
// Between patches a store goes both ways.
func newer(a, b string) bool {
	x, y := majorMinor(a), majorMinor(b)
	return x[0] > y[0] || x[0] == y[0] && x[1] > y[1]
}

func majorMinor(version string) (n [2]int) {
	for i, part := range strings.SplitN(version, ".", 3) {
		if i < 2 {
			n[i], _ = strconv.Atoi(part) // 0 if it is not one
		}
	}
	return n
}
