package callbackotel

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"go.opentelemetry.io/otel/attribute"
	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"

	"github.com/alertwire/alertwire/callback"
)

// Attributes that are not among the semantic conventions.
const (
	keyEndpoint  = attribute.Key("alertwire.endpoint")
	keyMessageID = attribute.Key("alertwire.message.id")
	keyType      = attribute.Key("alertwire.message.type")
	keyAttempt   = attribute.Key("alertwire.attempt")
	keyAttempts  = attribute.Key("alertwire.attempts")
)

// spanName returns the name of the span of a request: its method, of those that
// the conventions know.
func spanName(method string) string {
	switch method {
	case "":
		return http.MethodGet // as net/http has it
	case http.MethodConnect, http.MethodDelete, http.MethodGet, http.MethodHead, http.MethodOptions,
		http.MethodPatch, http.MethodPost, http.MethodPut, http.MethodTrace, "QUERY":
		return method
	}
	return "HTTP"
}

// requestAttributes are what a span says of a request.
func requestAttributes(r *http.Request) []attribute.KeyValue {
	attrs := make([]attribute.KeyValue, 0, 8)
	if name := spanName(r.Method); name != "HTTP" {
		attrs = append(attrs, semconv.HTTPRequestMethodKey.String(name))
	} else {
		attrs = append(attrs, semconv.HTTPRequestMethodOther, semconv.HTTPRequestMethodOriginal(valid(r.Method)))
	}
	if u := r.URL; u != nil {
		attrs = append(attrs, semconv.URLScheme(valid(u.Scheme)), semconv.ServerAddress(valid(u.Hostname())))
		if port := portOf(u); port > 0 {
			attrs = append(attrs, semconv.ServerPort(port))
		}
	}
	if r.ContentLength > 0 {
		attrs = append(attrs, semconv.HTTPRequestBodySize(int(r.ContentLength)))
	}
	if id := r.Header.Get("Webhook-Id"); id != "" {
		attrs = append(attrs, keyMessageID.String(valid(id)))
	}
	if n := callback.AttemptNumber(r.Context()); n > 1 {
		attrs = append(attrs, semconv.HTTPRequestResendCount(n-1))
	}
	return attrs
}

func portOf(u *url.URL) int {
	switch u.Port() {
	case "":
		if u.Scheme == "https" {
			return 443
		}
		return 80
	default:
		n, _ := strconv.Atoi(u.Port()) // net/http refuses what is no number
		return n
	}
}

// answerAttributes are what a span says of an answer.
func answerAttributes(resp *http.Response) []attribute.KeyValue {
	attrs := []attribute.KeyValue{semconv.HTTPResponseStatusCode(resp.StatusCode)}
	switch {
	case resp.ProtoMajor == 1:
		attrs = append(attrs, semconv.NetworkProtocolVersion("1."+strconv.Itoa(resp.ProtoMinor)))
	case resp.ProtoMajor > 1:
		attrs = append(attrs, semconv.NetworkProtocolVersion(strconv.Itoa(resp.ProtoMajor)))
	}
	if resp.StatusCode >= 300 { // a redirect is a failure as well: it is not followed
		attrs = append(attrs, semconv.ErrorTypeKey.String(strconv.Itoa(resp.StatusCode)))
	}
	return attrs
}

// valid returns a text that a span can hold. An exporter drops all spans at hand
// over one text that is not UTF-8.
func valid(text string) string { return strings.ToValidUTF8(text, "\uFFFD") }
