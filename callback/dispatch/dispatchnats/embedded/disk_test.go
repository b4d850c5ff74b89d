//go:build linux

package embedded_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/alertwire/alertwire/callback"
	"github.com/alertwire/alertwire/callback/callbacktest"
	"github.com/alertwire/alertwire/callback/dispatch"
	"github.com/alertwire/alertwire/callback/dispatch/dispatchnats"
	"github.com/alertwire/alertwire/callback/dispatch/dispatchnats/embedded"
)

const (
	diskVariable = "ALERTWIRE_TEST_DISK"
	diskLimit    = 200 << 10 // bytes of a file
)

// TestDiskFull has a process that cannot write any more: what it accepted before
// is there when there is room again.
func TestDiskFull(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), diskVariable+"="+dir)
	out, err := cmd.Output()
	require.NoError(t, err, string(out))
	var accepted []string
	var says []string
	for lines := bufio.NewScanner(strings.NewReader(string(out))); lines.Scan(); {
		if id, ok := strings.CutPrefix(lines.Text(), "accepted "); ok {
			accepted = append(accepted, id)
		} else {
			says = append(says, lines.Text())
		}
	}
	require.NotEmpty(t, accepted)
	assert.Less(t, len(accepted), 200)
	assert.Equal(t, []string{"refused: true true"}, says)

	d := open(t, dir, quick(dispatchnats.Options{}))
	var got callbacktest.Recorder
	require.NoError(t, d.Add(t.Context(), "ops", &got, dispatch.EndpointOptions{}))
	eventually(t, func() bool { return len(got.IDs()) >= len(accepted) }, "something is lost")
	assert.Subset(t, got.IDs(), accepted)
}

// fillDisk dispatches until nothing more is accepted, in a process whose files
// must not grow.
func fillDisk(dir string) {
	signal.Ignore(syscall.SIGXFSZ)
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &syscall.Rlimit{Cur: diskLimit, Max: diskLimit}); err != nil {
		panic(err)
	}
	ctx := context.Background()
	d, err := embedded.Open(ctx, dir, embedded.Options{})
	if err != nil {
		panic(err)
	}
	hangs := callback.CallerFunc(func(ctx context.Context, _ callback.Message) (callback.Reply, error) {
		<-ctx.Done()
		return callback.Reply{}, ctx.Err()
	})
	if err := d.Add(ctx, "ops", hangs, dispatch.EndpointOptions{Concurrency: 1}); err != nil {
		panic(err)
	}
	for n := range 200 {
		m := message("k", n)
		m.Body = make([]byte, 4096)
		try, stop := context.WithTimeout(ctx, soon)
		err := d.Dispatch(try, m)
		stop()
		if err != nil {
			fmt.Println("refused:", errors.Is(err, dispatchnats.ErrStore), errors.Is(err, syscall.EFBIG))
			break
		}
		fmt.Println("accepted", m.ID)
	}
	os.Exit(0) // as a crash
}
