// Package modules holds the test that keeps the modules of this repository
// together: what is not in go.work is tested by nobody.
package modules
