package callbackprom

import "github.com/alertwire/alertwire/callback"

// classOf returns the label of an attempt's outcome. There are no more than the
// classes of package callback, whatever somebody puts into an Attempt.
func classOf(a callback.Attempt) string {
	if a.Err == nil {
		return "ok"
	}
	switch a.Class {
	case callback.ClassDNS, callback.ClassRefused, callback.ClassUnreachable, callback.ClassReset,
		callback.ClassTimeout, callback.ClassTLS, callback.ClassThrottled, callback.ClassServer,
		callback.ClassGone, callback.ClassAuth, callback.ClassClient, callback.ClassRedirect,
		callback.ClassBlocked, callback.ClassProxy, callback.ClassTemplate, callback.ClassRequest,
		callback.ClassReply, callback.ClassCancelled, callback.ClassDeadline, callback.ClassOpen,
		callback.ClassLimited, callback.ClassDropped, callback.ClassPanic:
		return string(a.Class)
	}
	return other
}
