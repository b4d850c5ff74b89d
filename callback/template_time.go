package callback

import "time"

// A moment is a time.Time with those of its methods that a template may call.
// The layout of time.Time.Format is not among them as it is: "1" becomes "11" in
// November, and that "1111".
type moment struct{ t time.Time }

// maxLayout bounds the layout of Format, in bytes.
const maxLayout = 64

// String returns the time in UTC as of RFC 3339.
func (m moment) String() string { return m.t.UTC().Format(time.RFC3339) }

// Format returns the time in a layout of package time.
func (m moment) Format(layout string) (string, error) {
	if len(layout) > maxLayout {
		return "", errFormat
	}
	return m.t.Format(layout), nil
}

// UTC returns the time in UTC.
func (m moment) UTC() moment { return moment{m.t.UTC()} }

// Unix returns the seconds since 1970.
func (m moment) Unix() int64 { return m.t.Unix() }

// UnixMilli returns the milliseconds since 1970.
func (m moment) UnixMilli() int64 { return m.t.UnixMilli() }
