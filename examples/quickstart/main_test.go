package main

import (
	"bytes"
	"regexp"
	"strconv"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

var summary = regexp.MustCompile(`(?m)^summary received=(\d+) accepted=(\d+) duplicates=(\d+) rejected=(\d+) delivered=(\d+) retried=(\d+) failed=(\d+)$`)

func TestTheNumbersAddUp(t *testing.T) {
	if testing.Short() {
		t.Skip("-short: runs for 5 s")
	}
	var out bytes.Buffer
	require.NoError(t, run(t.Context(), &out), out.String())

	found := summary.FindStringSubmatch(out.String())
	require.NotNil(t, found, out.String())
	n := make([]int, len(found)-1)
	for i, digits := range found[1:] {
		var err error
		n[i], err = strconv.Atoi(digits)
		require.NoError(t, err)
	}
	received, accepted, duplicates, rejected, delivered, retried, failed := n[0], n[1], n[2], n[3], n[4], n[5], n[6]

	assert.Equal(t, received, accepted+duplicates+rejected)
	assert.Equal(t, 3*accepted, delivered+failed)
	assert.Equal(t, 6, accepted, "three alerts fire, and each of them resolves")
	assert.Equal(t, 5, duplicates, "three in the repeated message, two in the one that resolves the first")
	assert.Equal(t, 2, rejected, "a wrong token, and half a body")
	assert.Equal(t, accepted, failed, "the service that is down")
	assert.GreaterOrEqual(t, retried, 2, "503 twice, at the least")
}
