//go:build unix

package embedded

import (
	"io/fs"
	"os"
	"syscall"
)

const connectionRefused = syscall.ECONNREFUSED

// restrict gives a socket the mode that its file is to have. Linux heeds it,
// others return an error.
func restrict(fd uintptr) { _ = syscall.Fchmod(int(fd), 0o600) }

// othersOwn reports whether a directory belongs to another user: files that
// this process makes there would not be that user's.
func othersOwn(dir fs.FileInfo) bool {
	s, ok := dir.Sys().(*syscall.Stat_t)
	return ok && int(s.Uid) != os.Geteuid()
}
