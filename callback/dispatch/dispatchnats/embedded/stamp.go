package embedded

import (
	"crypto/pbkdf2"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/nats-io/nats-server/v2/server"

	"github.com/alertwire/alertwire/auth"
)

const (
	stampFile = "alertwire.json"
	format    = 1
)

// A stamp says who has written a store, and with which key.
type stamp struct {
	Format int    `json:"format"`
	Server string `json:"server"`         // version of the last server
	Salt   []byte `json:"salt,omitempty"` // of the proof; empty if there is no key
	Proof  []byte `json:"proof,omitempty"`
}

// checkStamp returns an error if this version, or this key, cannot work with the
// store, before the server touches it: a server with a wrong key would take its
// streams for damaged. A store without a stamp gets one.
func checkStamp(dir string, key auth.Secret) error {
	data, err := os.ReadFile(filepath.Join(dir, stampFile))
	if errors.Is(err, fs.ErrNotExist) {
		s := stamp{Format: format, Server: server.VERSION}
		if key != "" {
			s.Salt = make([]byte, 16)
			_, _ = rand.Read(s.Salt) // never fails
			s.Proof, err = prove(key, s.Salt)
			if err != nil {
				return err
			}
		}
		return writeStamp(dir, s)
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
	case len(s.Proof) > 0 && key == "":
		return fmt.Errorf("%w: it is encrypted, and there is none", ErrKey)
	case len(s.Proof) == 0 && key != "":
		return fmt.Errorf("%w: it is not encrypted", ErrKey)
	}
	if key != "" {
		proof, err := prove(key, s.Salt)
		if err != nil {
			return err
		}
		if subtle.ConstantTimeCompare(proof, s.Proof) != 1 {
			return ErrKey
		}
	}
	if s.Server == server.VERSION {
		return nil
	}
	s.Server = server.VERSION
	return writeStamp(dir, s)
}

// prove derives what shows that a key is the right one. It is slow, so that the
// stamp does not make it easier to guess the key than the files themselves do.
func prove(key auth.Secret, salt []byte) ([]byte, error) {
	return pbkdf2.Key(sha256.New, string(key), salt, 100_000, sha256.Size)
}

// writeStamp stamps a store, all or nothing.
func writeStamp(dir string, s stamp) error {
	data, err := json.Marshal(s)
	if err != nil {
		return err
	}
	name := filepath.Join(dir, stampFile)
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
