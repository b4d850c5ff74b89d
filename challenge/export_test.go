package challenge

import "time"

// Timeout is how long p waits.
func (p *Prober) Timeout() time.Duration { return p.timeout }

// CheckCRC judges a reply to a token that p has asked for.
func (p *Prober) CheckCRC(token string, body []byte) error { return p.checkCRC(token, body) }
