package flashduty

import "strings"

// Severity is how bad an incident or alert is or, as its status, how bad it is
// now. It is kept in the letter case in which it came; compare by [Severity.Is].
type Severity string

// The severities, the worst first. Ok is a status only: everything recovered.
const (
	Critical Severity = "Critical"
	Warning  Severity = "Warning"
	Info     Severity = "Info"
	Ok       Severity = "Ok"
)

// Is reports whether s and other are the same word, in any letter case.
func (s Severity) Is(other Severity) bool { return strings.EqualFold(string(s), string(other)) }

// Known reports whether s is one of the constants, in any letter case.
func (s Severity) Known() bool {
	return s.Is(Critical) || s.Is(Warning) || s.Is(Info) || s.Is(Ok)
}

// Progress is how far the work on an incident or alert is. It is kept in the
// letter case in which it came; compare by [Progress.Is].
type Progress string

// The stages. An alert is never Processing.
const (
	Triggered  Progress = "Triggered"
	Processing Progress = "Processing"
	Closed     Progress = "Closed"
)

// Is reports whether p and other are the same word, in any letter case.
func (p Progress) Is(other Progress) bool { return strings.EqualFold(string(p), string(other)) }

// Known reports whether p is one of the constants, in any letter case.
func (p Progress) Known() bool {
	return p.Is(Triggered) || p.Is(Processing) || p.Is(Closed)
}

// GroupMethod is how the alerts of an incident were brought together.
type GroupMethod string

// The methods.
const (
	GroupNone        GroupMethod = "n"
	GroupByRule      GroupMethod = "p"
	GroupIntelligent GroupMethod = "i"
)
