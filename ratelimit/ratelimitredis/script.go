package ratelimitredis

import (
	"context"

	"github.com/redis/go-redis/v9"
)

// The scripts decide by the generic cell rate algorithm. The value of a key is
// when its bucket will be full again, in microseconds since 1970. The arguments
// are, for each key, how long it takes to refill one event, to refill all, and to
// refill the cost. The answer is, for each key, in how many microseconds the
// bucket will be full again: debt if it admits, and -1-debt if it refuses.
//
// A value further ahead than the bucket can owe is cut: the clock of the server
// was set back, another server has taken over, or the rate was changed. So none
// of these costs a client more than one emptied bucket.
//
// Numbers are formatted here, because the server would do it with 17 digits,
// which takes longer than all the rest.
const (
	// prologue finds out the time, and the debt of a bucket.
	prologue = `
local call, format = redis.call, string.format
local time = call('TIME')
local now = time[1] * 1000000 + time[2]
local function save(key, debt)
	call('PSETEX', key, format('%d', debt / 1000 + 1), format('%d', now + debt))
	return debt
end
local function load(key, span)
	local debt = (tonumber(call('GET', key)) or 0) - now
	if not (debt > 0) then
		return 0
	elseif debt > span and span > 0 then
		return save(key, span)
	end
	return debt
end
`
	// one decides on one bucket.
	one = prologue + `
local step, span, cost = ARGV[1] + 0, ARGV[2] + 0, ARGV[3] + 0
local debt = load(KEYS[1], span)
if debt + (cost > 0 and cost or step) > span then
	return {-1 - debt}
elseif cost > 0 then
	debt = save(KEYS[1], debt + cost)
end
return {debt}
`
	// several decides on several buckets, all or none.
	several = prologue + `
local said, all = {}, true
for i = 1, #KEYS do
	local step, span, cost = ARGV[3*i-2] + 0, ARGV[3*i-1] + 0, ARGV[3*i] + 0
	local debt = load(KEYS[i], span)
	if debt + (cost > 0 and cost or step) > span then
		debt = -1 - debt
		all = false
	end
	said[i] = debt
end
if all then
	for i = 1, #KEYS do
		local cost = ARGV[3*i] + 0
		if cost > 0 then
			said[i] = save(KEYS[i], said[i] + cost)
		end
	end
end
return said
`
)

// A script is a text and its name in the server's cache.
type script struct{ text, sha string }

var (
	takeOne     = script{one, redis.NewScript(one).Hash()}
	takeSeveral = script{several, redis.NewScript(several).Hash()}
)

// run runs the script. The arguments of the command begin with two places for
// its name and what names the script. The type of the command saves the making of
// an any for each number, and the text is sent only if the server lacks it.
func (s script) run(ctx context.Context, c redis.UniversalClient, args []any) ([]int64, error) {
	args[0], args[1] = "evalsha", s.sha
	cmd := redis.NewIntSliceCmd(ctx, args...)
	_ = c.Process(ctx, cmd) // the error is the command's too
	if redis.HasErrorPrefix(cmd.Err(), "NOSCRIPT") {
		args[0], args[1] = "eval", s.text
		cmd = redis.NewIntSliceCmd(ctx, args...)
		_ = c.Process(ctx, cmd)
	}
	return cmd.Result()
}
