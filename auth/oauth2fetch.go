package auth

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"syscall"
	"time"

	"github.com/alertwire/alertwire/internal/egress"
)

const (
	oauth2Timeout  = 10 * time.Second
	maxTokenAnswer = 64 << 10
	// unknownLifetime is how long a token is kept whose lifetime the endpoint
	// does not say.
	unknownLifetime = time.Minute
	maxLifetime     = 24 * time.Hour
)

// tokenClient returns a client that follows no redirects, and that gives up in
// the end: all senders wait with it.
func tokenClient(given *http.Client) *http.Client {
	c := http.Client{
		// A token is fetched once in many minutes: no connection is kept.
		Transport: &http.Transport{
			DialContext:         egress.Policy{}.DialContext,
			TLSHandshakeTimeout: oauth2Timeout,
			ForceAttemptHTTP2:   true,
			DisableKeepAlives:   true,
		},
	}
	if given != nil {
		c = *given
	}
	if c.Timeout == 0 {
		c.Timeout = oauth2Timeout
	}
	c.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &c
}

// fetch asks the endpoint. Its errors have neither the URL nor the answer.
func (a *OAuth2) fetch(ctx context.Context) (*accessToken, error) {
	r, err := a.request(ctx)
	if err != nil {
		return nil, err
	}
	asked := time.Now()
	resp, err := a.o.Client.Do(r)
	if err != nil {
		return nil, unanswered(err)
	}
	defer resp.Body.Close()
	if resp.StatusCode == http.StatusSwitchingProtocols {
		// Its body is the bare connection, which no timeout ends.
		return nil, fmt.Errorf("token endpoint answered %d", resp.StatusCode)
	}
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxTokenAnswer+1))
	if err != nil {
		return nil, unanswered(err)
	}
	switch {
	case resp.StatusCode >= 500, resp.StatusCode == http.StatusTooManyRequests, resp.StatusCode == http.StatusRequestTimeout:
		return nil, fmt.Errorf("%w: token endpoint answered %d", ErrUnavailable, resp.StatusCode)
	case resp.StatusCode != http.StatusOK:
		return nil, fmt.Errorf("token endpoint answered %d%s", resp.StatusCode, oauth2Code(body))
	case len(body) > maxTokenAnswer:
		return nil, errors.New("answer of the token endpoint is too large")
	}
	return parseToken(body, asked)
}

// unanswered says why there is no answer, in words of our own: those of net
// and net/http hold the URL, addresses, and what the endpoint sent.
func unanswered(err error) error {
	var (
		blocked     *egress.BlockedError
		name        *net.DNSError
		timeout     net.Error
		certificate *tls.CertificateVerificationError
		op          *net.OpError
		errno       syscall.Errno
	)
	reason := "it broke off, or does not speak HTTP"
	switch {
	case errors.As(err, &blocked):
		return fmt.Errorf("token endpoint: %w", blocked)
	case errors.As(err, &name):
		reason = "its name cannot be resolved"
	case errors.As(err, &timeout) && timeout.Timeout():
		reason = "it did not answer in time"
	case errors.As(err, &certificate):
		reason = "its certificate cannot be verified"
	case errors.As(err, &op) && op.Op == "remote error": // how crypto/tls hands on an alert
		reason = "it refused the TLS handshake"
	case errors.As(err, &errno):
		reason = errno.Error()
	}
	return fmt.Errorf("%w: token endpoint: %s", ErrUnavailable, reason)
}

func (a *OAuth2) request(ctx context.Context) (*http.Request, error) {
	form := make(url.Values)
	for name, values := range a.o.Params {
		form[name] = values
	}
	form.Set("grant_type", "client_credentials")
	if len(a.o.Scopes) > 0 {
		form.Set("scope", strings.Join(a.o.Scopes, " "))
	}
	if a.o.InBody {
		form.Set("client_id", a.o.ClientID)
		form.Set("client_secret", string(a.o.ClientSecret))
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, a.o.TokenURL, strings.NewReader(form.Encode()))
	if err != nil {
		return nil, errors.New("token URL cannot be used")
	}
	if !a.o.InBody {
		// Both are form-encoded first: RFC 6749, section 2.3.1.
		r.SetBasicAuth(url.QueryEscape(a.o.ClientID), url.QueryEscape(string(a.o.ClientSecret)))
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Accept", "application/json")
	return r, nil
}

// parseToken reads a successful answer to a request of the time asked. The
// lifetime comes as a number or as a text.
func parseToken(body []byte, asked time.Time) (*accessToken, error) {
	var answer struct {
		AccessToken string          `json:"access_token"`
		TokenType   string          `json:"token_type"`
		ExpiresIn   json.RawMessage `json:"expires_in"`
	}
	if json.Unmarshal(body, &answer) != nil {
		return nil, errors.New("answer of the token endpoint is not JSON in the form of RFC 6749")
	}
	if answer.TokenType != "" && !strings.EqualFold(answer.TokenType, "bearer") {
		return nil, errors.New("token endpoint gave a token of another type than Bearer")
	}
	if answer.AccessToken == "" || len(answer.AccessToken) > maxTokenAnswer/2 || checkToken(answer.AccessToken) != nil {
		return nil, errors.New("token endpoint gave no usable token")
	}
	lifetime := unknownLifetime
	var seconds float64
	if json.Unmarshal([]byte(strings.Trim(string(answer.ExpiresIn), `"`)), &seconds) == nil && seconds > 0 {
		lifetime = time.Duration(min(seconds, maxLifetime.Seconds()) * float64(time.Second))
	}
	// A token must still live when it arrives: it is renewed a little early.
	lifetime -= min(lifetime/4, 10*time.Second)
	return &accessToken{header: "Bearer " + answer.AccessToken, expires: asked.Add(lifetime)}, nil
}

// oauth2Code returns the error code in an answer if it is one of those that
// RFC 6749 defines. Other text of the answer is not repeated.
func oauth2Code(body []byte) string {
	var answer struct {
		Error string `json:"error"`
	}
	if json.Unmarshal(body, &answer) != nil {
		return ""
	}
	switch answer.Error {
	case "invalid_request", "invalid_client", "invalid_grant", "unauthorized_client", "unsupported_grant_type", "invalid_scope":
		return ": " + answer.Error
	}
	return ""
}
