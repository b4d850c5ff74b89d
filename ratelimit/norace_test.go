//go:build !race

package ratelimit_test

const racing = false
