package embedded

import (
	"errors"
	"os"
	"path/filepath"
	"syscall"
)

const errorSharingViolation syscall.Errno = 32

// lockDir takes the directory for this process: it opens a file that nobody else
// may open at the same time. The lock goes with the file, at the latest when the
// process dies.
func lockDir(dir string) (*os.File, error) {
	name := filepath.Join(dir, lockFile)
	path, err := syscall.UTF16PtrFromString(name)
	if err != nil {
		return nil, err
	}
	const exclusive = 0
	h, err := syscall.CreateFile(path, syscall.GENERIC_READ|syscall.GENERIC_WRITE, exclusive, nil,
		syscall.OPEN_ALWAYS, syscall.FILE_ATTRIBUTE_NORMAL, 0)
	switch {
	case errors.Is(err, errorSharingViolation):
		return nil, ErrInUse
	case err != nil:
		return nil, &os.PathError{Op: "open", Path: name, Err: err}
	}
	return os.NewFile(uintptr(h), name), nil
}
