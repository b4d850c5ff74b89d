package callback

// advice says for each class, in one sentence, what to do about it. It is for
// the person who set the URL.
var advice = map[Class]string{
	ClassDNS:         "Check the spelling of the host, and that the name server of this machine knows it.",
	ClassRefused:     "Check the port, and that the receiver runs and listens on more than its loopback address.",
	ClassUnreachable: "Check routes and firewalls between this machine and the receiver.",
	ClassReset:       "Check that the port speaks HTTP, or HTTPS where the URL says so, and look into the receiver's log.",
	ClassTimeout:     "Let the receiver answer before it does the work, look for a firewall that drops packets, or set a longer timeout.",
	ClassTLS:         "Compare host, names and expiry of the certificate, set tls.ca_file if its authority is your own, and tls.cert_file if the receiver wants a certificate.",
	ClassThrottled:   "Send less often, or ask the receiver for a higher limit.",
	ClassServer:      "Look into the receiver's log: it took the request and broke.",
	ClassGone:        "Remove the endpoint or ask for its new URL: the receiver wants no more calls here.",
	ClassAuth:        "Check the credentials, and that the receiver expects them in this form.",
	ClassClient:      "Compare URL, method and content type with the receiver's documentation: it does not want this request.",
	ClassRedirect:    "Set the URL to where the receiver redirects: redirects are not followed.",
	ClassBlocked:     "Use a public address; if this one is meant, set network to private or add its prefix to allow.",
	ClassProxy:       "Check the URL of the proxy, its credentials, and that it may connect to the receiver.",
	ClassTemplate:    "Check the template against a message: a value that it uses is missing or does not fit.",
	ClassRequest:     "Correct the setting that the error names, or see to it that the credentials can be had.",
	ClassReply:       "Look at the reply: the receiver took the request, and its answer is not the one that was expected.",
	ClassCancelled:   "Try again: the test was cancelled.",
	ClassDeadline:    "Try again with more time: the test ended before the timeout of the call.",
}
