package callback

// A Class names one way in which a call fails. It is decided by the types of
// errors and the status, never by the text of an error, and is fit for the
// label of a metric: there are no more than these.
type Class string

// The classes of failure.
const (
	ClassDNS         Class = "dns"         // the name does not resolve
	ClassRefused     Class = "refused"     // nobody listens there, which may pass: not ErrRefused
	ClassUnreachable Class = "unreachable" // no route to the network or host
	ClassReset       Class = "reset"       // the connection broke, or the answer made no sense
	ClassTimeout     Class = "timeout"     // the time of one attempt ran out
	ClassTLS         Class = "tls"         // the certificate or the handshake
	ClassThrottled   Class = "throttled"   // 429
	ClassServer      Class = "server"      // 5xx, 408 and 425
	ClassGone        Class = "gone"        // 410
	ClassAuth        Class = "auth"        // 401 and 403
	ClassClient      Class = "client"      // every other 4xx
	ClassRedirect    Class = "redirect"    // 3xx, which is never followed
	ClassBlocked     Class = "blocked"     // the guard refused the address
	ClassProxy       Class = "proxy"       // the fault of the proxy
	ClassTemplate    Class = "template"    // a template of the URL or a header failed on this message
	ClassRequest     Class = "request"     // the request cannot be built or signed
	ClassReply       Class = "reply"       // accepted, but Options.Success or Update could not use the reply
	ClassCancelled   Class = "cancelled"   // the caller cancelled
	ClassDeadline    Class = "deadline"    // the time of the caller, or the budget of a retry, ran out
	ClassOpen        Class = "open"        // a breaker is open
	ClassLimited     Class = "limited"     // an own limit let no call through
	ClassDropped     Class = "dropped"     // a queue was full or closed
	ClassPanic       Class = "panic"       // the Caller panicked
	ClassOther       Class = "other"       // a Caller that is not from this package failed
)

// Counts reports whether a failure of this class says something about the
// health of the endpoint. The others (the caller's doing, the configuration,
// the proxy, a refusal of this one message) are neutral to a breaker.
func (c Class) Counts() bool {
	switch c {
	case ClassDNS, ClassRefused, ClassUnreachable, ClassReset, ClassTimeout, ClassTLS,
		ClassThrottled, ClassServer, ClassPanic, ClassOther:
		return true
	}
	return false
}
