//go:build unix

package main

import (
	"syscall"
	"time"
)

// cpuTime is the time that this process has had a processor for. It leaves out
// what other processes of the machine do, and what waits for the network.
func cpuTime() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
