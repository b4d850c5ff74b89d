//go:build race

package ratelimit_test

// racing scales down what takes long under the race detector.
const racing = true
