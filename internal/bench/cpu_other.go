//go:build !unix

package main

import "time"

var began = time.Now()

// cpuTime is wall time where a process cannot ask for its processor time.
func cpuTime() time.Duration { return time.Since(began) }
