package auth_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/alertwire/alertwire/auth"
)

func TestSchemesAreChecked(t *testing.T) {
	tests := []struct {
		name    string
		scheme  auth.Scheme
		wantErr string // what the error says; empty: none
	}{
		{"least", auth.Scheme{Header: "X-Sig", Signed: "{body}"}, ""},
		{"nothing", auth.Scheme{}, "header name is empty"},
		{"no header", auth.Scheme{Signed: "{body}"}, "header name is empty"},
		{"header not sendable", auth.Scheme{Header: "X Sig", Signed: "{body}"}, "not allowed"},
		{"header of the message", auth.Scheme{Header: "Content-Length", Signed: "{body}"}, "cannot carry"},
		{"nothing signed", auth.Scheme{Header: "X-Sig"}, "does not end with {body}"},
		{"body not signed", auth.Scheme{Header: "X-Sig", TimestampHeader: "X-T", Signed: "{timestamp}"}, "does not end with {body}"},
		{"body not last", auth.Scheme{Header: "X-Sig", TimestampHeader: "X-T", Signed: "{body}.{timestamp}"}, "does not end with {body}"},
		{"body twice", auth.Scheme{Header: "X-Sig", Signed: "{body}{body}"}, "unknown place"},
		{"time twice", auth.Scheme{Header: "X-Sig", TimestampHeader: "X-T", Signed: "{timestamp}.{timestamp}.{body}"}, "unknown place, or one twice"},
		{"unknown place", auth.Scheme{Header: "X-Sig", Signed: "{url}{body}"}, "unknown place"},
		{"open brace", auth.Scheme{Header: "X-Sig", Signed: "{{body}"}, "unknown place"},
		{"time without a header", auth.Scheme{Header: "X-Sig", Signed: "{timestamp}.{body}"}, "a time is signed"},
		{"time not signed", auth.Scheme{Header: "X-Sig", TimestampHeader: "X-T", Signed: "{body}"}, "a time is signed"},
		{"id without a header", auth.Scheme{Header: "X-Sig", Signed: "{id}.{body}"}, "an id is signed"},
		{"id not signed", auth.Scheme{Header: "X-Sig", IDHeader: "X-Id", Signed: "{body}"}, "an id is signed"},
		{"one header for two things", auth.Scheme{Header: "X-Sig", TimestampHeader: "x-sig", Signed: "{timestamp}.{body}"}, "used twice"},
		{"time in two places", auth.Scheme{Header: "X-Sig", Prefix: "v1=", Separator: ",", TimestampPrefix: "t=", TimestampHeader: "X-T", Signed: "{timestamp}.{body}"}, "two places"},
		{"time in the list", auth.Scheme{Header: "X-Sig", Prefix: "v1=", Separator: ",", TimestampPrefix: "t=", Signed: "{timestamp}.{body}"}, ""},
		{"time in what is no list", auth.Scheme{Header: "X-Sig", Prefix: "v1=", TimestampPrefix: "t=", Signed: "{timestamp}.{body}"}, "needs a separator"},
		{"prefixes that begin alike", auth.Scheme{Header: "X-Sig", Prefix: "v1", Separator: " ", Ed25519: "v1a,", Signed: "{body}"}, "told apart"},
		{"equal prefixes", auth.Scheme{Header: "X-Sig", Prefix: "v1,", Separator: " ", Ed25519: "v1,", Signed: "{body}"}, "told apart"},
		{"first prefix missing", auth.Scheme{Header: "X-Sig", Separator: " ", Ed25519: "v1a,", Signed: "{body}"}, "a first one"},
		{"separator in a prefix", auth.Scheme{Header: "X-Sig", Prefix: "v1,", Separator: ",", Signed: "{body}"}, "separator in it"},
		{"separator in signatures", auth.Scheme{Header: "X-Sig", Separator: "/", Signed: "{body}"}, "stands in no signature"},
		{"long separator", auth.Scheme{Header: "X-Sig", Separator: ", ", Signed: "{body}"}, "single character"},
		{"separator not sendable", auth.Scheme{Header: "X-Sig", Prefix: "v1=", Separator: "\n", Signed: "{body}"}, "can be sent"},
		{"separator not ASCII", auth.Scheme{Header: "X-Sig", Prefix: "v1=", Separator: "\xff", Signed: "{body}"}, "can be sent"},
		{"separator in the time", auth.Scheme{Header: "X-Sig", Prefix: "v1=", Separator: ":", TimestampPrefix: "t=", TimestampFormat: "rfc3339", Signed: "{timestamp}.{body}"}, "the time has the separator"},
		{"colon beside a number", auth.Scheme{Header: "X-Sig", Prefix: "v1=", Separator: ":", TimestampPrefix: "t=", Signed: "{timestamp}.{body}"}, ""},
		{"prefix not sendable", auth.Scheme{Header: "X-Sig", Prefix: "a\n", Signed: "{body}"}, "cannot be sent"},
		{"encoding", auth.Scheme{Header: "X-Sig", Encoding: "base32", Signed: "{body}"}, "unknown encoding"},
		{"hash", auth.Scheme{Header: "X-Sig", Hash: "md5", Signed: "{body}"}, "unknown hash"},
		{"key", auth.Scheme{Header: "X-Sig", Key: "pem", Signed: "{body}"}, "unknown form of key"},
		{"key lengths", auth.Scheme{Header: "X-Sig", KeyMin: 3, KeyMax: 2, Signed: "{body}"}, "impossible"},
		{"time format", auth.Scheme{Header: "X-Sig", TimestampHeader: "X-T", TimestampFormat: "http", Signed: "{timestamp}.{body}"}, "unknown timestamp format"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := auth.NewHMAC(tt.scheme, auth.HMACOptions{Secrets: []auth.Secret{"s"}})
			if tt.wantErr == "" {
				require.NoError(t, err)
				return
			}
			require.ErrorContains(t, err, tt.wantErr)
		})
	}
}

// An id must not swallow a part of what stands behind it.
func TestIDsAreUnambiguous(t *testing.T) {
	scheme := func(signed string) auth.Scheme {
		s := auth.Scheme{Header: "X-Sig", IDHeader: "X-Id", Signed: signed}
		if signed != "{id}{body}" && signed != "{id}:{body}" {
			s.TimestampHeader = "X-Time"
		}
		return s
	}
	tests := []struct {
		name, signed, id string
		wantErr          error
	}{
		{"dot behind it", "{id}.{timestamp}.{body}", "a:b", nil},
		{"dot in it", "{id}.{timestamp}.{body}", "a.b", auth.ErrMalformed},
		{"colon behind it", "{id}:{body}", "a.b", nil},
		{"colon in it", "{id}:{body}", "a:b", auth.ErrMalformed},
		{"nothing behind it", "{id}{timestamp}.{body}", "a-b_1", nil},
		{"nothing behind it, and braces", "{id}{body}", `x{"a":`, auth.ErrMalformed},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := must(auth.NewHMAC(scheme(tt.signed), auth.HMACOptions{Secrets: []auth.Secret{"s"}}))
			r := get("X-Id", tt.id)
			require.ErrorIs(t, s.Sign(r, []byte("{}")), tt.wantErr)
		})
	}
}

// Where the body follows the id, bytes of a form or of plain text could change
// from one to the other, and the same signature would be right for both.
func TestBodiesDoNotMoveIntoTheID(t *testing.T) {
	for _, s := range []auth.Scheme{
		{Header: "X-Sig", IDHeader: "X-Id", Signed: "v0:{id}{body}"},
		{Header: "X-Sig", IDHeader: "X-Id", TimestampHeader: "X-Time", Signed: "{timestamp}.{id}{body}"},
		{Header: "X-Sig", IDHeader: "X-Id", TimestampHeader: "X-Time", TimestampFormat: "rfc3339", Signed: "{timestamp}{id}{body}"},
	} {
		h := must(auth.NewHMAC(s, auth.HMACOptions{Secrets: []auth.Secret{"s"}}))
		r := get("X-Id", "msg1")
		require.NoError(t, h.Sign(r, []byte("user=1&admin=0")))
		r.Header.Set("X-Id", "msg1user=1")
		require.ErrorIs(t, h.Verify(r, []byte("&admin=0")), auth.ErrBodyShape, s.Signed)

		require.NoError(t, h.Sign(r, []byte(`{"user":1}`)))
		require.NoError(t, h.Verify(r, []byte(`{"user":1}`)), "a JSON document begins as no id ends")
	}
}

// A signed text that could be the token of a challenge is accepted for JSON
// documents only. What has a character in it that no token has, is none.
func TestSchemesThatCouldSignTokens(t *testing.T) {
	tests := []struct {
		signed, format string
		wantErr        error
	}{
		{"{body}", "", auth.ErrBodyShape},
		{"v0-{body}", "", auth.ErrBodyShape},
		{"v0:{body}", "", nil},
		{"{timestamp}{body}", "", auth.ErrBodyShape},
		{"{timestamp}_{body}", "", auth.ErrBodyShape},
		{"v0/{timestamp}/{body}", "unix-milli", auth.ErrBodyShape},
		{"{timestamp}.{body}", "", nil},
		{"{timestamp}{body}", "rfc3339", nil},
		{"{id}{body}", "", auth.ErrBodyShape},
		{"{id}.{body}", "", nil},
	}
	for _, tt := range tests {
		t.Run(tt.signed+tt.format, func(t *testing.T) {
			s := auth.Scheme{Header: "X-Sig", Signed: tt.signed, TimestampFormat: tt.format}
			if strings.Contains(tt.signed, "{timestamp}") {
				s.TimestampHeader = "X-Time"
			}
			if strings.Contains(tt.signed, "{id}") {
				s.IDHeader = "Webhook-Id"
			}
			h := must(auth.NewHMAC(s, auth.HMACOptions{Secrets: []auth.Secret{"s"}}))
			require.ErrorIs(t, h.Verify(signedMessage(t, h, "abc"), []byte("abc")), tt.wantErr)
			require.NoError(t, h.Verify(signedMessage(t, h, "{}"), []byte("{}")))
		})
	}
}

// The schemes of this package are values: who changes one changes his own.
func TestSchemesAreValues(t *testing.T) {
	s := auth.GitHub()
	s.Header = "X-Gitea-Signature"
	assert.Equal(t, "X-Hub-Signature-256", auth.GitHub().Header)
	assert.Equal(t, true, auth.Scheme{}.IsZero())
	assert.Equal(t, false, s.IsZero())
}
