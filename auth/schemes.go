package auth

// StandardWebhooks is the scheme of the Standard Webhooks specification:
// webhook-id, webhook-timestamp and webhook-signature over id.timestamp.body.
//
// A secret is base64 of 24 to 64 bytes, usually behind whsec_, and signs v1:
// "openssl rand -base64 32" makes one.
//
// A secret behind whsk_ is an Ed25519 key and signs v1a; one behind whpk_ is
// the public half, which only verifies. Senders that write the three headers
// as svix-id, svix-timestamp and svix-signature differ in nothing else: change
// the fields Header, IDHeader and TimestampHeader. A shorter secret that a
// sender insists on needs another KeyMin.
func StandardWebhooks() Scheme {
	return Scheme{
		Name:            "standard-webhooks",
		Header:          "Webhook-Signature",
		Prefix:          "v1,",
		Separator:       " ",
		Encoding:        "base64",
		Signed:          "{id}.{timestamp}.{body}",
		IDHeader:        "Webhook-Id",
		TimestampHeader: "Webhook-Timestamp",
		Key:             "base64",
		KeyPrefix:       "whsec_",
		KeyMin:          24,
		KeyMax:          64,
		Ed25519:         "v1a,",
	}
}

// GitHub is the scheme of GitHub, and of Meta (Facebook, WhatsApp) and others
// that took X-Hub-Signature-256 over. It has no timestamp. GitHub can be set to
// send forms; such a body needs [HMACOptions].AnyBody.
func GitHub() Scheme {
	return Scheme{Name: "github", Header: "X-Hub-Signature-256", Prefix: "sha256=", Signed: "{body}"}
}

// Slack is the scheme of Slack's Events API and slash commands.
func Slack() Scheme {
	return Scheme{
		Name:            "slack",
		Header:          "X-Slack-Signature",
		Prefix:          "v0=",
		Signed:          "v0:{timestamp}:{body}",
		TimestampHeader: "X-Slack-Request-Timestamp",
	}
}

// Zoom is the scheme of Zoom's webhooks: Slack's, with headers of its own.
func Zoom() Scheme {
	s := Slack()
	s.Name, s.Header, s.TimestampHeader = "zoom", "X-Zm-Signature", "X-Zm-Request-Timestamp"
	return s
}

// Stripe is the scheme of Stripe: time and signatures are in one header. The
// secret is the whole text that Stripe shows, its whsec_ included.
func Stripe() Scheme {
	return Scheme{
		Name:            "stripe",
		Header:          "Stripe-Signature",
		Prefix:          "v1=",
		Separator:       ",",
		Signed:          "{timestamp}.{body}",
		TimestampPrefix: "t=",
	}
}

// PagerDuty is the scheme of PagerDuty's V3 webhooks. It has no timestamp.
func PagerDuty() Scheme {
	return Scheme{
		Name:      "pagerduty",
		Header:    "X-Pagerduty-Signature",
		Prefix:    "v1=",
		Separator: ",",
		Signed:    "{body}",
	}
}

// Grafana is the scheme of a Grafana contact point with a timestamp header,
// and demands it. Grafana leaves the names of both headers to its user and
// sends no timestamp unless a name for it is given; the documentation uses
// X-Grafana-Alerting-Timestamp. For other names change Header and
// TimestampHeader.
func Grafana() Scheme {
	return Scheme{
		Name:            "grafana",
		Header:          "X-Grafana-Alerting-Signature",
		Signed:          "{timestamp}:{body}",
		TimestampHeader: "X-Grafana-Alerting-Timestamp",
	}
}

// GrafanaUntimed is the scheme of a Grafana contact point without a timestamp
// header. Whoever has seen one request can send it again for ever: prefer
// [Grafana]. A custom payload that is not JSON, or empty, needs
// [HMACOptions].AnyBody.
func GrafanaUntimed() Scheme {
	return Scheme{Name: "grafana-untimed", Header: "X-Grafana-Alerting-Signature", Signed: "{body}"}
}

// X is the scheme of X (Twitter), whose secret is the app's consumer secret.
// It has no timestamp. The same secret answers X's challenge, which signs what
// a stranger chooses: do not set [HMACOptions].AnyBody here.
func X() Scheme {
	return Scheme{
		Name:     "x",
		Header:   "X-Twitter-Webhooks-Signature",
		Prefix:   "sha256=",
		Encoding: "base64",
		Signed:   "{body}",
	}
}

// Dropbox is the scheme of Dropbox, whose secret is the app secret. It has no
// timestamp.
func Dropbox() Scheme {
	return Scheme{Name: "dropbox", Header: "X-Dropbox-Signature", Signed: "{body}"}
}

// namedScheme finds the schemes of this file by name.
func namedScheme(name string) (Scheme, bool) {
	for _, s := range []Scheme{
		StandardWebhooks(), GitHub(), Slack(), Zoom(), Stripe(), PagerDuty(),
		Grafana(), GrafanaUntimed(), X(), Dropbox(),
	} {
		if s.Name == name {
			return s, true
		}
	}
	return Scheme{}, false
}
