package callback

import (
	"math/big"
	"strings"
)

// The comparisons of text/template refuse a whole number beside a fraction. JSON
// has one kind of number: a template that compares a value with 90.5 must not
// fail whenever that value happens to be 91. In all else these are like those.

// compare returns whether a is less than b (-1), equal (0), or greater (1).
func compare(a, b any) (int, error) {
	s, isText := a.(string)
	t, bothText := b.(string)
	if isText && bothText {
		return strings.Compare(s, t), nil
	}
	x, y := exactly(a), exactly(b)
	if x == nil || y == nil {
		return 0, errKinds
	}
	return x.Cmp(y), nil
}

// exactly returns the number that v is, or nil.
func exactly(v any) *big.Float {
	switch v := v.(type) {
	case int:
		return new(big.Float).SetInt64(int64(v))
	case uint8: // a byte of a text
		return new(big.Float).SetInt64(int64(v))
	case int32: // a character constant
		return new(big.Float).SetInt64(int64(v))
	case int64:
		return new(big.Float).SetInt64(v)
	case float64:
		return big.NewFloat(v) // of JSON or a constant, and so not NaN
	}
	return nil
}

// isEqual reports whether a is equal to one of others.
func isEqual(a any, others ...any) (bool, error) {
	if len(others) == 0 {
		return false, errKinds
	}
	for _, b := range others {
		same, err := areEqual(a, b)
		if same || err != nil {
			return same, err
		}
	}
	return false, nil
}

func areEqual(a, b any) (bool, error) {
	if a == nil || b == nil {
		return a == nil && b == nil, nil
	}
	p, isBool := a.(bool)
	q, bothBool := b.(bool)
	if isBool && bothBool {
		return p == q, nil
	}
	c, err := compare(a, b)
	return c == 0 && err == nil, err
}

func isNotEqual(a, b any) (bool, error) {
	same, err := areEqual(a, b)
	return !same && err == nil, err
}

func isLess(a, b any) (bool, error) {
	c, err := compare(a, b)
	return c < 0, err
}

func isAtMost(a, b any) (bool, error) {
	c, err := compare(a, b)
	return c <= 0 && err == nil, err
}

func isGreater(a, b any) (bool, error) {
	c, err := compare(a, b)
	return c > 0, err
}

func isAtLeast(a, b any) (bool, error) {
	c, err := compare(a, b)
	return c >= 0 && err == nil, err
}
