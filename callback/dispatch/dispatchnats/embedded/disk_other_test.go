//go:build !linux

package embedded_test

const diskVariable = "ALERTWIRE_TEST_DISK"

// fillDisk needs a limit that only Linux has in this form.
func fillDisk(string) {}
