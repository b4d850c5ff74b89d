package netdata

import "strings"

// Severity is how bad it is. It is kept in the letter case in which it came;
// compare by [Severity.Is].
type Severity string

// The severities of alerts are Critical, Warning and Clear; those of
// reachability are Critical and Info. Nested alerts have them with a capital.
const (
	Critical Severity = "critical"
	Warning  Severity = "warning"
	Clear    Severity = "clear"
	Info     Severity = "info"
)

// Is reports whether s and other are the same word, in any letter case.
func (s Severity) Is(other Severity) bool { return strings.EqualFold(string(s), string(other)) }

// Known reports whether s is one of the constants, in any letter case.
func (s Severity) Known() bool {
	return s.Is(Critical) || s.Is(Warning) || s.Is(Clear) || s.Is(Info)
}

// as returns s in the letter case of a form, if it is one of the constants.
func (s Severity) as(f Form) Severity {
	for _, known := range [...]Severity{Critical, Warning, Clear, Info} {
		switch {
		case !s.Is(known):
		case f == Nested:
			return Severity(strings.ToUpper(string(known[:1]))) + known[1:]
		default:
			return known
		}
	}
	return s
}
