package callbacktest_test

import (
	"bytes"
	"io"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/alertwire/alertwire/callback/callbacktest"
	"github.com/alertwire/alertwire/callback/dispatch"
)

func bytesReader(data []byte) io.Reader { return bytes.NewReader(data) }

func TestJournalIsDurable(t *testing.T) { callbacktest.TestDurable(t, openJournal("")) }

func TestDurableSuiteFindsWhatIsBroken(t *testing.T) {
	memory := func(t testing.TB, _ string) dispatch.Dispatcher {
		d, err := dispatch.NewMemory(dispatch.MemoryOptions{})
		require.NoError(t, err)
		return d
	}
	tests := []struct {
		name  string
		open  callbacktest.OpenDispatcher
		check string
		says  string
	}{
		{"memory", memory, "survives kill -9, order none", "lost: "},
		{"memory at a shutdown", memory, "keeps what waits over a shutdown", "handed 1 messages back"},
		{"lossy", openJournal(flawLossy), "survives kill -9, order none", "lost: "},
		{"hasty", openJournal(flawHasty), "keeps a Retry-After over kill -9", "hasty: "},
		{"disorder", openJournal(flawDisorder), "survives kill -9, order strict", "disorder: "},
		{"bare", openJournal(flawBare), "keeps what waits over a shutdown", "came back as"},
		{"eager", openJournal(flawEager), "survives kill -9, order latest", "lost: "},
		{"repeats", openJournal(flawRepeats), "survives kill -9, order none", "repeated: "},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			assert.Contains(t, callbacktest.DurableFails(t, tt.check, tt.open), tt.says)
		})
	}
}
