package ratelimitredis

import (
	"context"
	"errors"

	"github.com/redis/go-redis/v9"
)

// The scripts decide by the generic cell rate algorithm. The value of a key is
// when its bucket will be full again, in microseconds since 1970. For each key
// there are three numbers: how long it takes to refill one event, to refill all,
// and to refill the cost. The answer is, for each key, in how many microseconds
// the bucket will be full again: debt if it admits, and -1-debt if it refuses.
//
// A value further ahead than the bucket can owe is cut: the clock of the server
// was set back, another server has taken over, or the rate was changed. So none
// of these costs a client more than one emptied bucket.
//
// Numbers are formatted here, because the server would do it with 17 digits,
// which takes longer than all the rest.
const (
	prologue = `
local call, format = redis.call, string.format
local time = call('TIME')
local now = time[1] * 1000000 + time[2]
local function save(key, debt)
	call('PSETEX', key, format('%d', debt / 1000 + 1), format('%d', now + debt))
end
`
	// one decides on one bucket.
	one = prologue + `
local key, step, span, cost = KEYS[1], ARGV[1] + 0, ARGV[2] + 0, ARGV[3] + 0
local debt = (tonumber(call('GET', key)) or 0) - now
if not (debt > 0) then
	debt = 0
elseif debt > span and span > 0 then
	debt = span
	save(key, debt)
end
if debt + (cost > 0 and cost or step) > span then
	return {-1 - debt}
elseif cost > 0 then
	debt = debt + cost
	save(key, debt)
end
return {debt}
`
	// many decides on several groups of buckets one after the other, on each
	// group all or none. The numbers of a group follow that of its keys.
	many = prologue + `
local values, debts, changed, said = call('MGET', unpack(KEYS)), {}, {}, {}
for i, key in ipairs(KEYS) do
	local debt = (tonumber(values[i]) or 0) - now
	debts[key] = debt > 0 and debt or 0
end
local k, a = 0, 1
while ARGV[a] do
	local n, all = ARGV[a] + 0, true
	for i = 1, n do
		local key, at = KEYS[k+i], a + 3*i - 2
		local step, span, cost = ARGV[at] + 0, ARGV[at+1] + 0, ARGV[at+2] + 0
		local debt = debts[key]
		if debt > span and span > 0 then
			debt = span
			debts[key], changed[key] = debt, true
		end
		if debt + (cost > 0 and cost or step) > span then
			debt = -1 - debt
			all = false
		end
		said[k+i] = debt
	end
	if all then
		for i = 1, n do
			local key, cost = KEYS[k+i], ARGV[a+3*i] + 0
			if cost > 0 then
				said[k+i] = said[k+i] + cost
				debts[key], changed[key] = said[k+i], true
			end
		end
	end
	k, a = k + n, a + 3*n + 1
end
for key in pairs(changed) do
	save(key, debts[key])
end
return said
`
)

// A script is a text and its name in the server's cache.
type script struct{ text, sha string }

var (
	takeOne  = script{one, redis.NewScript(one).Hash()}
	takeMany = script{many, redis.NewScript(many).Hash()}
)

// A group is what is decided together: keys, and three numbers for each.
type group struct{ keys, numbers []any }

// decide asks the server to decide on several groups.
func decide(ctx context.Context, c redis.UniversalClient, groups []group) ([]int64, error) {
	if len(groups) == 1 && len(groups[0].keys) == 1 {
		g := groups[0]
		return takeOne.run(ctx, c, g.keys, g.numbers)
	}
	var keys, numbers []any
	for _, g := range groups {
		keys = append(keys, g.keys...)
		numbers = append(append(numbers, len(g.keys)), g.numbers...)
	}
	return takeMany.run(ctx, c, keys, numbers)
}

// run runs the script. Its text is sent only if the server lacks it. The type of
// the command saves the making of an any for each number of the answer.
func (s script) run(ctx context.Context, c redis.UniversalClient, keys, numbers []any) ([]int64, error) {
	args := make([]any, 0, 3+len(keys)+len(numbers))
	args = append(args, "evalsha", s.sha, len(keys))
	args = append(append(args, keys...), numbers...)
	cmd := redis.NewIntSliceCmd(ctx, args...)
	_ = c.Process(ctx, cmd) // the error is the command's too
	if redis.HasErrorPrefix(cmd.Err(), "NOSCRIPT") {
		args[0], args[1] = "eval", s.text
		cmd = redis.NewIntSliceCmd(ctx, args...)
		_ = c.Process(ctx, cmd)
	}
	said, err := cmd.Result()
	if err == nil && len(said) != len(keys) {
		err = errors.New("unexpected answer")
	}
	return said, err
}
