package intake

import (
	"errors"
	"flag"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"regexp"
	"strings"
	"time"

	"github.com/alertwire/alertwire/auth"
	"github.com/alertwire/alertwire/ratelimit"
)

// Options are what the flags say.
type Options struct {
	Listen          string
	BaseURL         string // "" is that of the listener
	TokenFile       string
	NoAuth          bool
	ChallengeSecret auth.Secret
	Endpoints       string // a file
	PerIP, Global   Rate
	Dedup           time.Duration
	OverloadStatus  Overload
	MaxBody         int64
	MetricsPrefix   string
	Patience        time.Duration // with the dispatcher: then senders are told to come again; zero means 5 s
	Keeps           bool          // the dispatcher keeps over a restart what it has not delivered

	challengeFile string
}

// Flags adds the flags to fs. Call Options.Complete once they are parsed.
func Flags(fs *flag.FlagSet) *Options {
	o := &Options{
		PerIP:          Rate{ratelimit.Rate{Events: 100, Per: time.Minute}},
		Global:         Rate{ratelimit.Rate{Events: 1000, Per: time.Minute}},
		OverloadStatus: http.StatusServiceUnavailable,
	}
	fs.StringVar(&o.Listen, "listen", "127.0.0.1:8001", "`address` to listen on")
	fs.StringVar(&o.BaseURL, "base-url", os.Getenv("ONCALLM_BASE_URL"),
		"`URL` under which people reach this program, for the report URLs; also ONCALLM_BASE_URL.\n"+
			"Without either it is the address that the program listens on, such as http://localhost:8001")
	fs.StringVar(&o.TokenFile, "token-file", "",
		"`file` with the bearer token that senders must have; several lines are several valid tokens, and changes are seen")
	fs.BoolVar(&o.NoAuth, "no-auth", false, "accept alerts from anybody, instead of -token-file")
	fs.StringVar(&o.challengeFile, "challenge-secret-file", "",
		"`file` with the secret that answers GET /webhook?crc_token=…; without it such a request is answered 405")
	fs.StringVar(&o.Endpoints, "endpoints", "",
		"JSON `file` with the endpoints to call: [{\"name\":…,\"format\":\"raw\",\"callback\":{\"url\":…},\"endpoint\":{…}}]")
	fs.Var(&o.PerIP, "per-ip", "requests per address, as `events/time`; \"off\" for no limit")
	fs.Var(&o.Global, "global", "requests in all, as `events/time`; \"off\" for no limit")
	fs.DurationVar(&o.Dedup, "dedup", time.Minute, "for how long an alert that says the same again is not forwarded")
	fs.Var(&o.OverloadStatus, "overload-status",
		"`status` of what exceeds a limit or finds a full queue: 503, 429, or auto, which is 503 to Alertmanager\n"+
			"and Grafana and 429 to others at a limit, and 429 to Nightingale alone at a full queue.\n"+
			"Alertmanager takes 429 as final: an alert that is over before its next flush is then lost, firing\n"+
			"and resolved. After 503 it tries again within seconds")
	fs.StringVar(&o.MetricsPrefix, "metrics-prefix", "oncallm", "`prefix` of the metrics about /webhook")
	fs.Int64Var(&o.MaxBody, "max-body", 8<<20, "greatest body in `bytes`; 2,000 alerts have about 2 MB")
	return o
}

// Complete checks the options, and reads the challenge secret.
func (o *Options) Complete() error {
	switch {
	case o.TokenFile == "" && !o.NoAuth:
		return errors.New("-token-file is missing: without it anybody may send alerts; -no-auth says that this is meant")
	case o.TokenFile != "" && o.NoAuth:
		return errors.New("-token-file and -no-auth exclude each other")
	case !prefix.MatchString(o.MetricsPrefix):
		return errors.New("-metrics-prefix: must be letters, digits and underscores")
	case o.Dedup <= 0:
		return errors.New("-dedup: must be more than zero")
	case o.MaxBody <= 0:
		return errors.New("-max-body: must be more than zero")
	}
	if u, err := url.Parse(o.BaseURL); o.BaseURL != "" && (err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "") {
		return errors.New("-base-url: must have the form https://host")
	}
	o.BaseURL = strings.TrimRight(o.BaseURL, "/")
	if o.challengeFile == "" {
		return nil
	}
	secret, err := os.ReadFile(o.challengeFile)
	if err != nil {
		return fmt.Errorf("-challenge-secret-file: %w", err)
	}
	o.ChallengeSecret = auth.Secret(strings.TrimSpace(string(secret)))
	if o.ChallengeSecret == "" {
		return fmt.Errorf("-challenge-secret-file: %s is empty", o.challengeFile)
	}
	return nil
}

var prefix = regexp.MustCompile(`^[a-zA-Z_][a-zA-Z0-9_]*$`)

// limit returns the limit that a rate describes.
func (o *Options) limit(name string, r Rate, key ratelimit.KeyFunc) (ratelimit.Limit, error) {
	lo := ratelimit.Options{}
	if r.Rate == (ratelimit.Rate{}) {
		lo.Exempt = func(string) bool { return true }
	}
	l, err := ratelimit.New(r.Rate, lo)
	return ratelimit.Limit{Name: name, Limiter: l, Key: key}, err
}
