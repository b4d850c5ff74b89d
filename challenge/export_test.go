package challenge

import (
	"context"
	"net/http"
	"time"
)

// Timeout is how long p waits.
func (p *Prober) Timeout() time.Duration { return p.timeout }

// Transport is what p sends with.
func (p *Prober) Transport() *http.Transport { return p.transport }

// CheckCRC judges a reply to a token that p has asked for.
func (p *Prober) CheckCRC(token string, body []byte) error { return p.checkCRC(token, body) }

// Explain names the reason of an exchange that failed with err.
func (p *Prober) Explain(err error) error {
	return p.explain(context.Background(), context.Background(), err)
}
