package embedded

import (
	"io/fs"
	"syscall"
)

const connectionRefused syscall.Errno = 10061 // WSAECONNREFUSED

// restrict does nothing: on Windows the directory says who may use a socket.
func restrict(uintptr) {}

// othersOwn returns false: on Windows files that are made in a directory get
// its permissions.
func othersOwn(fs.FileInfo) bool { return false }
