package auth

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"sync"
	"time"
)

// OAuth2 is the client credentials grant (RFC 6749, section 4.4) as a
// [Signer]: it fetches an access token, keeps it until shortly before it
// expires, and puts it on requests as a Bearer token. The receiving end is not
// here: to verify such a token is the business of the issuer's library.
//
// A token whose lifetime the endpoint does not state is kept for a minute. No
// error shows the URL of the endpoint or what it answered.
type OAuth2 struct {
	o *OAuth2Options // behind a pointer for fmt, see String

	mu      sync.Mutex
	token   *accessToken // nil until there is one
	current *tokenFetch  // what everybody waits for; nil if nobody does
}

var _ Signer = (*OAuth2)(nil)

// An accessToken is the value of an Authorization header, and how long it may
// be used.
type accessToken struct {
	header  string
	expires time.Time
}

// A tokenFetch is one request to the endpoint, for everybody who needs a token.
type tokenFetch struct {
	done   chan struct{} // closed when what follows is set
	token  *accessToken
	err    error
	gaveUp bool // the caller who fetched gave up: the error is his alone
}

// OAuth2Options are the options of [NewOAuth2].
type OAuth2Options struct {
	// TokenURL is the token endpoint, over https. Required.
	TokenURL string
	// ClientID and ClientSecret are the credentials. Required.
	ClientID     string
	ClientSecret Secret
	// Scopes to ask for. Nil means those that the endpoint gives by default.
	Scopes []string
	// Params are further parameters of the request, such as audience.
	Params url.Values
	// InBody sends the credentials as client_id and client_secret in the form.
	// They go as HTTP Basic otherwise, which every endpoint must understand.
	InBody bool
	// AllowHTTP permits a TokenURL without TLS, which shows the secret to
	// everybody on the way.
	AllowHTTP bool
	// Client fetches the tokens. It is copied: the copy follows no redirects,
	// and has a timeout of 10 s if the Client has none. Nil means one without a
	// proxy, that never connects to link-local and cloud metadata addresses.
	Client *http.Client
}

// NewOAuth2 returns a signer. It fetches nothing yet. It returns
// [ErrEmptySecret] if the secret is empty, and an error that names the option
// if there is no client id, or if the URL is not https or has credentials in it.
func NewOAuth2(o OAuth2Options) (*OAuth2, error) {
	u, err := url.Parse(o.TokenURL)
	if err != nil || u.Hostname() == "" {
		return nil, errors.New("auth: oauth2: the token URL is not an absolute URL")
	}
	if u.Scheme != "https" && !(u.Scheme == "http" && o.AllowHTTP) {
		return nil, errors.New("auth: oauth2: the token URL is not https")
	}
	if u.User != nil {
		return nil, errors.New("auth: oauth2: the token URL has credentials in it")
	}
	if o.ClientID == "" {
		return nil, errors.New("auth: oauth2: no client id")
	}
	if err := o.ClientSecret.check(); err != nil {
		return nil, fmt.Errorf("auth: oauth2: client secret: %w", err)
	}
	o.Scopes = slices.Clone(o.Scopes)
	params := make(url.Values)
	for name, values := range o.Params {
		params[name] = slices.Clone(values)
	}
	o.Params = params
	o.Client = tokenClient(o.Client)
	return &OAuth2{o: &o}, nil
}

// Sign sets the Authorization header. It fetches a token if there is none that
// lives, under the context of r; many callers share one fetch. It returns an
// error that wraps [ErrUnavailable] if the endpoint is down, busy or does not
// answer in time, the context's error, or another error if it refuses.
func (a *OAuth2) Sign(r *http.Request, _ []byte) error {
	if a.o == nil {
		return fmt.Errorf("auth: oauth2: sign: %w", ErrEmptySecret)
	}
	token, err := a.get(r.Context())
	if err != nil {
		return fmt.Errorf("auth: oauth2: %w", err)
	}
	setHeader(r, "Authorization", token.header)
	return nil
}

// Headers returns the names of the headers that Sign sets.
func (a *OAuth2) Headers() []string { return []string{"Authorization"} }

// String returns "auth.OAuth2". Without it the verbs %s and %q would show the
// options: of a pointer for which it has no method, fmt prints what it points to.
func (a *OAuth2) String() string { return "auth.OAuth2" }

// Forget drops the token that is kept, for instance because a receiver
// answered 401: it may have been revoked before its time.
func (a *OAuth2) Forget() {
	a.mu.Lock()
	a.token = nil
	a.mu.Unlock()
}

// get returns a token that lives.
func (a *OAuth2) get(ctx context.Context) (*accessToken, error) {
	for {
		a.mu.Lock()
		if t := a.token; t != nil && time.Now().Before(t.expires) {
			a.mu.Unlock()
			return t, nil
		}
		f := a.current
		if f == nil {
			f = &tokenFetch{done: make(chan struct{})}
			a.current = f
			a.mu.Unlock()
			a.lead(ctx, f)
			return f.token, f.err
		}
		a.mu.Unlock()

		select {
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		case <-f.done:
		}
		if !f.gaveUp {
			// Also a token that is past its time already, where the endpoint is
			// slow and gives short ones: to fetch again would not be faster.
			return f.token, f.err
		}
	}
}

// lead fetches a token for everybody who waits for f.
func (a *OAuth2) lead(ctx context.Context, f *tokenFetch) {
	f.err = errors.New("fetch did not end") // what is left if the client panics
	defer func() {
		a.mu.Lock()
		a.current = nil
		if f.err == nil {
			a.token = f.token
		}
		a.mu.Unlock()
		close(f.done)
	}()
	f.token, f.err = a.fetch(ctx)
	if f.err != nil && ctx.Err() != nil {
		f.gaveUp = true
		f.err = context.Cause(ctx)
	}
}
