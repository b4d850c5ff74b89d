package dispatchnats

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/alertwire/alertwire/callback"
)

func TestLedger(t *testing.T) {
	t.Parallel()
	begin := time.Now()
	at := func(id string, attempts int) *envelope {
		return &envelope{
			msg: callback.Message{ID: id, Body: []byte("body")}, attempts: attempts,
			due: begin.Add(time.Duration(attempts) * time.Second), history: make([]Attempt, attempts),
		}
	}
	var l ledger
	attempts := func(seq uint64, id string) int {
		v := at(id, 0)
		l.recall(seq, v)
		assert.Len(t, v.history, v.attempts)
		assert.Equal(t, begin.Add(time.Duration(v.attempts)*time.Second), v.due)
		assert.Equal(t, "body", string(v.msg.Body))
		return v.attempts
	}
	assert.Zero(t, attempts(1, "a"), "nothing is known yet")
	l.forget(1)
	l.note(1, at("a", 1), 2)
	l.note(1, at("a", 2), 2)
	l.note(2, at("b", 1), 2)
	assert.Equal(t, 2, attempts(1, "a"))
	assert.Equal(t, 1, attempts(2, "b"))
	assert.Zero(t, attempts(1, "other"), "of another stream")
	assert.Nil(t, l.bySeq[1].msg.Body, "bodies are not kept")

	l.note(3, at("c", 3), 2)
	assert.Zero(t, attempts(2, "b"), "it was due first, and somebody else has it")
	assert.Equal(t, 2, attempts(1, "a"))
	assert.Equal(t, 3, attempts(3, "c"))
	l.forget(1)
	assert.Zero(t, attempts(1, "a"))
	assert.Len(t, l.bySeq, 1)
}
