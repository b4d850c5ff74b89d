package jsonscan_test

import (
	"fmt"
	"math"
	"strconv"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/alertwire/alertwire/internal/jsonscan"
)

// Integers of every length are read as strconv reads them, whichever way they
// take.
func TestIntegersOfEveryLength(t *testing.T) {
	numbers := []int64{0, -1, math.MaxInt32, math.MinInt32, math.MaxInt64, math.MinInt64}
	for n := int64(1); n <= math.MaxInt64/10; n *= 10 {
		numbers = append(numbers, n, n-1, 1-n, 9*n)
	}
	for _, n := range numbers {
		text := fmt.Sprintf(`{"int64":%d,"ints":[%[1]d]}`, n)
		i := decode(t, text)
		assert.Equal(t, n, i.Int64)
		assert.Equal(t, []int64{n}, i.Ints)
		assert.Equal(t, text, encode(t, i))
	}
	for _, text := range []string{"1.0", "1e2", "123456789.0", "123456789012345678.0", "12345678901234567E1", "01", "-", "9223372036854775808", "-9223372036854775809"} {
		_, err := strconv.ParseInt(text, 10, 64)
		if text != "01" {
			require.Error(t, err, text)
		}
		var i item
		assert.Error(t, jsonscan.Decode([]byte(`{"int64":`+text+`}`), &i, (*item).fields), text)
	}
}

// A member is known by its name alone, whatever it follows and however close it
// is to the one that is usual there.
func TestNamesCloseToTheUsualOne(t *testing.T) {
	for text, want := range map[string]string{
		`{"text":"a","bool":true}`:                    "a",
		`{"te\u0078t":"a","bool":true}`:               "a",
		`{"tex":"a","bool":true}`:                     "",
		`{"text2":"a","bool":true}`:                   "",
		`{"text\"":"a","bool":true}`:                  "",
		`{"text\\":"a","bool":true}`:                  "",
		`{"":"a","bool":true}`:                        "",
		`{"bool":true,"bool":true,"text":"a"}`:        "a",
		`{"notify_version":1,"text" : "a", "x":true}`: "a",
	} {
		i := decode(t, text)
		assert.Equal(t, want, i.Text, text)
		assert.Equal(t, text, encode(t, i))
	}
	for _, text := range []string{`{"text`, `{"text"`, `{"text":`, `{"text"x`, `{text":1}`} {
		assert.Error(t, jsonscan.Decode([]byte(text), new(item), (*item).fields), text)
	}
}
