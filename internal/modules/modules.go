// Package modules holds the tests over the whole repository: its modules belong
// together, its packages know only their own, and what they export is documented.
package modules
